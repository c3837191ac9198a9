/** The Slack room against the local Slack: real Bolt, real sockets, real Block Kit validation. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Receiver } from '@slack/bolt'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { type Job, systemClock } from '../../src/jobs/index.js'
import { type Sandbox, type SandboxManifest, startSandbox } from '../../src/sandbox/index.js'
import type { SlackSurface } from '../../src/slack/index.js'
import { SignedHttpReceiver } from '../../src/slack/receivers/index.js'
import { aSurface } from './bot-over-fakes.js'
import { aJob, aLog, aReport, FakeJobs, FakeRequests, waitingJob } from './fakes.js'
import { textOf } from './slack-stub.js'

const manifest: SandboxManifest = parse(
  readFileSync(fileURLToPath(new URL('../../manifest.yml', import.meta.url)), 'utf8'),
)

let sandbox: Sandbox
let jobs: FakeJobs
let requests: FakeRequests
let surface: SlackSurface
let log: ReturnType<typeof aLog>

beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, manifest })
  jobs = new FakeJobs()
  requests = new FakeRequests()
  log = aLog()
  surface = build()
  await surface.start()
})
afterEach(async () => {
  await surface.stop()
  await sandbox.stop()
})

function build(receiver?: Receiver): SlackSurface {
  return aSurface({
    sandbox,
    requests,
    jobs,
    log,
    ...(receiver && { receiver }),
  })
}

const { approval } = waitingJob()
const decided = (verdict: 'approve' | 'deny', more: Partial<Job>): Job =>
  aJob({
    ...(approval && {
      approval: {
        ...approval,
        verdicts: [{ by: { id: 'U0BEN' }, verdict, at: '2026-11-23T10:01:00.000Z', reason: 'because' }],
      },
    }),
    ...more,
  })

describe('in the local Slack', () => {
  it('a read is answered in the channel', async () => {
    await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: '/qnav vm list' })
    const message = await sandbox.control.waitForMessage('C0VMS')
    expect(textOf(message)).toContain('web1 is running')
  })

  it('where the bot is no member the asker gets the answer and the line to invite it', async () => {
    await sandbox.control.command({ user: 'U0ANN', channel: 'C0RANDOM', text: '/qnav vm list' })
    const message = await sandbox.control.waitForEphemeral('U0ANN')
    expect(textOf(message)).toContain('/invite @qnav')
    expect(sandbox.control.messages('C0RANDOM')).toEqual([])
  })

  it('a job goes from its card over the approval to its end, in two messages', async () => {
    requests.answer = ({ text }) => {
      if (text.startsWith('job approve')) {
        jobs.set(decided('approve', { state: 'running' }))
        return { kind: 'report', report: aReport({ title: 'Approved' }) }
      }
      return { kind: 'job', job: jobs.set(waitingJob()) }
    }
    await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: '/qnav vm create web1' })
    const card = await sandbox.control.waitForMessage('C0APPROVE')
    await sandbox.control.click({
      user: 'U0BEN',
      channel: 'C0APPROVE',
      ts: card.ts,
      text: 'Approve & deploy',
    })
    await sandbox.control.waitForMessage('C0APPROVE', ({ text }) => text.startsWith('✅ Approved'))
    jobs.set(
      decided('approve', { state: 'succeeded', report: aReport({ log: { title: 'kcli', text: 'made' } }) }),
    )
    const done = await sandbox.control.waitForMessage(
      'C0VMS',
      ({ text, threadTs }) => threadTs === undefined && text.startsWith('✅'),
    )
    await vi.waitFor(() => {
      const inThread = sandbox.control.messages('C0VMS').filter(({ threadTs }) => threadTs === done.ts)
      expect(inThread.map(({ text }) => text.slice(0, 12))).toEqual(['✅ <@U0ANN> y', expect.anything()])
    })
    expect(sandbox.control.messages('C0VMS').filter(({ threadTs }) => threadTs === undefined)).toHaveLength(1)
    expect(sandbox.control.messages('C0APPROVE')).toHaveLength(1)
  })

  it('a denial asks why and the card says it', async () => {
    jobs.set(waitingJob())
    requests.answer = () => {
      jobs.set(decided('deny', { state: 'denied' }))
      return { kind: 'report', report: aReport({ title: 'Denied' }) }
    }
    const card = await sandbox.control.waitForMessage('C0APPROVE')
    await sandbox.control.click({ user: 'U0BEN', channel: 'C0APPROVE', ts: card.ts, text: 'Deny' })
    await sandbox.control.waitForModal('U0BEN')
    await sandbox.control.submit({ user: 'U0BEN', values: { reason: 'because "x"' } })
    await sandbox.control.waitForMessage('C0APPROVE', ({ text }) => text.startsWith('⛔ Denied'))
    expect(requests.seen.at(-1)?.text).toBe('job deny j-7k2m9 --reason "because \\"x\\""')
  })

  it('requests over signed HTTP are answered like those over sockets', async () => {
    const receiver = new SignedHttpReceiver({
      signingSecret: sandbox.signingSecret,
      port: 0,
      log,
      clock: systemClock,
    })
    const overHttp = build(receiver)
    await overHttp.start()
    sandbox.control.setRequestUrl(`http://127.0.0.1:${receiver.port}/slack/events`)
    await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: '/qnav vm list' })
    expect(textOf(await sandbox.control.waitForMessage('C0VMS'))).toContain('web1 is running')
    expect(requests.seen[0]?.idempotencyKey).toMatch(/^slack:v0=/)
    await overHttp.stop()
  })

  it('a refresh of a connection loses no command', async () => {
    await vi.waitFor(() => expect(sandbox.control.connections()).toBe(2))
    for (let round = 0; round < 3; round += 1) {
      sandbox.control.fault({ kind: 'refresh' })
      await vi.waitFor(() => expect(sandbox.control.connections()).toBe(2), 4000)
      await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: `/qnav vm show web${round}` })
    }
    expect(requests.seen).toHaveLength(3)
  })

  it('nothing that was sent is refused', async () => {
    jobs.set(waitingJob())
    await sandbox.control.waitForMessage('C0VMS')
    const refused = sandbox.control.traffic().filter(({ outcome }) => outcome.startsWith('invalid'))
    expect(refused).toEqual([])
  })
})
