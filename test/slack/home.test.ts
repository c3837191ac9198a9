/** The Home tab and shortcuts against the local Slack. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { loadCatalogue } from '../../src/command/index.js'
import { type Clock, systemClock } from '../../src/jobs/index.js'
import { type Sandbox, type SandboxManifest, startSandbox } from '../../src/sandbox/index.js'
import type { SlackSurface } from '../../src/slack/index.js'
import { vmsNamedIn } from '../../src/slack/shortcuts.js'
import { aVm, type FakeHostOptions, type FakeVm } from '../fakes/fleet.js'
import { aSurface } from './bot-over-fakes.js'
import { aHouse, aJob, aPlan, aReport, FakeJobs, FakeRequests, waitingJob } from './fakes.js'
import { textOf } from './slack-stub.js'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const manifest: SandboxManifest = parse(readFileSync(path('../../manifest.yml'), 'utf8'))
const catalogue = await loadCatalogue(path('../../commands'))

/** Waits a tenth as long. */
const clock: Clock = { ...systemClock, after: (ms, wake) => systemClock.after(ms / 10, wake) }
const annsVm = (name: string, more: Partial<FakeVm> = {}) =>
  aVm({ name, ownership: { owner: 'U0ANN', requester: 'U0ANN', job: 'j-1' }, ...more })

let sandbox: Sandbox
let jobs: FakeJobs
let requests: FakeRequests
let surface: SlackSurface
let tell: () => void

async function start(hosts: FakeHostOptions[] = [{ name: 'kvm1' }]): Promise<void> {
  const house = aHouse({ catalogue, hosts })
  const listeners = new Set<() => void>()
  tell = () => {
    for (const listener of listeners) listener()
  }
  for (const agent of house.fleet.agents) {
    agent.onChange = (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
  surface = aSurface({
    sandbox,
    requests,
    jobs,
    ...house,
    clock,
  })
  await surface.start()
}

beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, manifest })
  jobs = new FakeJobs()
  requests = new FakeRequests()
})
afterEach(async () => {
  const refused = sandbox.control.traffic().filter(({ outcome }) => outcome.startsWith('invalid'))
  expect(refused).toEqual([])
  await surface.stop()
  await sandbox.stop()
})

const user = 'U0ANN'
const published = () => sandbox.control.calls('views.publish')
async function home(of = user) {
  await sandbox.control.home({ user: of })
  return sandbox.control.waitForHome(of)
}

describe('the Home tab', () => {
  it('shows how much time my VMs have left', async () => {
    const lease = (ms: number) => ({
      from: '2026-01-01T00:00:00Z',
      until: new Date(Date.now() + ms).toISOString(),
    })
    const owned = (ms: number) => ({ owner: 'U0ANN', requester: 'U0ANN', lease: lease(ms), job: 'j-1' })
    await start([
      {
        name: 'kvm1',
        vms: [
          annsVm('web1', { state: 'running', ownership: owned(50.5 * 3_600_000) }),
          annsVm('web2', { ownership: owned(-1) }),
        ],
      },
    ])
    const text = textOf((await home()).blocks)
    expect(text).toContain('*web1*\nrunning · kvm1 · 2d2h left')
    expect(text).toContain('*web2*\nshut off · kvm1 · lease ended')
  })

  it('shows whose it is: my VMs with address, my jobs, and for operators the hosts', async () => {
    jobs.set(aJob({ state: 'running', title: 'vm start web1' }))
    jobs.set(aJob({ id: 'j-other', requester: { id: 'U0OLU' }, title: 'vm stop db1' }))
    await start([
      {
        name: 'kvm1',
        vms: [annsVm('web1', { state: 'running', addresses: ['192.168.122.7'] }), aVm({ name: 'db1' })],
      },
      { name: 'kvm2', unreachable: true },
    ])
    const text = textOf((await home()).blocks)
    expect(text).toContain('My VMs (1)')
    expect(text).toContain('*web1*\nrunning · kvm1 · 192.168.122.7')
    expect(text).not.toContain(' left')
    expect(text).not.toContain('*db1*')
    expect(text).toContain('vm start web1: running')
    expect(text).toMatch(/Hosts \(2\)[\s\S]*❌ \*kvm2\*[\s\S]*✅ \*kvm1\*\n2 VMs, 1 running/)
    expect(text).toMatch(/Under way \(1\)[\s\S]*vm stop db1/)
  })

  it('shows operators how much room hosts have, and first those that need somebody', async () => {
    jobs.set(aJob({ state: 'running', plan: aPlan({ host: 'fine' }), requester: { id: 'U0OLU' } }))
    const pool = { name: 'default', state: 'running', type: 'dir', capacityGiB: 500 } as const
    await start([
      { name: 'fine', pools: [{ ...pool, availableGiB: 300 }] },
      { name: 'full', pools: [{ ...pool, availableGiB: 40 }] },
      { name: 'tight', capacity: { availableMemoryMiB: 512 } },
      { name: 'dead', unreachable: true },
    ])
    const text = textOf((await home()).blocks)
    expect(text).toMatch(/❌ \*dead\*[\s\S]*⚠️ \*full\*[\s\S]*⚠️ \*tight\*[\s\S]*✅ \*fine\*/)
    expect(text).toContain('Pool default is 92 % full, 40 GiB free.')
    expect(text).toContain('Only 512 MiB of memory available.')
    expect(text).toContain(
      '0 VMs, 0 running · 1 job at work · 8 GiB of 16 GiB memory available · 300 GiB disk free',
    )
  })

  it('shows no hosts to those who may only look', async () => {
    await start()
    const text = textOf((await home('U0VIC')).blocks)
    expect(text).toContain('No VM is yours yet')
    expect(text).not.toContain('Hosts')
  })

  it('shows approvers what waits for them, with buttons that decide', async () => {
    jobs.set(waitingJob())
    await start()
    const view = await home('U0BEN')
    expect(textOf(view.blocks)).toContain('Waiting for you (1)')
    await sandbox.control.click({ user: 'U0BEN', viewId: view.id, text: 'Approve & deploy' })
    await vi.waitFor(() => expect(requests.seen[0]?.text).toBe('job approve j-7k2m9'))
    await sandbox.control.click({ user: 'U0BEN', viewId: view.id, text: 'Deny' })
    await sandbox.control.waitForModal('U0BEN', ({ callbackId }) => callbackId === 'deny')
    // Nobody decides about their own.
    expect(textOf((await home()).blocks)).not.toContain('Waiting for you')
  })

  it('answers a click in a modal, and goes on in it', async () => {
    requests.answer = ({ text }) => ({
      kind: 'report',
      report: aReport({ title: text, actions: [{ label: 'Stop', command: 'vm stop web1@kvm1' }] }),
    })
    await start([{ name: 'kvm1', vms: [annsVm('web1')] }])
    const view = await home()
    await sandbox.control.click({ user, viewId: view.id, text: 'Open' })
    const modal = await sandbox.control.waitForModal(user, ({ blocks }) => textOf(blocks).includes('vm show'))
    expect(modal.title).toBe('VM show')
    requests.answer = ({ origin }) => ({
      kind: 'job',
      job: jobs.set(aJob({ title: 'vm stop web1', origin })),
    })
    await sandbox.control.click({ user, viewId: modal.id, text: 'Stop' })
    await sandbox.control.waitForModal(user, ({ blocks }) => textOf(blocks).includes('in our direct message'))
    const card = await sandbox.control.waitForMessage('D0ANN')
    expect(textOf(card)).toContain('vm stop web1')
  })

  it('opens the form to create a VM, whose answer is shown in it', async () => {
    await start()
    const view = await home()
    await sandbox.control.click({ user, viewId: view.id, text: 'Create VM' })
    const form = await sandbox.control.waitForModal(user, ({ callbackId }) => callbackId === 'form')
    await sandbox.control
      .suggest({ user, viewId: form.id, actionId: 'field', blockId: 'arg:profile:0', query: '' })
      .catch(() => undefined)
    requests.answer = () => ({ kind: 'report', report: aReport({ title: 'Here it is' }) })
    await sandbox.control.click({ user, viewId: view.id, text: 'All VMs' })
    await sandbox.control.waitForModal(user, ({ blocks }) => textOf(blocks).includes('Here it is'))
  })

  it('has pages, and stays within the limits of a view with a thousand VMs and a hundred hosts', async () => {
    const vms = Array.from({ length: 1000 }, (_, n) => annsVm(`web-${String(n).padStart(4, '0')}`))
    const hosts = Array.from({ length: 100 }, (_, n) => ({ name: `kvm${n}` }))
    for (let n = 0; n < 100; n += 1) jobs.set(aJob({ id: `j-${n}mine` }))
    await start([{ name: 'big', vms }, ...hosts])
    let view = await home()
    expect(textOf(view.blocks)).toContain('Page 1 of 125')
    expect(textOf(view.blocks)).toMatch(/… 92 more[\s\S]*… 86 more/)
    expect(view.blocks.length).toBeLessThanOrEqual(100)
    await sandbox.control.click({ user, viewId: view.id, text: 'More ›' })
    view = await sandbox.control.waitForHome(user, ({ blocks }) => textOf(blocks).includes('Page 2 of 125'))
    expect(textOf(view.blocks)).toContain('web-0008')
    await sandbox.control.click({ user, viewId: view.id, text: '‹ Back' })
    await sandbox.control.waitForHome(user, ({ blocks }) => textOf(blocks).includes('Page 1 of 125'))
  })

  it('follows what happens, a hundred changes at once in one go, and is silent when nothing is new', async () => {
    const web1 = annsVm('web1')
    await start([{ name: 'kvm1', vms: [web1] }])
    await home()
    expect(published()).toHaveLength(1)
    for (let n = 0; n < 100; n += 1) {
      jobs.set(aJob({ revision: n }))
      tell()
    }
    web1.state = 'running'
    await sandbox.control.waitForHome(user, ({ blocks }) => textOf(blocks).includes('running · kvm1'))
    expect(published()).toHaveLength(2)
    tell()
    web1.state = 'paused'
    await sandbox.control.waitForHome(user, ({ blocks }) => textOf(blocks).includes('paused · kvm1'))
    expect(published()).toHaveLength(3)
  })

  it('of one whom Slack refuses keeps nobody else from theirs', async () => {
    const web1 = annsVm('web1')
    await start([{ name: 'kvm1', vms: [web1] }])
    await home('U0OLU')
    await home()
    sandbox.control.fault({ kind: 'api-error', method: 'views.publish', error: 'not_enabled' })
    web1.state = 'running'
    tell()
    await sandbox.control.waitForHome(user, ({ blocks }) => textOf(blocks).includes('running · kvm1'))
  })

  it('shows what Slack did not take at first, when its limit is over', async () => {
    const web1 = annsVm('web1')
    await start([{ name: 'kvm1', vms: [web1] }])
    await home()
    sandbox.control.fault({ kind: 'rate-limit', method: 'views.publish', retryAfterS: 1 })
    web1.state = 'running'
    tell()
    await sandbox.control.waitForHome(user, ({ blocks }) => textOf(blocks).includes('running · kvm1'))
  })
})

describe('a shortcut', () => {
  const modal = (words: string) =>
    sandbox.control.waitForModal(user, ({ blocks }) => textOf(blocks).includes(words))

  it('runs a command that was picked, with its form', async () => {
    await start()
    await sandbox.control.shortcut({ user, callbackId: 'run_command' })
    await sandbox.control.waitForModal(user, ({ callbackId }) => callbackId === 'pick')
    await sandbox.control.submit({ user, values: { Command: 'vm list' } })
    const form = await sandbox.control.waitForModal(user, ({ callbackId }) => callbackId === 'form')
    await sandbox.control.submit({ user, viewId: form.id })
    await modal('web1 is running')
    expect(requests.seen[0]).toMatchObject({ text: 'vm list', person: { id: user } })
  })

  it('runs a command that needs nothing at once', async () => {
    await start()
    await sandbox.control.shortcut({ user, callbackId: 'run_command' })
    await sandbox.control.waitForModal(user, ({ callbackId }) => callbackId === 'pick')
    await sandbox.control.submit({ user, values: { Command: 'whoami' } })
    await modal('web1 is running')
    expect(requests.seen[0]?.text).toBe('whoami')
  })

  it('offers only what one may ask for', async () => {
    await start()
    await sandbox.control.shortcut({ user: 'U0VIC', callbackId: 'run_command' })
    const view = await sandbox.control.waitForModal('U0VIC', ({ callbackId }) => callbackId === 'pick')
    expect(textOf(view.blocks)).toContain('vm list')
    expect(textOf(view.blocks)).not.toContain('vm delete')
  })

  it('opens the form to create a VM', async () => {
    await start()
    await sandbox.control.shortcut({ user, callbackId: 'create_vm' })
    const view = await sandbox.control.waitForModal(user, ({ callbackId }) => callbackId === 'form')
    expect(view.title).toBe('VM create')
  })

  it('checks the hosts', async () => {
    await start()
    await sandbox.control.shortcut({ user, callbackId: 'check_hosts' })
    await modal('web1 is running')
    expect(requests.seen[0]?.text).toBe('host check')
  })

  it('shows my VMs', async () => {
    await start([{ name: 'kvm1', vms: [annsVm('web1'), aVm({ name: 'db1' })] }])
    await sandbox.control.shortcut({ user, callbackId: 'my_vms' })
    expect(textOf((await modal('*web1*')).blocks)).not.toContain('db1')
  })

  it('looks up the VM that a message names', async () => {
    await start([{ name: 'kvm1', vms: [aVm({ name: 'web1' }), aVm({ name: 'web10' })] }])
    const say = (text: string) => sandbox.control.message({ user, channel: 'C0VMS', text })
    const lookUp = async (ts: string) =>
      sandbox.control.shortcut({ user, callbackId: 'look_up_vm', channel: 'C0VMS', ts })
    await lookUp((await say('is web10 down again?')).ts)
    await modal('web1 is running')
    expect(requests.seen.map(({ text }) => text)).toEqual(['vm show web10@kvm1'])
    await lookUp((await say('web1 and web10.')).ts)
    expect(textOf((await modal('*web1*')).blocks)).toContain('*web10*')
    await lookUp((await say('web100 is not there')).ts)
    await modal('No VM of ours is named')
  })
})

describe('the VMs that a text names', () => {
  const vms = [
    { name: 'web1', host: 'kvm1' },
    { name: 'web1', host: 'kvm2' },
    { name: 'db.prod', host: 'kvm1' },
  ]
  it.each([
    ['restart web1@kvm2, please', ['web1@kvm2']],
    ['`web1`', ['web1@kvm1', 'web1@kvm2']],
    ['(db.prod).', ['db.prod@kvm1']],
    ['web12 xweb1 web1-old', []],
    ['', []],
  ])('%s', (text, named) => {
    expect(vmsNamedIn(text, vms).map(({ name, host }) => `${name}@${host}`)).toEqual(named)
  })
})
