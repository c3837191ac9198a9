import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Rhythm } from '../../src/jobs/calendar.js'
import { createSchedules, type Job, type NewSchedule, type Schedules } from '../../src/jobs/index.js'
import { createLog } from '../../src/log.js'
import type { AuditEntry } from '../../src/store/index.js'
import { aDirectory } from '../store/temporary-data.js'
import { asker } from './builders.js'
import { FakeClock } from './fake-clock.js'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const nightly: Rhythm = { days: [1, 2, 3, 4, 5, 6, 7], minutes: 180, timeZone: 'UTC' }

interface World {
  clock: FakeClock
  path: string
  /** Key of each job that was asked for, in order. */
  asked: string[]
  audit: AuditEntry[]
  log: string[]
  /** Asking fails with this until it is undefined. */
  fail(error: Error | undefined): void
  /** Dies after the next asking, before that is written down. */
  dieWhenAsked(): void
  /** It does not die any more. */
  live(): void
  open(how?: { atRest: boolean }): Promise<Schedules>
}

/** 2026-01-02T03:04:05Z, four minutes after it was due. */
async function aWorld(): Promise<World> {
  const clock = new FakeClock()
  const path = await aDirectory()
  const asked: string[] = []
  const jobs = new Map<string, Job>()
  const audit: AuditEntry[] = []
  const lines: string[] = []
  const log = createLog({ level: 'warn', write: (line) => lines.push(line) })
  let failure: Error | undefined
  let generation = 0
  let isDying = false
  let last: Schedules | undefined
  onTestFinished(() => last?.stop())
  return {
    ...{ clock, path, asked, audit, log: lines },
    fail(error) {
      failure = error
    },
    dieWhenAsked() {
      isDying = true
    },
    live() {
      isDying = false
    },
    async open(how) {
      generation += 1
      const mine = generation
      const schedules = createSchedules({
        ...{ data: { path }, clock, log },
        jobs: { list: () => [...jobs.values()].reverse() },
        audit: async (entry) => void audit.push(entry),
      })
      schedules.onDue(async ({ origin }, { key }) => {
        if (mine !== generation) return new Promise<never>(() => {})
        if (failure !== undefined) throw failure
        const known = jobs.get(key)
        if (known !== undefined) throw new Error(`asked twice for ${key}`)
        const job = { id: `j-${jobs.size}`, origin: { ...origin, schedule: key } } as Job
        jobs.set(key, job)
        asked.push(key)
        if (isDying) {
          isDying = false
          generation += 1
          return new Promise<never>(() => {})
        }
        return job
      })
      await schedules.start(how)
      last = schedules
      return schedules
    },
  }
}

const wanted = (other: Partial<NewSchedule> = {}): NewSchedule => ({
  line: 'snapshot create web1',
  owner: asker,
  origin: { surface: 'slack', channel: 'C1' },
  rhythm: nightly,
  missed: 'run',
  ...other,
})

const dueTimes = ({ asked }: World) => asked.map((key) => key.split(' ')[1])
/** Lets what the timers began come to its end, and what is due by then begin. */
const eventually = (world: World, expectation: () => void) =>
  vi.waitFor(() => {
    world.clock.advance(0)
    expectation()
  })
const settled = (world: World, schedules: Schedules, ...until: string[]) =>
  eventually(world, () => expect(schedules.list().map(({ handledUntil }) => handledUntil)).toEqual(until))

describe('a schedule', () => {
  it('asks at its time, day after day, and knows when it is due next', async () => {
    const world = await aWorld()
    const schedules = await world.open()
    const made = await schedules.create(wanted())
    expect(made).toMatchObject({ id: expect.stringMatching(/^s-[a-z2-9]{5}$/), line: 'snapshot create web1' })
    expect(schedules.next(made)).toBe('2026-01-03T03:00:00.000Z')
    world.clock.advance(day - 5 * minute)
    expect(world.asked).toEqual([])
    for (const date of ['03', '04', '05']) {
      world.clock.advance(date === '03' ? 55_000 : day)
      await settled(world, schedules, `2026-01-${date}T03:00:00.000Z`)
    }
    expect(world.asked).toEqual(['03', '04', '05'].map((date) => `${made.id} 2026-01-${date}T03:00:00.000Z`))
    expect(schedules.get(made.id)).toMatchObject({ last: { outcome: 'asked', job: 'j-2' } })
  })

  it('goes on after a restart, and never asks twice for one time', async () => {
    const world = await aWorld()
    const first = await world.open()
    const { id } = await first.create(wanted())
    await first.stop()
    world.clock.advance(23 * hour)
    const second = await world.open()
    world.clock.advance(hour)
    await settled(world, second, '2026-01-03T03:00:00.000Z')
    await second.stop()
    const third = await world.open()
    expect(third.get(id)).toMatchObject({ last: { due: '2026-01-03T03:00:00.000Z', job: 'j-0' } })
    world.clock.advance(20 * hour)
    expect(world.asked).toHaveLength(1)
  })

  it('does not ask again when the bot died between asking and writing that down', async () => {
    const world = await aWorld()
    const first = await world.open()
    await first.create(wanted())
    world.dieWhenAsked()
    world.clock.advance(day)
    await eventually(world, () => expect(world.asked).toHaveLength(1))
    world.clock.advance(10 * hour)
    const second = await world.open()
    await settled(world, second, '2026-01-03T03:00:00.000Z')
    expect(second.list()[0]).toMatchObject({ last: { outcome: 'asked', job: 'j-0' } })
    expect(world.asked).toHaveLength(1)
  })

  it('makes up once for what was missed, however much that was', async () => {
    const world = await aWorld()
    const first = await world.open()
    await first.create(wanted())
    await first.stop()
    world.clock.advance(5 * day + 2 * hour)
    const second = await world.open()
    await settled(world, second, '2026-01-07T03:00:00.000Z')
    expect(dueTimes(world)).toEqual(['2026-01-07T03:00:00.000Z'])
    world.clock.advance(day)
    await settled(world, second, '2026-01-08T03:00:00.000Z')
    expect(world.asked).toHaveLength(2)
  })

  it('passes over what was missed when that is wanted, and says so in the audit log', async () => {
    const world = await aWorld()
    const first = await world.open()
    const { id } = await first.create(wanted({ missed: 'skip' }))
    await first.stop()
    world.clock.advance(5 * day + 2 * hour)
    const second = await world.open()
    await settled(world, second, '2026-01-07T03:00:00.000Z')
    expect(world.asked).toEqual([])
    expect(second.get(id)).toMatchObject({ last: { outcome: 'skipped' } })
    expect(world.audit).toContainEqual({
      event: 'schedule.skipped',
      schedule: id,
      due: '2026-01-07T03:00:00.000Z',
    })
    // A few minutes late, as after a restart for an upgrade, is in time.
    await second.stop()
    world.clock.advance(day - 2 * hour + 5 * minute)
    await world.open()
    await eventually(world, () => expect(dueTimes(world)).toEqual(['2026-01-08T03:00:00.000Z']))
  })

  it('that was left alone for years is caught up with at once', async () => {
    const world = await aWorld()
    const first = await world.open()
    await first.create(wanted())
    await first.stop()
    world.clock.advance(4000 * day)
    await world.open()
    await eventually(world, () => expect(world.asked).toHaveLength(1))
    const [due = ''] = dueTimes(world)
    expect(world.clock.now() - Date.parse(due ?? '')).toBeLessThan(day)
  })

  it('is asked for later when it cannot be asked for now', async () => {
    const world = await aWorld()
    const schedules = await world.open()
    await schedules.create(wanted())
    world.fail(new Error('disk full'))
    world.clock.advance(day)
    await eventually(world, () => expect(world.log.join()).toContain('trying again'))
    world.fail(undefined)
    await vi.waitFor(() => {
      world.clock.advance(30_000)
      expect(world.asked).toHaveLength(1)
    })
  })

  it('does nothing any more when it is deleted', async () => {
    const world = await aWorld()
    const schedules = await world.open()
    const { id } = await schedules.create(wanted())
    await schedules.delete(id, asker)
    expect(() => schedules.get(id)).toThrow(expect.objectContaining({ code: 'unknown-schedule' }))
    await expect(schedules.delete(id, asker)).rejects.toMatchObject({ code: 'unknown-schedule' })
    world.clock.advance(3 * day)
    expect(world.asked).toEqual([])
    expect(world.audit.map(({ event }) => event)).toEqual(['schedule.created', 'schedule.deleted'])
    expect(await readdir(join(world.path, 'schedules'))).toEqual([])
  })

  it('at rest can be made and deleted, and asks for nothing', async () => {
    const world = await aWorld()
    const first = await world.open()
    const { id } = await first.create(wanted())
    await first.stop()
    world.clock.advance(2 * day)
    const resting = await world.open({ atRest: true })
    await resting.create(wanted())
    world.clock.advance(2 * day)
    await resting.delete(id, asker)
    await resting.stop()
    expect(world.asked).toEqual([])
    // What was made at rest is missed like anything else.
    await world.open()
    expect(world.asked).toHaveLength(1)
  })

  it('is made once for one delivery', async () => {
    const world = await aWorld()
    const schedules = await world.open()
    const [a, b] = await Promise.all([
      schedules.create(wanted({ key: 'envelope' })),
      schedules.create(wanted({ key: 'envelope' })),
    ])
    expect(b).toEqual(a)
    await schedules.stop()
    const again = await world.open()
    expect((await again.create(wanted({ key: 'envelope' }))).id).toBe(a.id)
    expect(again.list()).toHaveLength(1)
  })

  it('is refused when somebody has too many', async () => {
    const world = await aWorld()
    const schedules = await world.open()
    for (let n = 0; n < 50; n += 1) await schedules.create(wanted())
    await expect(schedules.create(wanted())).rejects.toMatchObject({ code: 'quota-exceeded' })
    await schedules.create(wanted({ owner: { id: 'U2' } }))
  })

  it('whose document is damaged costs only itself', async () => {
    const world = await aWorld()
    const first = await world.open()
    await first.create(wanted())
    await first.stop()
    await mkdir(join(world.path, 'schedules'), { recursive: true })
    await writeFile(join(world.path, 'schedules', 's-bbbbb.json'), '{"kind":"sched')
    const second = await world.open()
    expect(second.list()).toHaveLength(1)
    expect(world.log.join()).toContain('moved aside')
  })

  it('asks once for each time, whatever the clock and the bot do', async () => {
    const moves = fc.oneof(
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 60 * hour }) }),
      fc.record({
        kind: fc.constantFrom('restart' as const, 'die' as const),
        ms: fc.integer({ min: 0, max: 60 * hour }),
      }),
    )
    const zones = fc.constantFrom('UTC', 'Europe/Amsterdam', 'America/New_York', 'Australia/Lord_Howe')
    await fc.assert(
      fc.asyncProperty(
        zones,
        fc.integer({ min: 0, max: 1439 }),
        fc.constantFrom('run' as const, 'skip' as const),
        fc.array(moves, { maxLength: 12 }),
        async (timeZone, minutes, missed, story) => {
          const world = await aWorld()
          // A week before the clocks of Europe change, and not long after those of America.
          world.clock.advance(Date.parse('2026-03-20T12:00:00Z') - world.clock.now())
          let schedules = await world.open()
          await schedules.create(wanted({ rhythm: { ...nightly, minutes, timeZone }, missed }))
          for (const { kind, ms } of story) {
            if (kind === 'die') world.dieWhenAsked()
            if (kind === 'restart') await schedules.stop()
            world.clock.advance(ms)
            await new Promise((resolve) => setTimeout(resolve, 2))
            world.live()
            if (kind !== 'pass') schedules = await world.open()
          }
          const keys = dueTimes(world)
          expect(new Set(keys).size).toBe(keys.length)
          expect(keys).toEqual(keys.toSorted())
        },
      ),
      { numRuns: 40 },
    )
  })
})
