/** Locks: who holds them, who waits, when they are given back. */
import { describe, expect, it } from 'vitest'
import type { JobBody, Jobs } from '../../../src/jobs/index.js'
import { aGate, aPlan, aReport, aRequest, asker, inState, over, when } from '../builders.js'
import { type Contract, reopened } from './engine-world.js'

export function lockContract({ name, working }: Contract): void {
  describe(`${name}: locks`, () => {
    /** Works until its title is released. */
    function holding(): { body: JobBody; order: string[]; finish(title: string): void } {
      const gates = new Map<string, ReturnType<typeof aGate>>()
      const gateOf = (title: string) => {
        const gate = gates.get(title) ?? aGate()
        gates.set(title, gate)
        return gate
      }
      const order: string[] = []
      const body: JobBody = async (context) => {
        const { title, input } = context.job
        await context.plan(async () => aPlan())
        await context.lock(input as string[])
        order.push(title)
        await context.step('hold', async ({ signal }) => {
          await Promise.race([
            gateOf(title).passed,
            new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
          ])
        })
        return aReport()
      }
      return { body, order, finish: (title) => gateOf(title).open() }
    }

    async function submitted(jobs: Jobs, title: string, ...locks: string[]): Promise<string> {
      const { id } = await jobs.submit(aRequest({ title, input: locks }))
      await when(jobs, id, ({ state }) => state !== 'planning')
      return id
    }

    it('let one job at a time change a VM, in the order of asking', async () => {
      const { body, order, finish } = holding()
      const { jobs } = await working(body)
      const ids: string[] = []
      for (const title of ['a', 'b', 'c']) ids.push(await submitted(jobs, title, 'vm:kvm1/web1'))
      const [a = '', b = '', c = ''] = ids
      await inState(jobs, a, 'running')
      expect(jobs.get(b)).toMatchObject({ state: 'queued', locks: ['vm:kvm1/web1'] })
      finish('a')
      await inState(jobs, b, 'running')
      expect(jobs.get(c).state).toBe('queued')
      finish('b')
      finish('c')
      await over(jobs, c)
      expect(order).toEqual(['a', 'b', 'c'])
    })

    it('let jobs on different VMs run side by side', async () => {
      const { body } = holding()
      const { jobs } = await working(body)
      const a = await submitted(jobs, 'a', 'vm:kvm1/web1')
      const b = await submitted(jobs, 'b', 'vm:kvm1/web10')
      await Promise.all([inState(jobs, a, 'running'), inState(jobs, b, 'running')])
    })

    it('of a host exclude those of its VMs, and let nobody overtake', async () => {
      const { body, order, finish } = holding()
      const { jobs } = await working(body)
      const vm = await submitted(jobs, 'vm', 'vm:kvm1/web1')
      const host = await submitted(jobs, 'host', 'host:kvm1')
      const late = await submitted(jobs, 'late', 'vm:kvm1/web2')
      const elsewhere = await submitted(jobs, 'elsewhere', 'vm:kvm10/web1')
      await inState(jobs, elsewhere, 'running')
      await inState(jobs, vm, 'running')
      expect([jobs.get(host).state, jobs.get(late).state]).toEqual(['queued', 'queued'])
      finish('vm')
      await inState(jobs, host, 'running')
      expect(jobs.get(late).state).toBe('queued')
      finish('host')
      await when(jobs, late, ({ steps }) => steps.length === 1)
      expect(order.filter((title) => title !== 'elsewhere')).toEqual(['vm', 'host', 'late'])
    })

    it('are refused at once, with who holds them, to a job that does not want to wait', async () => {
      const { body, finish } = holding()
      const { jobs } = await working(async (context) => {
        if (context.job.title !== 'hasty') return body(context)
        await context.plan(async () => aPlan())
        await context.lock(context.job.input as string[], { busy: 'refuse' })
        return aReport()
      })
      const holder = await submitted(jobs, 'holder', 'vm:kvm1/web1')
      await inState(jobs, holder, 'running')
      for (const lock of ['vm:kvm1/web1', 'host:kvm1']) {
        const hasty = await jobs.submit(aRequest({ title: 'hasty', input: [lock] }))
        const refused = await over(jobs, hasty.id)
        expect(refused).toMatchObject({ state: 'refused', error: { code: 'locked' } })
        expect(refused.error?.message).toMatch(
          new RegExp(`^VM web1 on kvm1 is held by ${holder} \\(holder\\) of \\w+ since \\d{4}-`),
        )
      }
      const waiting = await submitted(jobs, 'waiting', 'vm:kvm1/web1')
      expect(
        (await over(jobs, (await jobs.submit(aRequest({ title: 'hasty', input: ['vm:kvm1/web2'] }))).id))
          .state,
      ).toBe('succeeded')
      finish('holder')
      finish('waiting')
      await over(jobs, waiting)
      const late = await jobs.submit(aRequest({ title: 'hasty', input: ['vm:kvm1/web1'] }))
      expect((await over(jobs, late.id)).state).toBe('succeeded')
    })

    it.each(['succeeded', 'failed', 'cancelled'] as const)('are released when the job %s', async (end) => {
      const gate = aGate()
      const { jobs } = await working(async (context) => {
        await context.lock(['vm:kvm1/web1'])
        if (context.job.title === 'second') return aReport()
        await context.step('work', async ({ signal }) => {
          await Promise.race([
            gate.passed,
            new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
          ])
          if (end === 'failed') throw new Error('x')
        })
        return aReport()
      })
      const first = await jobs.submit(aRequest({ title: 'first' }))
      await when(jobs, first.id, ({ steps }) => steps.length === 1)
      const second = await jobs.submit(aRequest({ title: 'second' }))
      await inState(jobs, second.id, 'queued')
      if (end === 'cancelled') await jobs.cancel(first.id, asker)
      else gate.open()
      expect(await over(jobs, second.id)).toMatchObject({ state: 'succeeded' })
      expect((await over(jobs, first.id)).state).toBe(end)
    })

    it('are held again after a crash before anybody else gets them, and the queue keeps its order', async () => {
      const first = holding()
      const { world, jobs } = await working(first.body)
      const ids: string[] = []
      for (const title of ['a', 'b', 'c']) ids.push(await submitted(jobs, title, 'vm:kvm1/web1'))
      const [a = '', , c = ''] = ids
      await when(jobs, a, ({ steps }) => steps.length === 1)
      world.crash()
      const second = holding()
      const again = await reopened(world, second.body)
      const late = await submitted(again, 'late', 'vm:kvm1/web1')
      for (const title of ['a', 'b', 'c', 'late']) second.finish(title)
      await over(again, late)
      expect(second.order).toEqual(['a', 'b', 'c', 'late'])
      expect(again.get(c).state).toBe('succeeded')
    })
  })
}
