/** The Slack room while Slack misbehaves: refreshed connections, rate limits, outages, under load. */
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { type Clock, type Job, systemClock } from '../../src/jobs/index.js'
import { type Sandbox, type SandboxManifest, startSandbox } from '../../src/sandbox/index.js'
import type { SlackSurface } from '../../src/slack/index.js'
import { aDirectory } from '../store/temporary-data.js'
import { aSurface } from './bot-over-fakes.js'
import {
  aJob,
  aReport,
  FakeBook,
  FakeJobs,
  FakeRequests,
  InMemoryReceiver,
  ManualClock,
  settle,
  waitingJob,
} from './fakes.js'
import { SlackStub } from './slack-stub.js'

const manifest: SandboxManifest = parse(
  readFileSync(fileURLToPath(new URL('../../manifest.yml', import.meta.url)), 'utf8'),
)

/** Stops it; time that a test moves goes on until it has stopped. */
async function stopped(surface: SlackSurface, clock: Clock): Promise<void> {
  let isOver = false
  const stop = surface.stop().finally(() => {
    isOver = true
  })
  while (!isOver && clock instanceof ManualClock) await clock.pass(500)
  await stop
}

describe('in the local Slack', () => {
  let sandbox: Sandbox
  let jobs: FakeJobs
  let requests: FakeRequests
  let surface: SlackSurface
  let time: Clock

  async function start(clock: Clock): Promise<void> {
    time = clock
    sandbox = await startSandbox({ port: 0, manifest })
    jobs = new FakeJobs()
    requests = new FakeRequests()
    surface = aSurface({
      sandbox,
      requests,
      jobs,
      dataDirectory: await aDirectory(),
      cardBook: new FakeBook(),
      clock,
    })
    await surface.start()
    await sandbox.control.waitForConnections(2)
  }
  afterEach(async () => {
    sandbox.control.clearFaults()
    await stopped(surface, time)
    await sandbox.stop()
  })

  it('no command of 20 a second is lost or answered twice while Slack refreshes a connection every 2 s', async () => {
    await start(systemClock)
    requests.answer = ({ text }) => ({ kind: 'report', report: aReport({ title: `told of ${text}` }) })
    const refreshing = setInterval(() => {
      sandbox.control.fault({ kind: 'refresh', connections: 'oldest' })
    }, 2000)
    const texts = Array.from({ length: 170 }, (_, n) => `vm list --host h${n}`)
    const deliveries: Promise<{ acknowledged: boolean }>[] = []
    for (const text of texts) {
      deliveries.push(sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: `/qnav ${text}` }))
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    clearInterval(refreshing)
    const lost = (await Promise.all(deliveries)).filter(({ acknowledged }) => !acknowledged)
    expect(lost).toEqual([])
    const messages = await sandbox.control.waitFor('all answers', () => {
      const all = sandbox.control.messages('C0VMS')
      return all.length >= texts.length ? all : undefined
    })
    expect(messages.map(({ text }) => text.split('told of ')[1]).sort()).toEqual([...texts].sort())
    expect(requests.seen).toHaveLength(texts.length)
  })

  it('a modal waits for nothing that the outbox waits for', async () => {
    // Time stands still for the bot: whatever would wait for a limit waits for ever.
    await start(new ManualClock())
    const ids = Array.from({ length: 40 }, (_, n) => `j-run${n}`)
    for (let n = 0; n < 30; n += 1) jobs.set(waitingJob({ id: `j-asks${n}` }))
    for (const id of ids) jobs.set(aJob({ id, title: `vm create ${id}` }))
    await sandbox.control.waitFor('all cards', () =>
      sandbox.control.messages('C0VMS').length === ids.length + 30 ? true : undefined,
    )
    // A click that comes twice is one: each is on another card.
    const cards = await sandbox.control.waitFor('all that is asked', () => {
      const asked = sandbox.control.messages('C0APPROVE')
      return asked.length === 30 ? [...asked] : undefined
    })
    const opened = async () => {
      const ts = cards.pop()?.ts ?? ''
      const begun = performance.now()
      await sandbox.control.click({ user: 'U0BEN', channel: 'C0APPROVE', ts, text: 'Deny' })
      await sandbox.control.waitForModal('U0BEN')
      const took = performance.now() - begun
      await sandbox.control.close({ user: 'U0BEN' })
      return took
    }
    const median = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
    const calm: number[] = []
    const limited: number[] = []
    for (let n = 0; n < 15; n += 1) calm.push(await opened())

    sandbox.control.fault({ kind: 'rate-limit', method: 'chat.update', retryAfterS: 30, times: -1 })
    sandbox.control.fault({ kind: 'rate-limit', method: 'chat.postMessage', retryAfterS: 30, times: -1 })
    for (const id of ids) jobs.set(aJob({ id, title: `vm create ${id}`, state: 'succeeded' }))
    jobs.set(aJob({ id: 'j-late' }))
    const limits = (method: string) =>
      sandbox.control.calls(method).filter(({ outcome }) => outcome === 'ratelimited').length
    await vi.waitFor(() => expect(limits('chat.update')).toBeGreaterThan(0), 20_000)
    await vi.waitFor(() => expect(limits('chat.postMessage')).toBeGreaterThan(0), 20_000)
    for (let n = 0; n < 15; n += 1) limited.push(await opened())
    expect(limits('chat.update')).toBeLessThan(10)
    expect(median(limited) - median(calm)).toBeLessThan(50)
    process.stderr.write(
      `[modals] ${median(calm).toFixed(1)} ms, with rate limits ${median(limited).toFixed(1)} ms (median of 15)\n`,
    )
  })
})

describe('with Slack away for ten minutes under 100 running jobs', () => {
  let slack: SlackStub
  let jobs: FakeJobs
  let clock: ManualClock
  let surface: SlackSurface
  let dataDirectory: string
  let cardBook: FakeBook
  let isAway: boolean
  /** What each card shows, by the timestamp of its message. */
  let shown: Map<string, string>

  async function start(): Promise<void> {
    clock = new ManualClock(clock.now())
    surface = aSurface({
      requests: new FakeRequests(),
      jobs,
      dataDirectory,
      cardBook,
      receiver: new InMemoryReceiver(),
      clock,
    })
    await surface.start()
    await surface.catchUp()
  }

  beforeEach(async () => {
    slack = new SlackStub()
    jobs = new FakeJobs()
    clock = new ManualClock()
    dataDirectory = await aDirectory()
    cardBook = new FakeBook()
    isAway = false
    shown = new Map()
    slack.on('chat.postMessage', (args) => {
      if (isAway) return 'refuse'
      const posted = slack.posted(args)
      if (typeof posted === 'object' && 'ts' in posted && args.thread_ts === undefined)
        shown.set(String(posted.ts), String(args.text))
      return posted
    })
    slack.on('chat.update', (args) => {
      if (isAway) return 'refuse'
      shown.set(String(args.ts), String(args.text))
      return { ok: true }
    })
    slack.on('conversations.history', () => ({ ok: true, messages: [] }))
    await start()
    for (let n = 0; n < 100; n += 1) set(n, { state: 'running' })
    await vi.waitFor(() => expect(shown.size).toBe(100), 20_000)
  })
  afterEach(async () => {
    await stopped(surface, clock)
    slack.close()
  })

  const idOf = (n: number) => `j-${n}`
  const set = (n: number, more: Partial<Job>) =>
    jobs.set(aJob({ id: idOf(n), title: `vm create vm${n}x`, revision: 1, ...more }))
  /** One minute of work: everything changes, some jobs end, and some begin. */
  async function minute(which: number): Promise<void> {
    for (let second = 0; second < 60; second += 10) {
      for (let n = which * 6; n < 100 + which * 3; n += 1) {
        const started = new Date(clock.now()).toISOString()
        const steps = [{ name: `step ${which}.${second}`, state: 'running' as const, startedAt: started }]
        set(n, { state: 'running', steps: steps as unknown as Job['steps'] })
      }
      await clock.pass(10_000)
    }
    for (let n = which * 6; n < which * 6 + 6; n += 1) {
      set(n, { state: 'succeeded', report: aReport({ title: `vm${n}x is there` }) })
    }
    await settle()
  }
  /** Everything that waits is sent. */
  const calm = () =>
    vi.waitFor(
      async () => {
        await clock.pass(2000)
        expect(await waitingOnDisk()).toBe(0)
      },
      { timeout: 20_000, interval: 5 },
    )
  /** Messages and states that the journal still promises. */
  async function waitingOnDisk(): Promise<number> {
    const open = new Set<string>()
    const text = await readFile(join(dataDirectory, 'outbox.jsonl'), 'utf8')
    // The last line may just be on its way.
    for (const line of text.split('\n').slice(0, -1)) {
      const entry = JSON.parse(line) as { key: string; done?: string }
      if (entry.done === undefined) open.add(entry.key)
      else open.delete(entry.key)
    }
    return open.size
  }
  function everyCardIsRight(): void {
    for (const job of jobs.all.values()) {
      const mine = [...shown.values()].filter((text) => text.includes(job.title))
      expect(mine).toHaveLength(1)
      expect(mine[0]).toMatch(job.state === 'succeeded' ? /^✅/ : /^(?!✅)/)
    }
  }

  it('every card ends right, once; what waits is bounded, and Slack is not hammered', async () => {
    isAway = true
    const before = slack.calls.length
    for (let n = 0; n < 10; n += 1) {
      await minute(n)
      // The latest state of each card, one that is on its way to the disk, and the cards of new jobs.
      expect(await waitingOnDisk()).toBeLessThan(2 * (100 + 30))
    }
    expect(slack.calls.length - before).toBeLessThan(200)
    isAway = false
    await calm()
    expect(jobs.all.size).toBeGreaterThan(120)
    everyCardIsRight()
  })

  it('also when the bot is killed in the middle and jobs end while nobody tells of them', async () => {
    isAway = true
    for (let n = 0; n < 5; n += 1) await minute(n)
    // The clock of the killed one stands still, it hears of no job any more, and what it writes is written elsewhere.
    const after = new FakeJobs()
    for (const [id, job] of jobs.all) after.all.set(id, job)
    jobs = after
    for (let n = 30; n < 50; n += 1)
      set(n, { state: 'succeeded', report: aReport({ title: 'done meanwhile' }) })
    const disk = await readFile(join(dataDirectory, 'outbox.jsonl'))
    dataDirectory = await aDirectory()
    await writeFile(join(dataDirectory, 'outbox.jsonl'), disk)
    await start()
    for (let n = 5; n < 10; n += 1) await minute(n)
    isAway = false
    await calm()
    everyCardIsRight()
  })
})
