/** Quotas through the whole way of a request: the real job engine and policy over a fleet in memory. */
import { describe, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import type { Job } from '../../src/jobs/index.js'
import { anImage, aSnapshot, aVm } from '../fakes/fleet.js'
import { aHouse, ann, ben } from './house.js'

const origin = { surface: 'terminal' as const }
const roomFor = (vms: number) => ({ owners: [{ limits: { vms } }], hosts: [], perVm: {} })
const create = (name: string) => `vm create ${name} --image rocky9.qcow2 --memory 64M --no-start`

describe('quotas', () => {
  it.each([true, false])(
    'let in exactly five of twenty that ask at once (approvals: %s)',
    async (approvals) => {
      const house = await aHouse({ approvals, quotas: roomFor(5) })
      const asked = await Promise.all(Array.from({ length: 20 }, (_, n) => house.ask(create(`vm-${n}`))))
      const decided = await Promise.all(
        asked.map((job) => house.until(job, 'awaiting-approval', 'refused', 'succeeded')),
      )
      if (approvals) {
        await Promise.all(
          decided
            .filter(({ state }) => state === 'awaiting-approval')
            .map(({ id }) => house.requests.handle({ text: `job approve ${id}`, person: ben, origin })),
        )
      }
      const over = await Promise.all(asked.map((job) => house.over(job)))
      expect(over.filter(({ state }) => state === 'succeeded')).toHaveLength(5)
      const refused = over.filter(({ state }) => state === 'refused')
      expect(refused).toHaveLength(15)
      for (const { plan } of refused) {
        expect(plan).toMatchObject({ kind: 'blocked', blockers: [{ code: 'quota-exceeded' }] })
      }
      expect(
        [...house.fleet.host('kvm1').machines.keys()].filter((name) => name.startsWith('vm-')),
      ).toHaveLength(5)
    },
  )

  it('count while jobs come and go in any order, and never too much or too little', async () => {
    const house = await aHouse({ approvals: false, quotas: roomFor(5) })
    // Later ones meet VMs that are made, being made, and reserved.
    const asked: Job[] = []
    for (let n = 0; n < 20; n++) {
      const job = await house.ask(create(`vm-${n}`))
      asked.push(job)
      if (n % 3 === 0) await house.until(job, 'queued', 'running', 'succeeded', 'refused')
    }
    const over = await Promise.all(asked.map((job) => house.over(job)))
    expect(over.filter(({ state }) => state === 'succeeded')).toHaveLength(5)
  })

  it('give back what a cancelled, denied or failed job had reserved', async () => {
    const house = await aHouse({ quotas: roomFor(1) })
    const first = await house.until(await house.ask(create('a')), 'awaiting-approval')
    expect((await house.over(await house.ask(create('b')))).plan).toMatchObject({
      blockers: [{ message: expect.stringContaining(`reserved by ${first.id}`) }],
    })
    await house.jobs.cancel(first.id, ann)
    const second = await house.until(await house.ask(create('b')), 'awaiting-approval')
    await house.requests.handle({ text: `job deny ${second.id} --reason no`, person: ben, origin })
    const third = await house.until(await house.ask(create('c')), 'awaiting-approval')
    house.fleet.host('kvm1').fail('createVm', new UserError('kcli-failed', 'No.', { fix: 'Ask again.' }))
    await house.requests.handle({ text: `job approve ${third.id}`, person: ben, origin })
    expect(await house.over(third)).toMatchObject({ state: 'failed' })
    await house.until(await house.ask(create('d')), 'awaiting-approval')
  })

  it('remember over a restart what was reserved before it', async () => {
    const house = await aHouse({ quotas: roomFor(1) })
    const first = await house.until(await house.ask(create('a')), 'awaiting-approval')
    await house.restart()
    expect(await house.over(await house.ask(create('b')))).toMatchObject({ state: 'refused' })
    await house.requests.handle({ text: `job approve ${first.id}`, person: ben, origin })
    expect(await house.over(first)).toMatchObject({ state: 'succeeded' })
    expect(await house.over(await house.ask(create('c')))).toMatchObject({ state: 'refused' })
  })

  it('stop an approved job when the room is taken meanwhile', async () => {
    const house = await aHouse({ quotas: roomFor(1) })
    const job = await house.until(await house.ask(create('a')), 'awaiting-approval')
    // By another tool.
    const ownership = { owner: ann.id, requester: ann.id, job: 'j-else' }
    house.fleet.host('kvm1').machines.set('z', aVm({ name: 'z', ownership }))
    await house.requests.handle({ text: `job approve ${job.id}`, person: ben, origin })
    expect(await house.over(job)).toMatchObject({
      state: 'failed',
      error: { code: 'changed-since', message: expect.stringContaining('z@kvm1') },
    })
  })

  it('hold for adopting, starting and snapshots as well', async () => {
    const web1 = aVm({ name: 'web1', cpus: 6, snapshots: [aSnapshot({ name: 's1' })] })
    const hosts = [{ name: 'kvm1', vms: [web1], images: [anImage({ name: 'rocky9.qcow2' })] }]
    const quotas = {
      owners: [{ limits: { cpus: 5 } }],
      hosts: [{ labels: {}, limits: {}, cpuRatio: 0.5 }],
      perVm: { snapshots: 1 },
    }
    const { ask, over } = await aHouse({ approvals: false, quotas, hosts })
    const why = async (line: string) => {
      const { plan } = await over(await ask(line))
      return plan?.kind === 'blocked' ? plan.blockers.map(({ message }) => message) : []
    }
    expect(await why('vm adopt web1')).toEqual([expect.stringContaining('The VMs of UANN would be 6 CPUs')])
    expect(await why('vm start web1')).toEqual([expect.stringContaining('What runs on kvm1 would be 6 CPUs')])
    expect(await why('snapshot create web1 s2')).toEqual([
      expect.stringContaining('VM web1@kvm1 would be 2 snapshots'),
    ])
  })

  it('count a host that fell silent as it was, and refuse while one was never seen', async () => {
    const mine = aVm({ name: 'old', ownership: { owner: ann.id, requester: ann.id, job: 'j-1' } })
    const hosts = [
      { name: 'kvm1', images: [anImage({ name: 'rocky9.qcow2' })] },
      { name: 'kvm2', vms: [mine], unreachable: true },
    ]
    const { ask, over, fleet, requests } = await aHouse({ approvals: false, quotas: roomFor(2), hosts })
    const made = async (name: string) => over(await ask(`${create(name)} --host kvm1`))
    expect((await made('a')).plan).toMatchObject({
      blockers: [{ code: 'quota-exceeded', message: expect.stringContaining('kvm2 did not answer since') }],
    })
    fleet.host('kvm2').comeBack()
    const shown = await requests.handle({ text: 'quota show', person: ann, origin })
    expect(shown).toMatchObject({
      report: { table: { rows: expect.arrayContaining([['VMs', '1 VM', '0 VMs', '2 VMs']]) } },
    })
    fleet.host('kvm2').goDown()
    expect(await made('a')).toMatchObject({ state: 'succeeded' })
    expect((await made('b')).plan).toMatchObject({
      blockers: [{ message: expect.stringContaining('kvm2 did not answer and counts as it was last seen') }],
    })
  })

  it('ask no host anything where nothing is limited', async () => {
    const { ask, over, fleet } = await aHouse({ approvals: false })
    const holdings = vi.spyOn(fleet.host('kvm1'), 'holdings')
    expect(await over(await ask(create('a')))).toMatchObject({ state: 'succeeded' })
    expect(holdings).not.toHaveBeenCalled()
  })

  it('are shown with what is used, reserved and allowed', async () => {
    const house = await aHouse({
      quotas: { ...roomFor(3), hosts: [{ labels: {}, limits: { memoryMiB: 8192 } }] },
    })
    await house.until(await house.ask(create('a')), 'awaiting-approval')
    const answer = await house.requests.handle({ text: 'quota show', person: ann, origin })
    expect(answer).toMatchObject({
      report: {
        title: 'What your VMs take',
        table: {
          columns: ['What', 'Used', 'Reserved', 'Limit'],
          rows: [
            ['VMs', '0 VMs', '1 VM', '3 VMs'],
            ['CPUs', '0 CPUs', '2 CPUs', 'none'],
            ['Memory', '0 MiB of memory', '64 MiB of memory', 'none'],
            ['Disk', '0 MiB of disk', '10 GiB of disk', 'none'],
            ['Snapshots', '0 snapshots', '0 snapshots', 'none'],
            ['Memory: all hosts', '512 MiB of memory', '64 MiB of memory', '8 GiB of memory'],
          ],
        },
      },
    })
  })
})
