/** The engine dies at every write it makes, before and after the write is on disk. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Job, JobBody, Jobs } from '../../src/jobs/index.js'
import { isOver } from '../../src/jobs/index.js'
import { aPlan, approver, aReport, aRequest, never } from './builders.js'
import { aLocalWorld, type LocalWorld, someDeaths } from './local-world.js'

interface Host {
  /** What exists, by the key of the step that made it. */
  made: Map<string, number>
  /** How often each step's work was begun. */
  begun: Map<string, number>
}

/** What `vm create` does, with a plan that turns out otherwise than it was approved: each step looks before it acts. */
function creation(world: LocalWorld, host: Host): JobBody {
  const generation = world.generation()
  const make = (name: string) => async (key: string) => {
    if (generation !== world.generation()) await never
    host.begun.set(name, (host.begun.get(name) ?? 0) + 1)
    if (!host.made.has(key)) host.made.set(key, 1)
    return { name }
  }
  return async (context) => {
    const plan = await context.step('plan', async () => ({ host: 'kvm1' }))
    await context.plan(async () => aPlan({ host: plan.host }))
    await context.approval({ approvers: 1, expiresMs: 3_600_000 })
    const rounds = () => context.job.approval?.asked?.round ?? 1
    if (rounds() === 1) await context.lock(['vm:kvm1/web1'])
    await context.step('look again', async () => ({}))
    await context.approvalAgain(
      aPlan({ host: plan.host, warnings: ['otherwise'] }),
      { approvers: 1, expiresMs: 3_600_000 },
      { digest: 'd2', round: 2, differences: [{ what: 'Warning', now: 'otherwise' }] },
    )
    await context.lock(['vm:kvm1/web1'])
    await context.step('disk', ({ key }) => make('disk')(key))
    await context.step('domain', ({ key }) => make('domain')(key))
    await context.step('start', async ({ key }) => {
      await make('start')(key)
    })
    return aReport('created')
  }
}

/** Asks, approves and waits as people do: again and again, until the job is over or the engine died. */
async function drive(world: LocalWorld, host: Host): Promise<Job | undefined> {
  const jobs: Jobs = world.open()
  jobs.register('test', 1, creation(world, host))
  const finished = (async () => {
    await jobs.start()
    const { id } = await jobs.submit(aRequest({ idempotencyKey: 'envelope' }))
    return new Promise<Job>((resolve) => {
      const look = (job: Job) => {
        if (isOver(job)) resolve(job)
        if (job.state === 'awaiting-approval') {
          jobs.decide(id, { by: approver, verdict: 'approve' }).catch(() => undefined)
        }
      }
      jobs.onChange(look)
      look(jobs.get(id))
    })
  })()
  return Promise.race([finished, world.died.then(() => undefined)])
}

async function cleanRun(): Promise<number> {
  const world = await aLocalWorld()
  await drive(world, { made: new Map(), begun: new Map() })
  await expect.poll(() => world.audit.at(-1)?.event).toBe('job.succeeded')
  return world.writes()
}

async function check(world: LocalWorld, host: Host, job: Job | undefined, deaths: number): Promise<void> {
  expect(job).toMatchObject({
    state: 'succeeded',
    report: { title: 'created' },
    steps: ['plan', 'look again', 'disk', 'domain', 'start'].map((name) => ({ name, state: 'done' })),
    approval: { asked: { round: 2 }, verdicts: [{ by: approver }], earlier: [{ by: approver }] },
  })
  const id = job?.id ?? ''
  expect([...host.made.keys()]).toEqual(['disk', 'domain', 'start'].map((name) => `${id}/${name}`))
  for (const [step, times] of host.begun) expect(times, step).toBeLessThanOrEqual(1 + deaths)
  const total = [...host.begun.values()].reduce((sum, times) => sum + times, 0)
  expect(total, 'only a step under way at a death is begun again').toBeLessThanOrEqual(3 + deaths)

  // The audit log misses nothing; what is there twice is the same change.
  await expect.poll(() => world.audit.some(({ event }) => event === 'job.succeeded')).toBe(true)
  const events = new Set(world.audit.map(({ event, step = '', revision }) => `${revision} ${event} ${step}`))
  const kinds = [...events].map((each) => each.slice(each.indexOf(' ') + 1))
  for (const kind of ['job.approval-asked ', 'job.decided ']) {
    expect(
      kinds.filter((each) => each === kind),
      kind,
    ).toHaveLength(2)
  }
  for (const kind of ['job.requested ', 'job.planned ', 'job.step-done domain', 'job.succeeded ']) {
    expect(
      kinds.filter((each) => each === kind),
      kind,
    ).toHaveLength(1)
  }
}

/** Writes of a run without deaths, so that every one of them has its test. */
const writes = 22

describe('a job whose engine dies', () => {
  it('makes as many writes as there are tests below', async () => {
    expect(await cleanRun()).toBe(writes)
  })

  describe.each(['before', 'after'] as const)('%s write', (when) => {
    it.each(Array.from({ length: writes }, (_, n) => n + 1))(
      '%i finishes once after a restart',
      async (write) => {
        const world = await aLocalWorld()
        const host: Host = { made: new Map(), begun: new Map() }
        world.dieAt(write, when)
        const first = await drive(world, host)
        // The last writes tidy up; the job may be over for all to see before them.
        const job = first ?? (await drive(await survivor(world), host))
        await check(world, host, job, 1)
      },
    )
  })

  it('again and again finishes once in the end', async () => {
    await fc.assert(
      fc.asyncProperty(someDeaths(5), async (deaths) => {
        const world = await aLocalWorld()
        const host: Host = { made: new Map(), begun: new Map() }
        let job: Job | undefined
        for (const [write, when] of deaths) {
          world.dieAt(write, when)
          job = await drive(await survivor(world), host)
        }
        world.dieAt(Number.MAX_SAFE_INTEGER, 'after')
        job = await drive(await survivor(world), host)
        await check(world, host, job, deaths.length)
      }),
      { numRuns: 40 },
    )
  }, 60_000)
})

/** The same world with a new life before it. */
async function survivor(world: LocalWorld): Promise<LocalWorld> {
  world.revive()
  return world
}
