import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOver, type Job, type JobState } from '../../src/jobs/index.js'
import { moveTo, transitions } from '../../src/jobs/transitions.js'
import { aPlan, approver, aReport, aRequest, asker, otherApprover } from './builders.js'
import { aLocalWorld } from './local-world.js'

const states = Object.keys(transitions) as JobState[]
const next = (state: JobState): readonly JobState[] => transitions[state]

describe('the state machine', () => {
  it('ends in exactly the final states', () => {
    for (const state of states) expect(next(state).length === 0).toBe(isOver({ state }))
  })

  it('reaches every state from planning, and an end from every state', () => {
    const reach = (from: JobState, seen = new Set<JobState>()): Set<JobState> => {
      for (const state of next(from)) if (!seen.has(state)) reach(state, seen.add(state))
      return seen
    }
    expect([...reach('planning'), 'planning'].sort()).toEqual([...states].sort())
    for (const state of states)
      expect(isOver({ state }) || [...reach(state)].some((to) => isOver({ state: to }))).toBe(true)
  })

  it('refuses whatever is not in the table', () => {
    fc.assert(
      fc.property(fc.constantFrom(...states), fc.constantFrom(...states), (from, to) => {
        const job = { id: 'j-22222', state: from } as Job
        if (next(from).includes(to)) {
          moveTo(job, to)
          expect(job.state).toBe(to)
        } else {
          expect(() => moveTo(job, to)).toThrow(`cannot go from ${from} to ${to}`)
          expect(job.state).toBe(from)
        }
      }),
    )
  })

  it('is kept by the engine whatever people do, in whatever order and at once', async () => {
    type Act = 'approve' | 'approve too' | 'deny' | 'own' | 'cancel' | 'hour' | 'yield' | 'fail' | 'restart'
    const act = fc.constantFrom<Act>(
      'approve',
      'approve too',
      'deny',
      'own',
      'cancel',
      'hour',
      'yield',
      'fail',
      'restart',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        const world = await aLocalWorld()
        const heard: (Job | 'restart')[] = []
        let mustFail = false
        const open = async () => {
          const engine = world.open()
          engine.onChange((job) => heard.push(job))
          engine.register('test', 1, async (context) => {
            await context.plan(async () => aPlan())
            await context.approval({ approvers: 2, expiresMs: 2 * 3_600_000 })
            await context.lock(['vm:kvm1/web1'])
            await context.step('work', async () => {
              if (mustFail) throw new Error('as told')
            })
            return aReport()
          })
          await engine.start()
          return engine
        }
        let jobs = await open()
        const { id } = await jobs.submit(aRequest())
        const clicks: Promise<unknown>[] = []
        for (const each of acts) {
          if (each === 'approve') clicks.push(jobs.decide(id, { by: approver, verdict: 'approve' }))
          if (each === 'approve too') clicks.push(jobs.decide(id, { by: otherApprover, verdict: 'approve' }))
          if (each === 'deny') clicks.push(jobs.decide(id, { by: approver, verdict: 'deny' }))
          if (each === 'own') clicks.push(jobs.decide(id, { by: asker, verdict: 'approve' }))
          if (each === 'cancel') clicks.push(jobs.cancel(id, asker))
          if (each === 'hour') world.clock.advance(3_600_000)
          if (each === 'fail') mustFail = true
          if (each === 'yield') await Promise.allSettled(clicks)
          if (each === 'restart') {
            await Promise.allSettled(clicks)
            world.crash()
            heard.push('restart')
            jobs = await open()
          }
        }
        await Promise.allSettled(clicks)
        let possible: JobState[] = ['planning']
        for (const change of heard) {
          // The last change before a crash may be on disk and untold.
          if (change === 'restart') possible = possible.flatMap((state) => [state, ...next(state)])
          else {
            const { state } = change
            const isNext = possible.some((before) => state === before || next(before).includes(state))
            expect(isNext, `${possible} → ${state}`).toBe(true)
            possible = [state]
          }
        }
        const job = jobs.get(id)
        const verdicts = job.approval?.verdicts ?? []
        expect(new Set(verdicts.map(({ by }) => by.id)).size).toBe(verdicts.length)
        expect(verdicts.some(({ by }) => by.id === asker.id)).toBe(false)
        if (job.state === 'succeeded' || job.state === 'running') {
          expect(verdicts.filter(({ verdict }) => verdict === 'approve')).toHaveLength(2)
        }
        if (isOver(job)) expect(jobs.locks()).toEqual([])
        await jobs.stop()
      }),
      { numRuns: 60 },
    )
  }, 60_000)
})
