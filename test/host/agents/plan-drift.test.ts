/** What virsh does to a VM between an approval and the work, over real libvirt. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { approver, aSessionHouse, type SessionHouse } from './session-house.js'

describe.skipIf(inject('lab') === undefined)(
  'a VM that virsh changes after its deletion was approved',
  () => {
    let house: SessionHouse
    let made = 0

    beforeAll(async () => {
      house = await aSessionHouse({
        approvals: [{ risks: ['destructive'], rule: { approvers: 1, expiresMs: 3_600_000 } }],
      })
    })
    afterAll(() => house.close())

    const approve = (id: string) =>
      house.requests.handle({ text: `job approve ${id}`, person: approver, origin: { surface: 'terminal' } })

    /** A VM whose deletion waits for its first approval. */
    const waiting = async () => {
      const name = `vm-${++made}`
      await house.daemon.define(name)
      await house.daemon.giveDisk(name, '1G')
      const job = await house.ask(`vm delete ${name}`)
      await house.until(job, ({ state }) => state === 'awaiting-approval')
      return { name, job }
    }
    const askedAgain = async (id: string, round: number) => {
      const job = await house.until({ id }, ({ approval }) => approval?.asked?.round === round)
      expect(job).toMatchObject({ state: 'awaiting-approval', locks: [] })
      return job.approval?.asked?.differences ?? []
    }
    const exists = async (name: string) => name in (await house.daemon.states())

    it.each<[string, (name: string) => Promise<string>, object]>([
      [
        'takes a snapshot of',
        (name) => house.daemon.virsh('snapshot-create-as', name, 'precious'),
        { what: 'Snapshot precious' },
      ],
      [
        'starts',
        (name) => house.daemon.virsh('start', name),
        { what: 'Warning', now: expect.stringContaining('running') },
      ],
    ])('is kept until that was approved too, when it %s it', async (_, change, difference) => {
      const { name, job } = await waiting()
      await change(name)
      await approve(job.id)
      expect(await askedAgain(job.id, 2)).toContainEqual(expect.objectContaining(difference))
      expect(await exists(name)).toBe(true)
      await approve(job.id)
      expect(await house.over(job)).toMatchObject({ state: 'succeeded' })
      expect(await exists(name)).toBe(false)
    })

    it('is asked for again as often as something else changes', async () => {
      const { name, job } = await waiting()
      await house.daemon.virsh('snapshot-create-as', name, 'one')
      await approve(job.id)
      await askedAgain(job.id, 2)
      await house.daemon.virsh('snapshot-create-as', name, 'two')
      await approve(job.id)
      expect(JSON.stringify(await askedAgain(job.id, 3))).toContain('two')
      expect(await exists(name)).toBe(true)
      await approve(job.id)
      expect(await house.over(job)).toMatchObject({ state: 'succeeded' })
    })

    it('is left alone when it is another one of the same name', async () => {
      const { name, job } = await waiting()
      await house.daemon.virsh('undefine', name)
      await house.daemon.define(name)
      await approve(job.id)
      expect(await house.over(job)).toMatchObject({ state: 'failed', error: { code: 'changed-since' } })
      expect(await exists(name)).toBe(true)
    })

    it('is deleted without another word when nothing that matters changed', async () => {
      const { name, job } = await waiting()
      await house.daemon.virsh('desc', name, '--title', 'Another title', '--config')
      await approve(job.id)
      const over = await house.over(job)
      expect(over).toMatchObject({ state: 'succeeded', approval: { asked: { round: 1 } } })
      expect(await exists(name)).toBe(false)
    })
  },
)
