/** Forms against the local Slack: real Bolt, real Block Kit validation, the real catalogue. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import {
  type ArgumentKind,
  type Catalogue,
  describeArguments,
  loadCatalogue,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import {
  type FieldInput,
  type Sandbox,
  type SandboxManifest,
  type SandboxView,
  startSandbox,
} from '../../src/sandbox/index.js'
import type { SlackSurface } from '../../src/slack/index.js'
import { anImage, aSnapshot, aVm } from '../fakes/fleet.js'
import { aSurface } from './bot-over-fakes.js'
import {
  aHouse,
  aJob,
  aLog,
  aPlan,
  aReport,
  FakeBook,
  FakeIntakeLog,
  FakeJobs,
  FakeRequests,
} from './fakes.js'
import { textOf } from './slack-stub.js'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const manifest: SandboxManifest = parse(readFileSync(path('../../manifest.yml'), 'utf8'))
const catalogue: Catalogue = await loadCatalogue(path('../../commands'))

let sandbox: Sandbox
let jobs: FakeJobs
let requests: FakeRequests
let surface: SlackSurface

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, manifest })
  jobs = new FakeJobs()
  requests = new FakeRequests()
  surface = aSurface({
    sandbox,
    requests,
    jobs,
    ...aHouse({
      catalogue,
      hosts: [
        {
          name: 'kvm1',
          vms: [
            aVm({ name: 'web1', snapshots: [aSnapshot({ name: 'before-upgrade' })] }),
            aVm({ name: 'db1' }),
          ],
          images: [anImage({ name: 'rocky' }), anImage({ name: 'debian' })],
        },
        { name: 'kvm2', vms: [aVm({ name: 'mail' })], images: [anImage({ name: 'rocky' })] },
      ],
    }),
    approvalsChannel: 'C0APPROVE',
    dataDirectory: '/nonexistent',
    log: aLog(),
    cardBook: new FakeBook(),
    intakeLog: new FakeIntakeLog(),
  })
  await surface.start()
})
afterAll(async () => {
  await surface.stop()
  await sandbox.stop()
})
beforeEach(() => {
  const problems = sandbox.control.traffic().filter(({ outcome }) => outcome.startsWith('invalid'))
  expect(problems).toEqual([])
  sandbox.control.reset()
  requests.seen.length = 0
  requests.answer = () => ({ kind: 'report', report: aReport() })
  requests.preview = async () => ({ plan: aPlan(), approval: undefined })
})

/** An admin: may ask for every command. */
const user = 'U0OLU'
const channel = 'C0VMS'
const type = (text: string) => sandbox.control.command({ user, channel, text: `/qnav ${text}` })
const isForm = ({ callbackId }: SandboxView) => callbackId === 'form'
const form = () => sandbox.control.waitForModal(user, isForm)
const asked = () => vi.waitFor(() => requests.seen[0] ?? expect.fail('nothing was asked'))
const field = (view: SandboxView, name: string) =>
  view.blocks.find(({ block_id }) => String(block_id).split(':')[1] === name) ?? {}
const blockId = (view: SandboxView, name: string) => String(field(view, name).block_id)
const choose = async (name: string, value: string) => {
  const view = await form()
  const place = { user, viewId: view.id, actionId: 'field', blockId: blockId(view, name) }
  await sandbox.control.suggest({ ...place, query: value })
  await sandbox.control.choose({ ...place, value })
}

/** Submits the form, and agrees to the plan that a change shows. */
const submit = async (values: FieldInput = {}) => {
  const { id: viewId, submit: button } = await form()
  const outcome = await sandbox.control.submit({ user, viewId, values })
  if (button !== 'Plan it' || Object.keys(outcome.errors).length > 0) return outcome
  const plan = await sandbox.control.waitForModal(user, ({ callbackId }) => callbackId === 'plan')
  expect(plan.id).toBe(viewId)
  expect(requests.seen).toEqual([])
  return sandbox.control.submit({ user, viewId })
}

const examples = catalogue
  .entries()
  .filter(({ command }) => Object.keys(command.args.shape).length > 0)
  .flatMap(({ path, command }) => command.examples.map((example) => [example, path] as const))

describe('every command by form', () => {
  it.each(examples)('asks for the same as typed: %s', async (example, path) => {
    await type(example)
    const typed = await asked()
    requests.seen.length = 0
    await type(`${example} --form`)
    const view = await form()
    expect(view.title.length).toBeLessThanOrEqual(24)
    expect(await submit()).toMatchObject({ sent: true, errors: {} })
    const filledIn = await asked()
    const [one, other] = [typed, filledIn].map(({ text }) => catalogue.parse(text))
    expect(other?.path).toBe(path)
    expect(withoutMe(other?.args)).toEqual(withoutMe(one?.args))
    expect(filledIn).toMatchObject({ person: typed.person, origin: typed.origin })
    expect(filledIn.idempotencyKey).toMatch(/^slack:form:/)
    expect(sandbox.control.modals(user)).toEqual([])
  })

  /** "me" is who asks; a form names people by who they are. */
  const withoutMe = (args: object | undefined) =>
    Object.fromEntries(Object.entries(args ?? {}).filter(([, value]) => value !== 'me'))
})

/** What nobody may type into a field of that kind. */
const bad: Partial<Record<ArgumentKind, string>> = {
  text: 'a\u0007b',
  number: '99999999999999',
  memory: 'much',
  disk: '1.5T of it',
  duration: 'soon',
  'time-ago': 'soon',
  lease: 'soon',
  'quiet-hours': 'at night',
  'new-vm': 'Bad_Name',
  'new-snapshot': 'a/b',
  'ssh-key': '-----BEGIN OPENSSH PRIVATE KEY-----',
}
const fields = catalogue.entries().flatMap(({ path, command }) =>
  describeArguments(command).flatMap(({ name, kind, isTypedOnly }) => {
    const value = bad[kind]
    return isTypedOnly || value === undefined ? [] : [[path, name, command.examples[0], value] as const]
  }),
)

describe('every field that is typed into', () => {
  it.each(fields)(
    'says what is wrong with what is in it, and nothing is asked: %s, %s',
    async (_, name, example, value) => {
      await type(`${example} --form`)
      const view = await form()
      const outcome = await sandbox.control.submit({
        user,
        viewId: view.id,
        values: { [blockId(view, name)]: value },
      })
      expect(Object.keys(outcome.errors)).toEqual([blockId(view, name)])
      expect(outcome.errors[blockId(view, name)]).toMatch(/\w{3,}/)
      // What may be a private key is not repeated.
      if (value.startsWith('-----')) expect(JSON.stringify(outcome)).not.toContain('BEGIN')
      expect(requests.seen).toEqual([])
      sandbox.control.close({ user, viewId: view.id })
    },
  )

  it('and must be filled in says so', async () => {
    const required = catalogue.entries().flatMap(({ path, command }) => {
      const names = describeArguments(command).filter(({ isRequired }) => isRequired)
      return names.length === 0 ? [] : [{ path, names: names.map(({ name }) => name) }]
    })
    for (const { path, names } of required) {
      sandbox.control.reset()
      await type(path)
      const view = await form()
      const outcome = await sandbox.control.submit({ user, viewId: view.id, values: {} })
      expect(Object.keys(outcome.errors).sort(), path).toEqual(
        expect.arrayContaining(names.map((name) => blockId(view, name)).sort()),
      )
      expect(requests.seen, path).toEqual([])
    }
  })
})

describe('a form', () => {
  it('opens at once when a command lacks what it needs, keeps what was typed, and has the defaults', async () => {
    await type('vm create web9 --memory 8G')
    const view = await form()
    expect(sandbox.control.calls('views.open')[0]?.request).toMatchObject({
      view: expect.objectContaining({ blocks: [expect.anything()] }),
    })
    expect(view).toMatchObject({ title: 'VM create', submit: 'Plan it' })
    expect(field(view, 'name')).toMatchObject({ optional: false, element: { initial_value: 'web9' } })
    expect(field(view, 'memory')).toMatchObject({ element: { initial_value: '8G' } })
    expect(field(view, 'cpus')).toMatchObject({
      element: { type: 'number_input', initial_value: '2', min_value: '1', max_value: '64' },
    })
    expect(field(view, 'start')).toMatchObject({
      element: { type: 'checkboxes', initial_options: [{ value: 'yes' }] },
    })
    const order = view.blocks.map(({ block_id }) => String(block_id))
    expect(order.indexOf(blockId(view, 'host'))).toBeLessThan(order.indexOf(blockId(view, 'image')))
    expect(requests.seen).toEqual([])
  })

  it('is filled in by choosing, and becomes one line', async () => {
    await type('vm create')
    await choose('host', 'kvm1')
    await choose('image', 'rocky')
    await choose('network', 'default')
    await submit({ Name: 'web9', Memory: '4G', Disk: '20G, 30G', CPUs: 4, 'arg:start': [] })
    expect((await asked()).text).toBe(
      'vm create web9 --image rocky --cpus 4 --memory 4G --disk 20G,30G --network default --host kvm1 --no-start',
    )
    await sandbox.control.waitForMessage(channel)
  })

  it('says at each field what is wrong with it, and nothing is asked', async () => {
    await type('vm create')
    await form()
    const outcome = await sandbox.control.submit({
      user,
      values: { 'arg:name': 'Bad_Name', 'arg:memory': 'much' },
    })
    expect(outcome).toMatchObject({
      sent: true,
      errors: {
        'arg:name': expect.stringContaining('small letters'),
        'arg:memory': expect.stringContaining('4G'),
      },
    })
    const again = await sandbox.control.submit({ user, values: { 'arg:name': 'web9', 'arg:memory': '4G' } })
    expect(again).toMatchObject({ errors: { 'arg:image:0': '"vm create" needs an image or a profile.' } })
    expect(requests.seen).toEqual([])
  })

  it('offers what is on the chosen host, and keeps a choice only if that host has it', async () => {
    await type('vm create web9 --image debian --form')
    const view = await form()
    const offered = async () => {
      const now = await form()
      const { options } = await sandbox.control.suggest({
        user,
        viewId: now.id,
        actionId: 'field',
        blockId: blockId(now, 'image'),
        query: '',
      })
      return options.map(({ value }) => value)
    }
    expect(await offered()).toEqual(['debian', 'rocky'])
    await choose('host', 'kvm2')
    await vi.waitFor(async () => expect(blockId(await form(), 'image')).toBe('arg:image:1'))
    expect(field(await form(), 'image').element).not.toHaveProperty('initial_option')
    expect(await offered()).toEqual(['rocky'])
    await choose('image', 'rocky')
    await choose('host', 'kvm1')
    expect(await offered()).toEqual(['debian', 'rocky'])
    // kvm1 has it too: nothing is taken away.
    await vi.waitFor(async () => expect((await form()).privateMetadata).toContain('kvm1'))
    expect(blockId(await form(), 'image')).toBe('arg:image:1')
    expect((await form()).values['arg:image:1']).toMatchObject({
      field: { selected_option: { value: 'rocky' } },
    })
    expect((await form()).id).toBe(view.id)
  })

  it('offers the snapshots of the chosen VM', async () => {
    await type('snapshot revert')
    await choose('vm', 'web1')
    await choose('name', 'before-upgrade')
    await submit()
    expect((await asked()).text).toBe('snapshot revert web1 before-upgrade')
  })

  it('picks days, a time of day and a time zone', async () => {
    await type('schedule create "vm stop web1"')
    await choose('timeZone', 'Europe/Amsterdam')
    await submit({ Every: ['sat', 'sun'], At: '19:30' })
    expect((await asked()).text).toBe(
      'schedule create "vm stop web1" --every sat,sun --at 19:30 --time-zone Europe/Amsterdam',
    )
  })

  it('that Slack gave up waiting for is one click away, with what was typed', async () => {
    sandbox.control.fault({ kind: 'expired-trigger' })
    await type('vm create web9 --memory 8G')
    const offer = await sandbox.control.waitForEphemeral(user)
    expect(textOf(offer)).toContain('what you typed is kept')
    await sandbox.control.click({ user, channel, ts: offer.ts, text: 'Open the form' })
    const view = await form()
    expect(field(view, 'name')).toMatchObject({ element: { initial_value: 'web9' } })
    expect(field(view, 'memory')).toMatchObject({ element: { initial_value: '8G' } })
  })

  it('asked for in a message is one click away, with what is missing', async () => {
    await sandbox.control.message({ user, channel: 'D0OLU', text: 'vm create web9' })
    const offer = await sandbox.control.waitForMessage('D0OLU', ({ user: who }) => who !== user)
    expect(textOf(offer)).toContain('needs an image or a profile')
    await sandbox.control.click({ user, channel: 'D0OLU', ts: offer.ts, text: 'Open the form' })
    expect(field(await form(), 'name')).toMatchObject({ element: { initial_value: 'web9' } })
  })

  it('whose line is refused can be mended: it opens again with what was in it', async () => {
    requests.answer = () =>
      Promise.reject(new UserError('name-taken', 'There is a VM web9.', { fix: 'Choose another name.' }))
    await type('vm create web9 --image rocky --form')
    await submit()
    const refused = await sandbox.control.waitForEphemeral(user)
    expect(textOf(refused)).toContain('There is a VM web9.')
    await sandbox.control.click({ user, channel, ts: refused.ts, text: 'Change it' })
    expect(field(await form(), 'image')).toMatchObject({ element: { initial_option: { value: 'rocky' } } })
  })

  it('of a change shows its plan before anything is asked for', async () => {
    requests.preview = async () => ({
      plan: aPlan({ warnings: ['kvm2 does not answer.'] }),
      approval: { approvers: 2, expiresMs: 1 },
    })
    await type('vm create web9 --image rocky --form')
    const { id: viewId } = await form()
    await sandbox.control.submit({ user, viewId })
    const plan = await sandbox.control.waitForModal(user, ({ callbackId }) => callbackId === 'plan')
    expect(textOf(plan.blocks)).toMatch(/\+ \*VM\* web1[\s\S]*kvm2 does not answer[\s\S]*2 approvals/)
    expect(plan.submit).toBe('Go ahead')
    await sandbox.control.click({ user, viewId, text: 'Change it' })
    const again = await sandbox.control.waitForModal(user, (view) => isForm(view) && view.id !== viewId)
    expect(field(again, 'name')).toMatchObject({ element: { initial_value: 'web9' } })
    expect(requests.seen).toEqual([])
  })

  it('whose plan cannot work says why, and offers nothing but to change it', async () => {
    requests.preview = async () => ({
      plan: {
        ...aPlan(),
        kind: 'blocked',
        blockers: [{ code: 'name-taken', message: 'There is a VM web9.', fix: 'Choose another name.' }],
      },
      approval: undefined,
    })
    await type('vm create web9 --image rocky --form')
    await sandbox.control.submit({ user, viewId: (await form()).id })
    const plan = await sandbox.control.waitForModal(user, ({ callbackId }) => callbackId === 'plan')
    expect(textOf(plan.blocks)).toContain('There is a VM web9.')
    expect(plan.submit).toBeUndefined()
    requests.preview = () =>
      Promise.reject(new UserError('unknown-vm', 'There is no VM web9.', { fix: 'vm list' }))
    await type('vm start web9 --form')
    await sandbox.control.submit({ user, viewId: (await form()).id })
    await sandbox.control.waitForModal(user, ({ blocks }) => textOf(blocks).includes('There is no VM web9.'))
    expect(requests.seen).toEqual([])
  })

  it('is not opened for somebody who may not ask', async () => {
    await sandbox.control.command({ user: 'U0VIC', channel, text: '/qnav vm create' })
    const view = await sandbox.control.waitForModal('U0VIC', ({ blocks }) =>
      textOf(blocks).includes('Not allowed'),
    )
    expect(view.submit).toBeUndefined()
  })

  it('submitted twice asks once', async () => {
    jobs.set(aJob())
    requests.answer = () => ({ kind: 'job', job: aJob() })
    await type('vm delete web1 --form')
    const { id: viewId } = await form()
    await sandbox.control.submit({ user, viewId })
    await sandbox.control.waitForModal(user, ({ callbackId }) => callbackId === 'plan')
    sandbox.control.fault({ kind: 'duplicate-delivery' })
    await sandbox.control.submit({ user, viewId })
    await asked()
    expect(requests.seen).toHaveLength(1)
  })
})
