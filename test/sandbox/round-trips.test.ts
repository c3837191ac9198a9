import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultManifest, type Sandbox, startSandbox } from '../../src/sandbox/index.js'
import { type App, startApp, startHttpApp } from './bolt-app.js'

const shortcuts = [
  { type: 'global' as const, name: 'Create VM', callback_id: 'create', description: 'Opens the form' },
  { type: 'message' as const, name: 'Make a job', callback_id: 'job_from', description: 'From a message' },
]

let sandbox: Sandbox
let app: App | undefined

beforeEach(async () => {
  const manifest = defaultManifest()
  manifest.features.shortcuts = shortcuts
  sandbox = await startSandbox({ port: 0, manifest })
})
afterEach(async () => {
  await app?.stop()
  app = undefined
  // app.stop() resolves before its socket is closed.
  await sandbox.control.waitForConnections(0)
  await sandbox.stop()
})

const plain = (text: string) => ({ type: 'plain_text' as const, text })
const nameInput = {
  type: 'input' as const,
  block_id: 'name',
  label: plain('Name'),
  element: { type: 'plain_text_input' as const, action_id: 'value', min_length: 2 },
}
const form = {
  type: 'modal' as const,
  callback_id: 'create',
  title: plain('Create VM'),
  submit: plain('Create'),
  private_metadata: 'meta',
  blocks: [
    nameInput,
    {
      type: 'input' as const,
      block_id: 'image',
      label: plain('Image'),
      element: { type: 'external_select' as const, action_id: 'pick_image', min_query_length: 0 },
    },
  ],
}

describe('a slash command', () => {
  it('reaches the app as Slack sends it, is answered by the acknowledgement and by a post', async () => {
    app = await startApp(sandbox, (bolt) => {
      bolt.command('/qnav', async ({ ack, body, client }) => {
        await ack('working on it')
        await client.chat.postMessage({
          channel: body.channel_id,
          text: `${body.user_name} said ${body.text}`,
          metadata: { event_type: 'job', event_payload: { id: 'j1' } },
        })
      })
    })
    const delivery = await sandbox.control.command({
      user: 'U0ANN',
      channel: 'C0VMS',
      text: '/qnav vm show web1 owner:@ben in #vms',
    })
    expect(delivery).toMatchObject({ acknowledged: true, payload: { text: 'working on it' } })
    const post = await sandbox.control.waitForMessage('C0VMS')
    expect(post.text).toBe('ann said vm show web1 owner:<@U0BEN|ben> in <#C0VMS|vms>')
    expect(post.metadata).toEqual({ event_type: 'job', event_payload: { id: 'j1' } })
    expect(sandbox.control.ephemerals('U0ANN')).toMatchObject([
      { text: 'working on it', kind: 'app', channel: 'C0VMS' },
    ])
    expect(sandbox.control.ephemerals('U0BEN')).toEqual([])
  })

  it('can be answered in the channel, and later through its response URL', async () => {
    app = await startApp(sandbox, (bolt) => {
      bolt.command('/qnav', async ({ ack, respond }) => {
        await ack({ response_type: 'in_channel', text: 'for all' })
        await respond('only for you')
      })
    })
    await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: 'help' })
    await sandbox.control.waitForEphemeral('U0ANN', ({ text }) => text === 'only for you')
    expect(sandbox.control.messages('C0VMS')).toMatchObject([{ text: 'for all', botId: 'B0QNAV' }])
  })

  it('that the app does not know ends as a notice after three seconds', async () => {
    app = await startApp(sandbox, () => {})
    const answer = sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: '/qnav vm list' })
    await sandbox.control.waitFor('the envelope', () =>
      sandbox.control.traffic().find(({ name }) => name === '/qnav'),
    )
    sandbox.control.advanceClock(2000)
    await app.client.auth.test()
    expect(sandbox.control.ephemerals('U0ANN')).toEqual([])
    sandbox.control.advanceClock(1000)
    expect(await answer).toEqual({ acknowledged: false, reason: 'operation_timeout' })
    expect(sandbox.control.ephemerals('U0ANN')).toMatchObject([
      { kind: 'notice', text: 'qnav did not respond (operation_timeout)' },
    ])
  })

  it('without any connection fails at once', async () => {
    const delivery = await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: '/qnav vm list' })
    expect(delivery).toEqual({ acknowledged: false, reason: 'dispatch_failed' })
  })
})

describe('a modal', () => {
  it('opens, offers options, keeps bad input, shows the errors of the app, and closes when all is well', async () => {
    const seen: unknown[] = []
    app = await startApp(sandbox, (bolt) => {
      bolt.command('/qnav', async ({ ack, body, client }) => {
        await ack()
        await client.views.open({ trigger_id: body.trigger_id, view: form })
      })
      bolt.options('pick_image', async ({ ack, payload }) => {
        const value = payload.value
        await ack({ options: [{ text: plain(`image ${value}`), value: `img-${value}` }] })
      })
      bolt.view('create', async ({ ack, view }) => {
        seen.push(view.state.values, view.private_metadata)
        const name = view.state.values.name?.value?.value
        await (name === 'taken'
          ? ack({ response_action: 'errors', errors: { name: 'already there' } })
          : ack())
      })
    })
    await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: 'vm create' })
    const view = await sandbox.control.waitForModal('U0ANN')

    expect(await sandbox.control.submit({ user: 'U0ANN' })).toEqual({
      sent: false,
      errors: { name: 'Please complete this required field.', image: 'Please complete this required field.' },
    })
    const offer = await sandbox.control.suggest({
      user: 'U0ANN',
      viewId: view.id,
      actionId: 'pick_image',
      query: 'roc',
    })
    expect(offer.options).toMatchObject([{ value: 'img-roc' }])

    const refused = await sandbox.control.submit({
      user: 'U0ANN',
      values: { Name: 'taken', image: 'img-roc' },
    })
    expect(refused.errors).toEqual({ name: 'already there' })
    expect(sandbox.control.modals('U0ANN')[0]?.errors).toEqual({ name: 'already there' })

    const done = await sandbox.control.submit({ user: 'U0ANN', values: { Name: 'web1' } })
    expect(done).toMatchObject({ sent: true, errors: {} })
    expect(sandbox.control.modals('U0ANN')).toEqual([])
    expect(seen.at(-2)).toMatchObject({
      name: { value: { type: 'plain_text_input', value: 'web1' } },
      image: { pick_image: { type: 'external_select', selected_option: { value: 'img-roc' } } },
    })
    expect(seen.at(-1)).toBe('meta')
  })

  it('can be updated, pushed upon and cleared by its answer; the fourth of a stack is refused', async () => {
    const step = (name: string) => ({
      type: 'modal' as const,
      callback_id: name,
      title: plain(name),
      submit: plain('Next'),
      blocks: [],
    })
    app = await startApp(sandbox, (bolt) => {
      bolt.command('/qnav', async ({ ack, body, client }) => {
        await ack()
        await client.views.open({ trigger_id: body.trigger_id, view: step('one') })
      })
      bolt.view('one', async ({ ack }) => ack({ response_action: 'push', view: step('two') }))
      bolt.view('two', async ({ ack, body, client }) => {
        const triggerId = 'trigger_id' in body ? String(body.trigger_id) : ''
        const pushed = await client.views.push({ trigger_id: triggerId, view: step('three') })
        await ack({ response_action: 'update', view: step('two again') })
        const again = await client.views
          .push({ trigger_id: triggerId, view: step('four') })
          .catch((e: unknown) => e)
        await client.chat.postMessage({ channel: 'C0VMS', text: `${pushed.ok} ${String(again)}` })
      })
      bolt.view('three', async ({ ack }) => ack({ response_action: 'clear' }))
    })
    await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: 'x' })
    await sandbox.control.waitForModal('U0ANN')
    await sandbox.control.submit({ user: 'U0ANN' })
    expect(sandbox.control.modals('U0ANN').map(({ title }) => title)).toEqual(['one', 'two'])
    await sandbox.control.submit({ user: 'U0ANN' })
    const titles = () => sandbox.control.modals('U0ANN').map(({ title }) => title)
    expect(titles()).toEqual(['one', 'two again', 'three'])
    const report = await sandbox.control.waitForMessage('C0VMS')
    expect(report.text).toContain('exchanged_trigger_id')
    await sandbox.control.submit({ user: 'U0ANN' })
    expect(titles()).toEqual([])
  })

  it('tells the app that it was closed when it asked to be told', async () => {
    const closed: unknown[] = []
    app = await startApp(sandbox, (bolt) => {
      bolt.command('/qnav', async ({ ack, body, client }) => {
        await ack()
        await client.views.open({ trigger_id: body.trigger_id, view: { ...form, notify_on_close: true } })
      })
      bolt.view({ callback_id: 'create', type: 'view_closed' }, async ({ ack, body }) => {
        closed.push('is_cleared' in body && body.is_cleared)
        await ack()
      })
    })
    await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: 'x' })
    await sandbox.control.waitForModal('U0ANN')
    await sandbox.control.close({ user: 'U0ANN' })
    expect(closed).toEqual([false])
  })
})

describe('buttons and menus in messages', () => {
  const blocks = [
    { type: 'section' as const, text: { type: 'mrkdwn' as const, text: 'Create *web1*?' } },
    {
      type: 'actions' as const,
      block_id: 'decide',
      elements: [
        {
          type: 'button' as const,
          action_id: 'approve',
          text: plain('Approve & deploy'),
          value: 'job-1',
          style: 'primary' as const,
        },
        {
          type: 'static_select' as const,
          action_id: 'size',
          options: [
            { text: plain('Small'), value: 's' },
            { text: plain('Large'), value: 'l' },
          ],
        },
      ],
    },
  ]

  it('carry who pressed, what and where; the answer can replace the message, add one, and delete it', async () => {
    app = await startApp(sandbox, (bolt) => {
      bolt.action('approve', async ({ ack, body, respond, action }) => {
        await ack()
        const value = 'value' in action ? action.value : ''
        await respond({ replace_original: true, text: `approved ${value} by ${body.user.id}` })
        await respond({ text: 'thank you' })
        await respond({ response_type: 'in_channel', replace_original: false, text: 'done' })
        await respond({ delete_original: true })
      })
    })
    await app.client.chat.postMessage({ channel: 'C0APPROVE', text: 'card', blocks })
    const { ts } = await sandbox.control.waitForMessage('C0APPROVE')
    const delivery = await sandbox.control.click({
      user: 'U0BEN',
      channel: 'C0APPROVE',
      ts,
      text: 'Approve & deploy',
    })
    expect(delivery.acknowledged).toBe(true)
    await sandbox.control.waitForEphemeral('U0BEN', ({ text }) => text === 'thank you')
    await sandbox.control.waitFor(
      'deletion',
      () => sandbox.control.messages('C0APPROVE').every((each) => each.ts !== ts) || undefined,
    )
    expect(sandbox.control.messages('C0APPROVE').map(({ text }) => text)).toEqual(['done'])
    const answers = sandbox.control.traffic().filter(({ kind }) => kind === 'response-url')
    expect(answers.map(({ request }) => (request as { text?: string }).text)).toContain(
      'approved job-1 by U0BEN',
    )
  })

  it('report a choice at once', async () => {
    let chosen: unknown
    app = await startApp(sandbox, (bolt) => {
      bolt.action('size', async ({ ack, action }) => {
        chosen = action
        await ack()
      })
    })
    await app.client.chat.postMessage({ channel: 'C0VMS', text: 'card', blocks })
    const { ts } = await sandbox.control.waitForMessage('C0VMS')
    await sandbox.control.choose({ user: 'U0ANN', channel: 'C0VMS', ts, actionId: 'size', value: 'Large' })
    expect(chosen).toMatchObject({
      type: 'static_select',
      block_id: 'decide',
      selected_option: { value: 'l' },
    })
  })

  it('name what there is when a button is looked for that does not exist', async () => {
    app = await startApp(sandbox, () => {})
    await app.client.chat.postMessage({ channel: 'C0VMS', text: 'card', blocks })
    const { ts } = await sandbox.control.waitForMessage('C0VMS')
    await expect(
      sandbox.control.click({ user: 'U0ANN', channel: 'C0VMS', ts, text: 'Deny' }),
    ).rejects.toThrow('no element has the text "Deny"; there are: approve (button "Approve & deploy")')
  })
})

describe('events and shortcuts', () => {
  it('publish the Home tab when it is opened', async () => {
    app = await startApp(sandbox, (bolt) => {
      bolt.event('app_home_opened', async ({ event, client }) => {
        await client.views.publish({
          user_id: event.user,
          view: { type: 'home', blocks: [{ type: 'header', text: plain('My VMs') }] },
        })
      })
    })
    await sandbox.control.home({ user: 'U0OLU' })
    const home = await sandbox.control.waitForHome('U0OLU')
    expect(home.blocks).toMatchObject([{ type: 'header' }])
    expect(sandbox.control.homeOf('U0ANN')).toBeUndefined()
  })

  it('bring mentions and direct messages', async () => {
    const heard: string[] = []
    app = await startApp(sandbox, (bolt) => {
      bolt.event('app_mention', async ({ event }) => void heard.push(`mention ${event.text}`))
      bolt.message(async ({ message }) => {
        heard.push(`message ${'text' in message ? message.text : ''}`)
      })
    })
    await sandbox.control.message({ user: 'U0ANN', channel: 'C0VMS', text: 'hello @qnav & all' })
    await sandbox.control.message({ user: 'U0ANN', channel: 'C0VMS', text: 'nothing for the bot' })
    await sandbox.control.message({ user: 'U0ANN', channel: 'D0ANN', text: 'vm list' })
    await sandbox.control.message({ user: 'U0ANN', channel: 'C0RANDOM', text: '@qnav is not here' })
    await sandbox.control
      .waitFor('both', () => (heard.length >= 2 ? heard : undefined), 2000)
      .catch(() => undefined)
    expect(heard.toSorted()).toEqual(['mention hello <@U0QNAV> &amp; all', 'message vm list'])
  })

  it('run global and message shortcuts', async () => {
    app = await startApp(sandbox, (bolt) => {
      bolt.shortcut('create', async ({ ack, shortcut, client }) => {
        await ack()
        await client.views.open({ trigger_id: shortcut.trigger_id, view: form })
      })
      bolt.shortcut('job_from', async ({ ack, shortcut, client }) => {
        await ack()
        const text = 'message' in shortcut ? `from: ${shortcut.message.text}` : ''
        await client.chat.postMessage({ channel: 'C0VMS', text })
      })
    })
    await sandbox.control.shortcut({ user: 'U0ANN', callbackId: 'create' })
    await sandbox.control.waitForModal('U0ANN', ({ title }) => title === 'Create VM')
    const { ts } = await sandbox.control.message({ user: 'U0ANN', channel: 'C0VMS', text: 'need a VM' })
    await sandbox.control.shortcut({ user: 'U0ANN', callbackId: 'job_from', channel: 'C0VMS', ts })
    await sandbox.control.waitForMessage('C0VMS', ({ text }) => text === 'from: need a VM')
  })
})

describe('signed HTTP delivery', () => {
  it('carries commands, clicks, submissions and events to a Bolt app that checks signatures', async () => {
    app = await startHttpApp(sandbox, (bolt) => {
      bolt.command('/qnav', async ({ ack, body, client }) => {
        await ack('over HTTP')
        await client.views.open({ trigger_id: body.trigger_id, view: { ...form, blocks: [nameInput] } })
      })
      bolt.view('create', async ({ ack }) => ack({ response_action: 'errors', errors: { name: 'no' } }))
      bolt.event('app_mention', async ({ client, event }) => {
        await client.chat.postMessage({ channel: event.channel, text: 'you called?' })
      })
    })
    await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: 'x' })
    await sandbox.control.waitForEphemeral('U0ANN', ({ text }) => text === 'over HTTP')
    await sandbox.control.waitForModal('U0ANN')
    expect((await sandbox.control.submit({ user: 'U0ANN', values: { name: 'web1' } })).errors).toEqual({
      name: 'no',
    })
    await sandbox.control.message({ user: 'U0ANN', channel: 'C0VMS', text: '@qnav hello' })
    await sandbox.control.waitForMessage('C0VMS', ({ text }) => text === 'you called?')
  })

  it('ends in a notice when the app does not answer in three seconds, or answers with an error', async () => {
    app = await startHttpApp(sandbox, (bolt) => {
      bolt.command('/qnav', async ({ ack }) => ack('fine'))
    })
    sandbox.control.fault({ kind: 'lose-ack' })
    const lost = sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: 'x' })
    sandbox.control.advanceClock(3000)
    expect(await lost).toEqual({ acknowledged: false, reason: 'operation_timeout' })
    expect((await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: 'x' })).acknowledged).toBe(
      true,
    )
    sandbox.control.setRequestUrl('http://127.0.0.1:9/nobody-listens')
    const refused = await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: 'x' })
    expect(refused).toEqual({ acknowledged: false, reason: 'dispatch_failed' })
  })
})
