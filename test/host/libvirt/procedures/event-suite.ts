/** Events: every kind can be asked for; those that can be made to happen here arrive, with what virsh would say. */
import { expect, it, vi } from 'vitest'
import { type EventName, enums, procedures } from '../../../../src/libvirt/index.js'
import type { Bench } from './bench.js'
import type { Guest } from './guest.js'

const ofDomains = Object.keys(enums.DomainEventID) as (keyof typeof enums.DomainEventID)[]
const ofOthers = [
  'networkLifecycle',
  'storagePoolLifecycle',
  'storagePoolRefresh',
  'nodeDeviceLifecycle',
  'nodeDeviceUpdate',
  'secretLifecycle',
  'secretValueChanged',
  'qemuMonitor',
] as const

export function eventSuite(bench: () => Bench, guest: () => Guest): void {
  it('events of domains, pools, networks, devices, secrets and of QEMU', async () => {
    const { connection, lab, prefix } = bench()
    const { dom } = guest()
    const heard: Partial<Record<EventName, unknown[]>> = {}
    const leave: (() => Promise<void>)[] = []
    for (const name of [...ofDomains, ...ofOthers]) {
      const listener = (event: unknown) => {
        heard[name] = [...(heard[name] ?? []), event]
      }
      const registered = connection.on(name, listener)
      // Number 27 came with libvirt 11.2.
      if (name === 'nicMacChange') await registered.then((off) => leave.push(off)).catch(() => {})
      else leave.push(await registered)
    }
    const call: typeof connection.call = (...args) => connection.call(...args)
    await call(procedures.domainSuspend, { dom })
    await call(procedures.domainResume, { dom })
    await call(procedures.domainSetMetadata, {
      dom,
      type: 1,
      metadata: 'a title',
      key: undefined,
      uri: undefined,
      flags: 1,
    })
    await call(procedures.domainSetMemoryFlags, { dom, memory: 120 * 1024, flags: 1 })
    const tune = [{ field: 'total_iops_sec', value: 900 }]
    await call(procedures.domainSetBlockIoTune, { dom, disk: 'vda', params: tune, flags: 1 })
    const nic = `<interface type='network'><mac address='52:54:00:77:88:ac'/><source network='${lab.network}'/><model type='virtio'/></interface>`
    await call(procedures.domainAttachDeviceFlags, { dom, xml: nic, flags: 1 })
    const { pool } = await call(procedures.storagePoolLookupByName, { name: lab.pool })
    await call(procedures.storagePoolRefresh, { pool, flags: 0 })
    const poolXml = `<pool type='dir'><name>${prefix}-ev</name><target><path>/var/cache/qnav</path></target></pool>`
    const { pool: moment } = await call(procedures.storagePoolDefineXml, { xml: poolXml, flags: 0 })
    await call(procedures.storagePoolUndefine, { pool: moment })
    const netXml = `<network><name>${prefix}-ev</name><bridge stp='on' delay='0'/></network>`
    const { net } = await call(procedures.networkDefineXml, { xml: netXml })
    await call(procedures.networkUndefine, { net })
    const secretXml = `<secret ephemeral='yes' private='no'><usage type='ceph'><name>${prefix}-ev</name></usage></secret>`
    const { secret } = await call(procedures.secretDefineXml, { xml: secretXml, flags: 0 })
    await call(procedures.secretSetValue, { secret, value: new Uint8Array([1]), flags: 0 })
    await call(procedures.secretUndefine, { secret })

    const details = (name: EventName) => (heard[name] ?? []) as Record<string, unknown>[]
    await vi.waitFor(() => {
      const { SUSPENDED, RESUMED } = enums.DomainEventType
      expect(details('lifecycle').map(({ event }) => event)).toEqual(
        expect.arrayContaining([SUSPENDED, RESUMED]),
      )
      expect(details('metadataChange')).toMatchObject([{ type: 1 }])
      expect(details('tunable').length).toBeGreaterThan(0)
      expect(details('deviceAdded').length).toBe(1)
      expect(details('storagePoolRefresh')).toMatchObject([{ pool: { name: lab.pool } }])
      expect(details('storagePoolLifecycle').map(({ event }) => event)).toEqual([0, 1])
      expect(details('networkLifecycle').map(({ event }) => event)).toEqual([0, 1])
      expect(details('secretLifecycle').map(({ event }) => event)).toEqual([0, 1])
      expect(details('secretValueChanged')).toMatchObject([{ secret: { uuid: secret.uuid } }])
      expect(details('qemuMonitor').map(({ event }) => event)).toEqual(
        expect.arrayContaining(['STOP', 'RESUME']),
      )
    }, 20_000)
    for (const off of leave) await off()
    const before = details('lifecycle').length
    await call(procedures.domainSuspend, { dom })
    await call(procedures.domainResume, { dom })
    expect(details('lifecycle')).toHaveLength(before)
  })
}
