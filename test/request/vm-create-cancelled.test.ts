/** `vm create`, cancelled when it is nearly done: through the whole house. */
import { describe, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import { aHouse, ann } from './house.js'

const line = 'vm create web2 --image rocky9.qcow2 --no-start'

/** A job that has made its VM, and does not know yet that it was cancelled meanwhile. */
async function cancelledAtTheEnd() {
  const house = await aHouse({ approvals: false })
  const host = house.fleet.host('kvm1')
  const release = host.hold('deletionOf')
  const job = await house.ask(line)
  await vi.waitFor(() => expect(host.machines.has('web2')).toBe(true))
  await house.jobs.cancel(job.id, ann)
  return { house, host, job, release }
}

describe('vm create that is cancelled after the VM was made', () => {
  it('takes the VM back, and says so', async () => {
    const { house, host, job, release } = await cancelledAtTheEnd()
    release()
    const over = await house.over(job)
    expect(over).toMatchObject({ state: 'cancelled', error: { code: 'cancelled' } })
    expect(over.error?.message).toMatch(/was cancelled by Ann\. Undone: create\.$/)
    expect(host.machines.has('web2')).toBe(false)
    expect(host.calls).toEqual(['createVm web2', 'deleteVm web2'])
  })

  it('says what is left, and how to delete it, when it cannot', async () => {
    const { house, host, job, release } = await cancelledAtTheEnd()
    host.fail(
      'deleteVm',
      new UserError('host-unreachable', 'kvm1 does not answer.', { fix: 'host check kvm1' }),
    )
    release()
    const over = await house.over(job)
    expect(over).toMatchObject({
      state: 'cancelled',
      error: {
        message: expect.stringMatching(/Begun and not undone: create \(kvm1 does not answer\)\.$/),
        fix: expect.stringMatching(/^Clear up by hand: vm delete web2@kvm1\. /),
      },
    })
    expect(host.machines.has('web2')).toBe(true)
  })

  it('goes on taking it back after a restart', async () => {
    const { house, host, job, release } = await cancelledAtTheEnd()
    const releaseDeletion = host.hold('deleteVm')
    release()
    await vi.waitFor(() => expect(host.calls).toContain('deleteVm web2'))
    const stopping = house.restart()
    await stopping
    releaseDeletion()
    const over = await house.over(job)
    expect(over).toMatchObject({ state: 'cancelled' })
    expect(host.machines.has('web2')).toBe(false)
  })

  it('keeps a VM that is somebody’s already', async () => {
    const house = await aHouse({ approvals: false })
    const host = house.fleet.host('kvm1')
    const job = await house.ask('vm create web2 --image rocky9.qcow2')
    await vi.waitFor(() =>
      expect(house.jobs.get(job.id).steps.find(({ name }) => name === 'record the owner')?.state).toBe(
        'done',
      ),
    )
    await house.jobs.cancel(job.id, ann).catch(() => undefined)
    const over = await house.over(job)
    expect(over.error?.message ?? '').not.toContain('ndone')
    expect(host.machines.has('web2')).toBe(true)
  })
})
