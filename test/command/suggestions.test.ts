import { describe, expect, it } from 'vitest'
import { type Question, Suggestions } from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import type { Job, Schedule } from '../../src/jobs/index.js'
import { aFleet, anImage, aSnapshot, aVm, type FakeHostOptions } from '../fakes/fleet.js'

function suggesting(
  hosts: FakeHostOptions[],
  { jobs = [], schedules = [] }: { jobs?: Partial<Job>[]; schedules?: Partial<Schedule>[] } = {},
) {
  let now = 0
  const { fleet, host } = aFleet({ hosts })
  const suggestions = new Suggestions({
    fleet,
    jobs: { list: () => jobs as Job[] },
    schedules: { list: () => schedules as Schedule[] },
    now: () => now,
    patienceMs: { known: 20, unknown: 50 },
  })
  const ask = async (question: Partial<Question>) =>
    (await suggestions.suggest({ kind: 'vm', query: '', ...question })).map(({ value }) => value)
  return { suggestions, host, ask, pass: (ms: number) => (now += ms) }
}
const vms = (...names: string[]) => names.map((name) => aVm({ name }))
const down = new UserError('host-unreachable', 'kvm1 does not answer.', { fix: 'host check kvm1' })

describe('suggestions', () => {
  it('offer what begins with the query first, then what has it inside, in any case', async () => {
    const { ask } = suggesting([{ name: 'kvm1', vms: vms('db-web', 'web10', 'web2', 'Web1', 'mail') }])
    expect(await ask({ query: 'WEB' })).toEqual(['Web1', 'web2', 'web10', 'db-web'])
    expect(await ask({ query: 'nothing' })).toEqual([])
  })

  it('name the host of VMs whose name is on several', async () => {
    const { ask, suggestions } = suggesting([
      { name: 'kvm1', vms: vms('web1', 'db1') },
      { name: 'kvm2', vms: vms('web1') },
    ])
    expect(await ask({})).toEqual(['db1', 'web1@kvm1', 'web1@kvm2'])
    expect(await ask({ host: 'kvm2' })).toEqual(['web1'])
    expect(await suggestions.suggest({ kind: 'vm', query: 'db1' })).toEqual([
      { value: 'db1', detail: 'shut off on kvm1' },
    ])
  })

  it('are at most 100', async () => {
    const many = Array.from({ length: 300 }, (_, n) => `vm${n}`)
    const { ask } = suggesting([{ name: 'kvm1', vms: vms(...many) }])
    expect(await ask({ query: '' })).toHaveLength(100)
    expect(await ask({ query: 'vm29' })).toHaveLength(11)
  })

  it('see a VM that came since', async () => {
    const { ask, host } = suggesting([{ name: 'kvm1', vms: vms('web1') }])
    await ask({})
    host('kvm1').machines.set('web2', aVm({ name: 'web2' }))
    expect(await ask({})).toEqual(['web1', 'web2'])
  })

  it('keep what a host said last when it is silent or slow, and never reject', async () => {
    const { ask, host } = suggesting([
      { name: 'kvm1', vms: vms('web1') },
      { name: 'kvm2', vms: vms('db1') },
    ])
    await ask({})
    host('kvm1').goDown(down)
    expect(await ask({})).toEqual(['db1', 'web1'])
    const release = host('kvm2').hold('vms')
    expect(await ask({})).toEqual(['db1', 'web1'])
    release()
  })

  it('of a host that never answered are empty after a while', async () => {
    const { ask, host } = suggesting([{ name: 'kvm1', images: [anImage({ name: 'rocky' })] }])
    const release = host('kvm1').hold('images')
    expect(await ask({ kind: 'image' })).toEqual([])
    release()
  })

  it('of images, networks and pools follow the host, and are each named once', async () => {
    const { ask, suggestions } = suggesting([
      { name: 'kvm1', images: [anImage({ name: 'rocky' }), anImage({ name: 'debian' })] },
      { name: 'kvm2', images: [anImage({ name: 'rocky' })] },
    ])
    expect(await ask({ kind: 'image' })).toEqual(['debian', 'rocky'])
    expect(await ask({ kind: 'image', host: 'kvm2' })).toEqual(['rocky'])
    expect(await ask({ kind: 'host' })).toEqual(['kvm1', 'kvm2'])
    expect((await suggestions.suggest({ kind: 'network', query: '', host: 'kvm1' }))[0]?.value).toBe(
      'default',
    )
  })

  it('of what costs a question are held for ten seconds', async () => {
    const { ask, host, pass } = suggesting([{ name: 'kvm1', images: [anImage({ name: 'rocky' })] }])
    await ask({ kind: 'image' })
    host('kvm1').goDown(down)
    pass(9_999)
    expect(await ask({ kind: 'image' })).toEqual(['rocky'])
    pass(1)
    // Asked again; it does not answer, so what it said last is offered.
    expect(await ask({ kind: 'image' })).toEqual(['rocky'])
  })

  it('of snapshots are those of the VM, none without one', async () => {
    const { ask } = suggesting([
      { name: 'kvm1', vms: [aVm({ name: 'web1', snapshots: [aSnapshot({ name: 'before' })] })] },
    ])
    expect(await ask({ kind: 'snapshot' })).toEqual([])
    expect(await ask({ kind: 'snapshot', vm: 'web1' })).toEqual(['before'])
    expect(await ask({ kind: 'snapshot', vm: 'web1@kvm1' })).toEqual(['before'])
    expect(await ask({ kind: 'snapshot', vm: 'none' })).toEqual([])
  })

  it('of jobs are found by what they do', async () => {
    const { ask } = suggesting([], {
      jobs: [
        { id: 'j-aaa', title: 'vm create web1', state: 'running' },
        { id: 'j-bbb', title: 'vm stop db1', state: 'failed' },
      ],
    })
    expect(await ask({ kind: 'job', query: 'create' })).toEqual(['j-aaa'])
    expect(await ask({ kind: 'job', query: 'j-b' })).toEqual(['j-bbb'])
    expect(await ask({ kind: 'text' })).toEqual([])
  })

  it('of schedules are found by what they ask for, and say when', async () => {
    const rhythm = { days: [1, 2, 3, 4, 5], minutes: 1170, timeZone: 'UTC' }
    const { suggestions, ask } = suggesting([], {
      schedules: [
        { id: 's-aaa', line: 'vm stop lab1', rhythm },
        { id: 's-bbb', line: 'snapshot create web1', rhythm },
      ],
    })
    expect(await suggestions.suggest({ kind: 'schedule', query: 'LAB1' })).toEqual([
      { value: 's-aaa', detail: 'vm stop lab1, every weekday at 19:30 (UTC)' },
    ])
    expect(await ask({ kind: 'schedule' })).toEqual(['s-aaa', 's-bbb'])
  })

  it('of time zones are found by the city', async () => {
    const { ask } = suggesting([])
    expect(await ask({ kind: 'time-zone', query: 'amst' })).toEqual(['Europe/Amsterdam'])
    expect(await ask({ kind: 'time-zone', query: 'ut' })).toContain('UTC')
  })
})
