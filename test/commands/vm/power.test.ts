import { describe, expect, it } from 'vitest'
import { aFleet, aVm } from '../../fakes/fleet.js'
import { blockers, factsOf, offers, plan, work } from '../conversation.js'

function hosts(
  vm: Parameters<typeof aVm>[0] = { name: 'web1', state: 'running', addresses: ['192.168.122.50'] },
) {
  return aFleet({ hosts: [{ name: 'kvm1', vms: [aVm(vm)], capacity: { availableMemoryMiB: 4096 } }] })
}

describe('vm start', () => {
  it('starts a VM that is off and tells its address', async () => {
    const { fleet, host } = hosts({ name: 'web1', addresses: ['192.168.122.50'] })
    const report = await work('vm start web1', { fleet })
    expect(host('kvm1').calls).toEqual(['start web1'])
    expect(report).toMatchObject({ title: 'web1 is running', tone: 'ok' })
    expect(factsOf(report)).toMatchObject({ Host: 'kvm1', Addresses: '192.168.122.50' })
    expect(offers(report)).toMatchObject({ Stop: 'vm stop web1@kvm1', Snapshot: 'snapshot create web1@kvm1' })
  })

  it('plans the change and takes the lock of that VM', async () => {
    const { plan: made, locks, args } = await plan('vm start web1', hosts({ name: 'web1', memoryMiB: 2048 }))
    expect(made).toMatchObject({
      kind: 'ready',
      summary: 'Start VM web1 on kvm1',
      host: 'kvm1',
      changes: [{ what: 'State', from: 'shut off', to: 'running' }],
    })
    expect(factsOf(made)).toEqual({ 'Memory of the VM': '2 GiB', 'Memory available on kvm1': '4 GiB' })
    expect(locks).toEqual(['vm:kvm1/web1'])
    expect(args).toMatchObject({ vm: { name: 'web1', host: 'kvm1', uuid: expect.any(String) } })
  })

  it('warns when the host has less memory than the VM may use', async () => {
    const { plan: made } = await plan('vm start web1', hosts({ name: 'web1', memoryMiB: 8192 }))
    expect(made.warnings).toEqual(['The VM may use 8 GiB, and kvm1 has less available now.'])
  })

  it('refuses a VM that runs', async () => {
    expect(await blockers('vm start web1', hosts())).toEqual([
      'invalid-state: VM web1@kvm1 is running already.',
    ])
  })

  it('refuses a VM that does not exist, with the nearest name', async () => {
    await expect(work('vm start web2', hosts())).rejects.toMatchObject({
      code: 'unknown-vm',
      fix: 'Did you mean web1@kvm1?',
    })
  })

  it('refuses a name that is on two hosts, with both', async () => {
    const { fleet } = aFleet({
      hosts: [
        { name: 'kvm1', vms: [aVm({ name: 'web1' })] },
        { name: 'kvm2', vms: [aVm({ name: 'web1' })] },
      ],
    })
    await expect(plan('vm start web1', { fleet })).rejects.toMatchObject({ code: 'ambiguous-vm' })
    expect((await plan('vm start web1@kvm2', { fleet })).locks).toEqual(['vm:kvm2/web1'])
  })

  it('does not touch another VM that took the name since', async () => {
    const { fleet, host } = hosts({ name: 'web1' })
    const since = () => {
      host('kvm1').machines.set('web1', aVm({ name: 'web1', uuid: 'another' }))
    }
    await expect(work('vm start web1', { fleet, since })).rejects.toMatchObject({ code: 'unknown-vm' })
  })
})

describe('vm stop', () => {
  it('asks the guest to shut down', async () => {
    const { fleet, host } = hosts()
    const report = await work('vm stop web1', { fleet })
    expect(host('kvm1').calls).toEqual(['shutDown web1'])
    expect(factsOf(report)).toMatchObject({ How: 'the guest shut down by itself' })
    expect(offers(report)).toMatchObject({ Start: 'vm start web1@kvm1', Delete: 'vm delete web1@kvm1' })
    expect(report.actions?.find(({ label }) => label === 'Delete')?.confirm).toContain('Delete web1 on kvm1')
  })

  it('gives the guest four minutes, or what was asked for', async () => {
    expect(factsOf((await plan('vm stop web1', hosts())).plan)).toEqual({ 'Time to shut down': '4 min' })
    expect(factsOf((await plan('vm stop web1 --timeout 10m', hosts())).plan)).toEqual({
      'Time to shut down': '10 min',
    })
  })

  it('fails with the way to pull the plug when the guest does not listen', async () => {
    const { fleet } = hosts({ name: 'web1', state: 'running', ignoresShutdown: true })
    await expect(work('vm stop web1 --timeout 30s', { fleet })).rejects.toMatchObject({
      code: 'timeout',
      message: 'web1 is still running 30 s after it was asked to shut down.',
      fix: 'Pull the plug: vm stop web1@kvm1 --force',
    })
  })

  it('pulls the plug with --force, and says in the plan what that costs', async () => {
    const { fleet, host } = hosts()
    const { plan: made } = await plan('vm stop web1 --force', { fleet })
    expect(made.summary).toBe('Pull the plug of VM web1 on kvm1')
    expect(made.warnings).toEqual(['Data that the guest has not written to its disks yet is lost.'])
    await work('vm stop web1 -f', { fleet })
    expect(host('kvm1').calls).toEqual(['powerOff web1'])
  })

  it('refuses a VM that is off', async () => {
    expect(await blockers('vm stop web1', hosts({ name: 'web1' }))).toEqual([
      'invalid-state: VM web1@kvm1 is off already.',
    ])
  })

  it('refuses to ask a guest that is paused, but pulls its plug', async () => {
    const paused = hosts({ name: 'web1', state: 'paused' })
    expect(await blockers('vm stop web1', paused)).toEqual([
      'invalid-state: VM web1@kvm1 is paused; a guest that does not run cannot shut down.',
    ])
    expect(await blockers('vm stop web1 --force', paused)).toEqual([])
  })

  it('warns that a transient VM will be gone', async () => {
    const { plan: made } = await plan(
      'vm stop web1',
      hosts({ name: 'web1', state: 'running', persistent: false }),
    )
    expect(made.warnings).toEqual(['web1 is transient: once it is off, its definition is gone.'])
  })
})

describe('vm restart', () => {
  it('asks the guest to restart', async () => {
    const { fleet, host } = hosts()
    const report = await work('vm restart web1', { fleet })
    expect(host('kvm1').calls).toEqual(['reboot web1'])
    expect(report).toMatchObject({ title: 'web1 was restarted and is running', tone: 'ok' })
  })

  it('switches off and starts with --force', async () => {
    const { fleet, host } = hosts()
    await work('vm restart web1 --force', { fleet })
    expect(host('kvm1').calls).toEqual(['powerOff web1', 'start web1'])
  })

  it('refuses a VM that is off', async () => {
    expect(await blockers('vm restart web1', hosts({ name: 'web1' }))).toEqual([
      'invalid-state: VM web1@kvm1 is off.',
    ])
  })

  it('refuses a paused guest, which could not hear it', async () => {
    expect(await blockers('vm restart web1', hosts({ name: 'web1', state: 'paused' }))).toEqual([
      'invalid-state: VM web1@kvm1 is paused; a guest that does not run cannot restart.',
    ])
  })

  it('refuses to switch off a transient VM that it could not start again', async () => {
    const transient = hosts({ name: 'web1', state: 'running', persistent: false })
    expect(await blockers('vm restart web1 --force', transient)).toEqual([
      'unsupported: VM web1@kvm1 is transient: switched off, it could not be started again.',
    ])
  })
})
