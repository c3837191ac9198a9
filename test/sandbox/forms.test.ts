import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultManifest, type FieldInput, type Sandbox, startSandbox } from '../../src/sandbox/index.js'
import { type App, startApp } from './bolt-app.js'

let sandbox: Sandbox
let app: App | undefined

beforeEach(async () => {
  const manifest = defaultManifest()
  manifest.features.slash_commands = [
    { command: '/qnav', description: 'Escapes', should_escape: true },
    { command: '/raw', description: 'Does not', should_escape: false },
  ]
  manifest.features.shortcuts = [
    { type: 'global', name: 'Push', callback_id: 'push', description: 'Pushes a view' },
  ]
  sandbox = await startSandbox({ port: 0, manifest })
})
afterEach(async () => {
  await app?.stop()
  await sandbox.control.waitForConnections(0)
  await sandbox.stop()
})

const plain = (text: string) => ({ type: 'plain_text' as const, text })
const options = ['s', 'm', 'l'].map((value) => ({ text: plain(`Size ${value}`), value }))
const input = (block_id: string, element: object) => ({
  type: 'input' as const,
  block_id,
  label: plain(`The ${block_id}`),
  element,
})
const optional = (block_id: string, element: object) => ({ ...input(block_id, element), optional: true })

const blocks = [
  input('text', { type: 'plain_text_input', action_id: 'v', min_length: 3, max_length: 5 }),
  optional('mail', { type: 'email_text_input', action_id: 'v' }),
  optional('site', { type: 'url_text_input', action_id: 'v' }),
  optional('whole', {
    type: 'number_input',
    action_id: 'v',
    is_decimal_allowed: false,
    min_value: '2',
    max_value: '9',
  }),
  optional('size', { type: 'static_select', action_id: 'v', options }),
  optional('sizes', {
    type: 'multi_static_select',
    action_id: 'v',
    options,
    initial_options: options.slice(0, 1),
  }),
  optional('radio', { type: 'radio_buttons', action_id: 'v', options }),
  optional('checks', { type: 'checkboxes', action_id: 'v', options }),
  optional('day', { type: 'datepicker', action_id: 'v' }),
  optional('moment', { type: 'datetimepicker', action_id: 'v' }),
  optional('who', { type: 'users_select', action_id: 'v' }),
  optional('where', { type: 'multi_channels_select', action_id: 'v' }),
  optional('rich', { type: 'rich_text_input', action_id: 'v' }),
  {
    type: 'actions' as const,
    block_id: 'acts',
    elements: [{ type: 'button' as const, action_id: 'again', text: plain('Again') }],
  },
]
const view = (title: string) => {
  return {
    type: 'modal' as const,
    callback_id: 'form',
    title: plain(title),
    submit: plain('Go'),
    blocks,
  } as Parameters<App['client']['views']['open']>[0]['view']
}

/** Opens the form; `submitted` collects the state of each submission. */
async function openForm(): Promise<{ submitted: Record<string, Record<string, object>>[] }> {
  const submitted: Record<string, Record<string, object>>[] = []
  app = await startApp(sandbox, (bolt) => {
    bolt.command('/qnav', async ({ ack, body, client }) => {
      await ack()
      await client.views.open({ trigger_id: body.trigger_id, view: view('Form') })
    })
    bolt.action('again', async ({ ack, body, client }) => {
      await ack()
      const current = 'view' in body ? body.view : undefined
      await client.views.update({
        view_id: String(current?.id),
        hash: String(current?.hash),
        view: view('Form again'),
      })
    })
    bolt.shortcut('push', async ({ ack, shortcut, client }) => {
      await ack()
      const pushed = await client.views
        .push({ trigger_id: shortcut.trigger_id, view: view('More') })
        .catch((error: Error) => error)
      await client.chat.postMessage({
        channel: 'C0VMS',
        text: pushed instanceof Error ? pushed.message : 'pushed',
      })
    })
    bolt.view('form', async ({ ack, view: sent }) => {
      submitted.push(sent.state.values as unknown as Record<string, Record<string, object>>)
      await ack({ response_action: 'errors', errors: { text: 'once more' } })
    })
  })
  await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: '/qnav form' })
  await sandbox.control.waitForModal('U0ANN')
  return { submitted }
}

const submit = (values: FieldInput) => sandbox.control.submit({ user: 'U0ANN', values })

describe('a form', () => {
  it.each<[FieldInput, Record<string, string>]>([
    [{}, { text: 'Please complete this required field.' }],
    [{ text: 'ab' }, { text: 'Please enter at least 3 characters.' }],
    [{ text: 'abcdef' }, { text: 'Please enter at most 5 characters.' }],
    [{ text: 'abc', mail: 'nobody' }, { mail: 'Please enter a valid email address.' }],
    [{ text: 'abc', site: 'not a url' }, { site: 'Please enter a valid URL.' }],
    [{ text: 'abc', whole: '2.5' }, { whole: 'Please enter a whole number.' }],
    [{ text: 'abc', whole: '1' }, { whole: 'Please enter a number of at least 2.' }],
    [{ text: 'abc', whole: '10' }, { whole: 'Please enter a number of at most 9.' }],
  ])('filled with %j is not sent', async (values, errors) => {
    const { submitted } = await openForm()
    expect(await submit(values)).toEqual({ sent: false, errors })
    expect(submitted).toEqual([])
  })

  it('sends every kind of field as Slack does', async () => {
    const { submitted } = await openForm()
    await submit({
      text: 'abcde',
      mail: 'ann@sandbox.example',
      site: 'https://x.example',
      whole: 9,
      size: 'Size m',
      sizes: ['m', 'l'],
      radio: 's',
      'The checks': ['s', 'm'],
      day: '2026-01-05',
      moment: '1767603600',
      who: 'U0BEN',
      where: ['C0VMS'],
      rich: 'rich',
    })
    const [values = {}] = submitted
    expect(
      Object.fromEntries(Object.entries(values).map(([block, state]) => [block, state.v])),
    ).toMatchObject({
      text: { type: 'plain_text_input', value: 'abcde' },
      whole: { type: 'number_input', value: '9' },
      size: { type: 'static_select', selected_option: options[1] },
      sizes: { type: 'multi_static_select', selected_options: options.slice(1) },
      radio: { type: 'radio_buttons', selected_option: options[0] },
      checks: { type: 'checkboxes', selected_options: options.slice(0, 2) },
      day: { type: 'datepicker', selected_date: '2026-01-05' },
      moment: { type: 'datetimepicker', selected_date_time: 1_767_603_600 },
      who: { type: 'users_select', selected_user: 'U0BEN' },
      where: { type: 'multi_channels_select', selected_channels: ['C0VMS'] },
      rich: { type: 'rich_text_input', rich_text_value: { type: 'rich_text' } },
    })
  })

  it('starts with its initial values, and null for the rest', async () => {
    const { submitted } = await openForm()
    await submit({ text: 'abc' })
    expect(submitted[0]).toMatchObject({
      sizes: { v: { selected_options: [options[0]] } },
      size: { v: { selected_option: null } },
      checks: { v: { selected_options: [] } },
    })
  })

  it('keeps what was typed when the app updates the view', async () => {
    const { submitted } = await openForm()
    const viewId = sandbox.control.modals('U0ANN')[0]?.id ?? ''
    await sandbox.control.click({ user: 'U0ANN', viewId, actionId: 'again', values: { text: 'kept' } })
    await sandbox.control.waitForModal('U0ANN', ({ title }) => title === 'Form again')
    await submit({})
    expect(submitted[0]).toMatchObject({ text: { v: { value: 'kept' } } })
  })

  it('names the options there are when one is chosen that there is not', async () => {
    await openForm()
    await expect(submit({ size: 'xl' })).rejects.toThrow(
      '"xl" is not an option of v; options: Size s (s), Size m (m), Size l (l)',
    )
    await expect(submit({ colour: 'red' })).rejects.toThrow('the form has no field "colour"')
  })

  it('stacks three deep and no deeper', async () => {
    await openForm()
    for (const count of [1, 2, 3]) {
      await sandbox.control.shortcut({ user: 'U0ANN', callbackId: 'push' })
      await sandbox.control.waitFor(`answer ${count}`, () => sandbox.control.messages('C0VMS')[count - 1])
    }
    const answers = sandbox.control.messages('C0VMS').map(({ text }) => text)
    expect(answers).toEqual(['pushed', 'pushed', expect.stringContaining('push_limit_reached')])
    expect(sandbox.control.modals('U0ANN')).toHaveLength(3)
  })

  it('that nobody answered stays open and says so', async () => {
    await openForm()
    sandbox.control.fault({ kind: 'lose-ack' })
    const sent = submit({ text: 'abc' })
    sandbox.control.advanceClock(3000)
    expect(await sent).toMatchObject({ sent: true, delivery: { acknowledged: false } })
    expect(sandbox.control.modals('U0ANN')).toMatchObject([
      { notice: 'qnav did not respond (operation_timeout)' },
    ])
  })
})

describe('the text of a command', () => {
  it.each([
    ['/qnav owner:@ben in #vms a<b', 'owner:<@U0BEN|ben> in <#C0VMS|vms> a&lt;b'],
    ['/raw owner:@ben in #vms a<b', 'owner:@ben in #vms a&lt;b'],
    ['/qnav @vm-approvers @nobody', '<!subteam^S0APPROVERS|@vm-approvers> @nobody'],
    ['/qnav “quoted” — as phones type', '“quoted” — as phones type'],
  ])('%s arrives as %s', async (typed, text) => {
    const texts: string[] = []
    app = await startApp(sandbox, (bolt) => {
      bolt.command(/.*/, async ({ ack, body }) => {
        texts.push(body.text)
        await ack()
      })
    })
    await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: typed })
    expect(texts).toEqual([text])
  })

  it('of an unknown command reaches no app', async () => {
    app = undefined
    const delivery = await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: '/other x' })
    expect(delivery.acknowledged).toBe(false)
    expect(sandbox.control.ephemerals('U0ANN')).toMatchObject([
      { kind: 'notice', text: '`/other` is not a valid command.' },
    ])
  })
})
