import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { attempt, run } from '../../../src/demo/index.js'
import { procedures } from '../../../src/libvirt/index.js'
import { type Bench, type Name, openBench, removeDomain } from './procedures/bench.js'
import { connectionSuite } from './procedures/connection-suite.js'
import { diskSuite } from './procedures/disk-suite.js'
import { domainSuite } from './procedures/domain-suite.js'
import { eventSuite } from './procedures/event-suite.js'
import { defineGuest, type Guest } from './procedures/guest.js'
import { runningSuite } from './procedures/running-suite.js'
import { storageSuite } from './procedures/storage-suite.js'

/** What is not asked here, and why. */
const elsewhere: Partial<Record<Name, string>> = {
  authPolkit: 'asks nobody who is root; the tests over SSH log in as an account that it does ask',
  authSaslInit: 'this daemon offers no SASL',
  nodeSuspendForDuration: 'would put this machine to sleep',
  nodeDeviceDetachFlags: 'would take a device from this machine',
  nodeDeviceReAttach: 'would take a device from this machine',
  nodeDeviceCreateXml: 'needs a Fibre Channel adapter or mediated devices',
  nodeDeviceDestroy: 'needs a Fibre Channel adapter or mediated devices',
  interfaceLookupByName: 'this machine may have no configured interface',
  interfaceGetXmlDesc: 'this machine may have no configured interface',
  networkGetMetadata: 'since libvirt 9.7; asked where the daemon has it',
  domainMigrateBegin3Params:
    'steps of a migration between two hosts that the client drives; qnav lets the source drive it',
  domainMigratePrepare3Params: 'steps of a migration between two hosts that the client drives',
  domainMigrateFinish3Params: 'steps of a migration between two hosts that the client drives',
  domainMigrateConfirm3Params: 'steps of a migration between two hosts that the client drives',
  storageVolDownload: 'conformance.test.ts: bit by bit, with virsh vol-upload',
  storageVolUpload: 'conformance.test.ts: bit by bit, with virsh vol-download',
}

const lab = inject('lab')
let bench: Bench
let guest: Guest

describe.skipIf(lab === undefined)(
  'each procedure does what python3-libvirt does',
  { timeout: 120_000 },
  () => {
    beforeAll(async () => {
      if (lab === undefined) return
      bench = await openBench(lab)
      guest = await defineGuest(bench)
    })
    afterAll(async () => {
      if (guest !== undefined) {
        await removeDomain(guest.name)
        await attempt('virsh', ['-c', 'qemu:///system', 'pool-refresh', lab?.pool ?? ''])
        const files = (await run('find', [lab?.poolPath ?? '', '-name', `${guest.name}*`])).split('\n')
        for (const file of files.filter((each) => each !== ''))
          await attempt('virsh', ['-c', 'qemu:///system', 'vol-delete', file])
      }
      await bench?.close()
    })

    connectionSuite(() => bench)
    storageSuite(() => bench)
    const about = [() => bench, () => guest] as const
    domainSuite(...about)
    runningSuite(...about)
    diskSuite(...about)
    eventSuite(...about)

    it('and none is left out without a reason', () => {
      const all = Object.entries(procedures) as [Name, { name: string }][]
      const asked = all.filter(([, { name }]) => bench.asked.has(name))
      const reasons = Object.entries(elsewhere).filter(([key]) => !asked.some(([name]) => name === key))
      process.stdout.write(
        `libvirt: ${asked.length} of ${all.length} procedures compared here; not here:\n${reasons
          .map(([name, reason]) => `  ${name}: ${reason}`)
          .join('\n')}\n`,
      )
      const silent = all.filter(([key, { name }]) => !bench.asked.has(name) && elsewhere[key] === undefined)
      expect(silent.map(([key]) => key)).toEqual([])
    })
  },
)
