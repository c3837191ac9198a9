/** The engine dies at every write of a job that fails or is cancelled, and undoes what it did. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { isOver, type Job, type JobBody } from '../../src/jobs/index.js'
import { aPlan, approver, aReport, aRequest, asker, never } from './builders.js'
import { aLocalWorld, type LocalWorld, someDeaths } from './local-world.js'

type Ending = 'fails' | 'is cancelled'

interface Host {
  has: Set<string>
  /** Nothing may be removed while something that was made later stands on it. */
  order: string[]
}

const parts = ['disk', 'domain', 'network']

function creation(world: LocalWorld, host: Host): JobBody {
  const generation = world.generation()
  const alive = async () => {
    if (generation !== world.generation()) await never
  }
  return async (context) => {
    await context.plan(async () => aPlan())
    await context.approval({ approvers: 1, expiresMs: 3_600_000 })
    await context.lock(['vm:kvm1/web1'])
    for (const part of parts) {
      await context.step(
        part,
        async () => {
          await alive()
          host.has.add(part)
          return { part }
        },
        {
          byHand: `remove ${part}`,
          async work() {
            await alive()
            const above = parts.slice(parts.indexOf(part) + 1).filter((each) => host.has.has(each))
            expect(above, `on ${part}`).toEqual([])
            if (host.has.delete(part)) host.order.push(part)
          },
        },
      )
    }
    await context.step('start', async ({ signal }) => {
      await alive()
      if (context.job.input === 'fails') throw new UserError('timeout', 'It did not start.', { fix: 'Look.' })
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      throw signal.reason
    })
    return aReport()
  }
}

/** Until the job is over or the engine died; cancels it at its last step when it is to be cancelled. */
async function drive(world: LocalWorld, host: Host, ending: Ending): Promise<Job | undefined> {
  const jobs = world.open()
  jobs.register('test', 1, creation(world, host))
  const finished = (async () => {
    await jobs.start()
    const { id } = await jobs.submit(aRequest({ idempotencyKey: 'envelope', input: ending }))
    const job = await new Promise<Job>((resolve) => {
      const look = (each: Job) => {
        if (isOver(each)) resolve(each)
        if (each.state === 'awaiting-approval')
          jobs.decide(id, { by: approver, verdict: 'approve' }).catch(() => undefined)
        const isAtEnd = each.steps.some(({ name, state }) => name === 'start' && state === 'running')
        if (ending === 'is cancelled' && isAtEnd && each.cancel === undefined)
          jobs.cancel(id, asker).catch(() => undefined)
      }
      jobs.onChange(look)
      look(jobs.get(id))
    })
    expect(jobs.locks()).toEqual([])
    return job
  })()
  return Promise.race([finished, world.died.then(() => undefined)])
}

function check(host: Host, job: Job | undefined, ending: Ending): void {
  expect([...host.has]).toEqual([])
  expect(host.order).toEqual(parts.toReversed())
  expect(job?.steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
    ...parts.map((part) => `${part} done`),
    'start failed',
    ...parts.toReversed().map((part) => `undo ${part} done`),
  ])
  expect(job?.state).toBe(ending === 'fails' ? 'failed' : 'cancelled')
  expect(job?.error?.message).toMatch(
    ending === 'fails'
      ? /^It did not start\. Undone: network, domain, disk\.$/
      : /was cancelled by Ada\. Undone: network, domain, disk\.$/,
  )
}

const aHost = (): Host => ({ has: new Set(), order: [] })

/** Writes of a run without deaths. */
const writes = { fails: 23, 'is cancelled': 24 }

describe.each(['fails', 'is cancelled'] as const)('a job that %s after its engine died', (ending) => {
  it('makes as many writes as there are tests below', async () => {
    const world = await aLocalWorld()
    const host = aHost()
    check(host, await drive(world, host, ending), ending)
    await expect.poll(() => world.writes()).toBe(writes[ending])
  })

  describe.each(['before', 'after'] as const)('%s write', (when) => {
    it.each(Array.from({ length: writes[ending] }, (_, n) => n + 1))(
      '%i leaves nothing behind',
      async (write) => {
        const world = await aLocalWorld()
        const host = aHost()
        world.dieAt(write, when)
        let job = await drive(world, host, ending)
        world.revive()
        job ??= await drive(world, host, ending)
        check(host, job, ending)
      },
    )
  })

  it('again and again leaves nothing behind in the end', async () => {
    await fc.assert(
      fc.asyncProperty(someDeaths(6), async (deaths) => {
        const world = await aLocalWorld()
        const host = aHost()
        for (const [write, when] of deaths) {
          world.revive()
          world.dieAt(write, when)
          await drive(world, host, ending)
        }
        world.revive()
        world.dieAt(Number.MAX_SAFE_INTEGER, 'after')
        check(host, await drive(world, host, ending), ending)
      }),
      { numRuns: 25 },
    )
  })
})
