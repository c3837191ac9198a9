/** What happens on a host between an approval and the work, and whether the approval still counts. */
import { describe, expect, it } from 'vitest'
import { aSnapshot, type FakeAgent, type FakeVm } from '../fakes/fleet.js'
import { aHouse, ben } from './house.js'

const origin = { surface: 'terminal' } as const
const create = 'vm create web9 --image rocky9.qcow2 --memory 4G'

function change(host: FakeAgent, vm: Partial<FakeVm>): void {
  const web1 = host.machines.get('web1')
  if (web1 === undefined) throw new Error('there is no web1')
  host.machines.set('web1', { ...web1, ...vm })
}

/** A job that waits for its approval, is approved after the drift, and is looked at when it has come to rest again. */
async function approvedAfter(line: string, drift: (host: FakeAgent) => void) {
  const house = await aHouse()
  const host = house.fleet.host('kvm1')
  host.setCapacity({ availableMemoryMiB: 16_384, totalMemoryMiB: 32_768 })
  const job = await house.until(await house.ask(line), 'awaiting-approval')
  drift(host)
  const approve = () => house.requests.handle({ text: `job approve ${job.id}`, person: ben, origin })
  await approve()
  return { ...house, host, job, approve, calls: () => host.calls.filter((call) => !call.startsWith('find')) }
}

describe('approved work', () => {
  it.each<[string, string, (host: FakeAgent) => void]>([
    ['a little memory is taken', create, (host) => host.setCapacity({ availableMemoryMiB: 15_999 })],
    ['memory is freed', create, (host) => host.setCapacity({ availableMemoryMiB: 30_000 })],
    ['the guest has run longer', 'vm stop web1', (host) => change(host, { impact: { uptimeMs: 9e6 } })],
  ])('goes on when %s', async (_, line, drift) => {
    const { job, over } = await approvedAfter(line, drift)
    expect(await over(job)).toMatchObject({ state: 'succeeded', approval: { asked: { round: 1 } } })
  })

  it.each<[string, string, (host: FakeAgent) => void, object]>([
    [
      'so much memory is taken that little is left',
      create,
      (host) => host.setCapacity({ availableMemoryMiB: 5500 }),
      { what: 'Warning', now: expect.stringContaining('2 GiB') },
    ],
    [
      'a snapshot is added that would be lost',
      'vm delete web1',
      (host) => change(host, { snapshots: [aSnapshot({ name: 'precious' })] }),
      { what: 'Snapshot precious' },
    ],
    [
      'a disk is attached that would be lost',
      'vm delete web1',
      (host) => {
        const [disk] = host.machines.get('web1')?.disks ?? []
        if (disk !== undefined)
          change(host, { disks: [disk, { ...disk, target: 'vdb', source: '/pool/other.img' }] })
      },
      { now: expect.stringContaining('removed') },
    ],
    [
      'somebody logs in to the guest',
      'vm stop web1 --force',
      (host) => change(host, { impact: { users: ['eve'] } }),
      { what: 'Warning', now: 'Somebody is logged in to web1.' },
    ],
    [
      'the VM is paused',
      'vm stop web1 --force',
      (host) => change(host, { state: 'paused' }),
      { what: 'State', now: 'paused → shut off' },
    ],
  ])('waits to be approved again, with nothing done, when %s', async (_, line, drift, difference) => {
    const { job, jobs, until, approve, over, calls } = await approvedAfter(line, drift)
    const again = await until(job, 'awaiting-approval').then(() => jobs.get(job.id))
    await expect.poll(() => jobs.get(job.id).approval?.asked?.round).toBe(2)
    expect(jobs.get(job.id).approval?.asked?.differences).toContainEqual(expect.objectContaining(difference))
    expect(calls()).toEqual([])
    expect(again.locks).toEqual([])
    await approve()
    expect(await over(job)).toMatchObject({ state: 'succeeded' })
  })

  it.each<[string, string, (host: FakeAgent) => void, RegExp]>([
    [
      'the memory it needs is taken',
      create,
      (host) => host.setCapacity({ availableMemoryMiB: 4000 }),
      /3\.9 GiB available; 4 GiB for the VM/,
    ],
    ['the VM is gone', 'vm delete web1', (host) => host.machines.delete('web1'), /no VM .web1@kvm1/],
    [
      'there is another VM of that name',
      'vm stop web1 --force',
      (host) => change(host, { uuid: '11111111-2222-3333-4444-555555555555' }),
      /another|changed|uuid/i,
    ],
    ['the VM is off already', 'vm stop web1', (host) => change(host, { state: 'shut off' }), /off/],
  ])('stops, says why, and has touched nothing, when %s', async (_, line, drift, why) => {
    const { job, over, calls } = await approvedAfter(line, drift)
    const failed = await over(job)
    expect(failed).toMatchObject({ state: 'failed', error: { message: expect.stringMatching(why) } })
    expect(calls()).toEqual([])
  })
})
