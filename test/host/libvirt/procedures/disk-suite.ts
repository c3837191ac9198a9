/** A running domain's snapshots, checkpoints, backups and jobs of its disk. */
import { expect, it } from 'vitest'
import { type Connection, procedures } from '../../../../src/libvirt/index.js'
import type { Bench } from './bench.js'
import type { Guest } from './guest.js'

export function diskSuite(bench: () => Bench, guest: () => Guest): void {
  const call: Connection['call'] = (...args) => bench().connection.call(...args)
  const its = (expression: string) => bench().python(`${guest().theirs}.${expression}`)
  const flags = 0
  const needResults = 1

  it('snapshots', async () => {
    const { dom, theirs } = guest()
    const take = async (name: string) =>
      (
        await call(procedures.domainSnapshotCreateXml, {
          dom,
          xmlDesc: `<domainsnapshot><name>${name}</name></domainsnapshot>`,
          flags,
        })
      ).snap
    const one = await take('one')
    const two = await take('two')
    expect((await call(procedures.domainSnapshotNum, { dom, flags })).num).toBe(await its('snapshotNum(0)'))
    const { snapshots } = await call(procedures.domainListAllSnapshots, { dom, needResults, flags })
    const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).toSorted()
    expect(names(snapshots)).toEqual(((await its('snapshotListNames(0)')) as string[]).toSorted())
    const children = await call(procedures.domainSnapshotListAllChildren, {
      snapshot: one,
      needResults,
      flags,
    })
    expect(names(children.snapshots)).toEqual(['two'])
    expect((await call(procedures.domainSnapshotLookupByName, { dom, name: 'one', flags })).snap.name).toBe(
      'one',
    )
    await bench().sameError(
      call(procedures.domainSnapshotLookupByName, { dom, name: 'on', flags }),
      `${theirs}.snapshotLookupByName('on', 0)`,
    )
    expect((await call(procedures.domainHasCurrentSnapshot, { dom, flags })).result).toBe(
      await its('hasCurrentSnapshot(0)'),
    )
    expect((await call(procedures.domainSnapshotCurrent, { dom, flags })).snap.name).toBe(
      await its('snapshotCurrent(0).getName()'),
    )
    expect((await call(procedures.domainSnapshotGetParent, { snap: two, flags })).snap.name).toBe(
      await its("snapshotLookupByName('two', 0).getParent(0).getName()"),
    )
    expect((await call(procedures.domainSnapshotIsCurrent, { snap: two, flags })).current).toBe(
      await its("snapshotLookupByName('two', 0).isCurrent(0)"),
    )
    expect((await call(procedures.domainSnapshotHasMetadata, { snap: two, flags })).metadata).toBe(
      await its("snapshotLookupByName('two', 0).hasMetadata(0)"),
    )
    expect((await call(procedures.domainSnapshotGetXmlDesc, { snap: one, flags })).xml).toBe(
      await its("snapshotLookupByName('one', 0).getXMLDesc(0)"),
    )
    await call(procedures.domainRevertToSnapshot, { snap: one, flags: 1 })
    expect(await its('snapshotCurrent(0).getName()')).toBe('one')
    for (const snap of [two, one]) await call(procedures.domainSnapshotDelete, { snap, flags })
    expect(await its('snapshotNum(0)')).toBe(0)
  })

  it('checkpoints and a backup', async () => {
    const { dom, path } = guest()
    const make = async (name: string) =>
      (
        await call(procedures.domainCheckpointCreateXml, {
          dom,
          xmlDesc: `<domaincheckpoint><name>${name}</name><disks><disk name='vda' checkpoint='bitmap'/></disks></domaincheckpoint>`,
          flags,
        })
      ).checkpoint
    const first = await make('first')
    const second = await make('second')
    const { checkpoints } = await call(procedures.domainListAllCheckpoints, { dom, needResults, flags })
    expect(checkpoints).toHaveLength(((await its('listAllCheckpoints(0)')) as object[]).length)
    const children = await call(procedures.domainCheckpointListAllChildren, {
      checkpoint: first,
      needResults,
      flags,
    })
    expect(children.checkpoints.map(({ name }) => name)).toEqual(['second'])
    expect(
      (await call(procedures.domainCheckpointLookupByName, { dom, name: 'first', flags })).checkpoint.name,
    ).toBe(await its("checkpointLookupByName('first', 0).getName()"))
    expect(
      (await call(procedures.domainCheckpointGetParent, { checkpoint: second, flags })).parent.name,
    ).toBe('first')
    expect((await call(procedures.domainCheckpointGetXmlDesc, { checkpoint: first, flags: 1 })).xml).toBe(
      await its("checkpointLookupByName('first', 0).getXMLDesc(1)"),
    )
    await bench().sameError(
      call(procedures.domainBackupGetXmlDesc, { dom, flags }),
      `${guest().theirs}.backupGetXMLDesc(0)`,
    )
    let tell = (): void => {}
    const ended = new Promise<void>((resolve) => {
      tell = resolve
    })
    const leave = await bench().connection.on('jobCompleted', ({ dom: { uuid } }) => {
      if (uuid === dom.uuid) tell()
    })
    const target = `${path}.backup`
    await call(procedures.domainBackupBegin, {
      dom,
      backupXml: `<domainbackup mode='push'><disks><disk name='vda' type='file'><target file='${target}'/><driver type='qcow2'/></disk><disk name='sda' backup='no'/></disks></domainbackup>`,
      checkpointXml: undefined,
      flags,
    })
    await ended
    await leave()
    for (const checkpoint of [second, first])
      await call(procedures.domainCheckpointDelete, { checkpoint, flags })
    expect(await its('listAllCheckpoints(0)')).toEqual([])
    await bench().virsh('pool-refresh', bench().lab.pool)
    await bench().virsh('vol-delete', target)
  })

  it('jobs of its disk', async () => {
    const { dom, path } = guest()
    const disk = 'vda'
    const idle = async () => {
      await expect
        .poll(async () => (await call(procedures.domainGetBlockJobInfo, { dom, path: disk, flags })).found, {
          timeout: 30_000,
        })
        .toBe(0)
    }
    const layer = async (name: string) => {
      await call(procedures.domainSnapshotCreateXml, {
        dom,
        xmlDesc: `<domainsnapshot><name>${name}</name><disks><disk name='vda' snapshot='external'><source file='${path}.${name}'/></disk><disk name='sda' snapshot='no'/></disks></domainsnapshot>`,
        // DISK_ONLY and NO_METADATA
        flags: 16 | 4,
      })
    }
    const ready = async () => {
      await expect.poll(async () => await its('XMLDesc(0)'), { timeout: 30_000 }).toContain("ready='yes'")
    }
    await layer('top')
    // Only raw disks can be looked into.
    await bench().sameError(
      call(procedures.domainBlockPeek, { dom, path: `${path}.top`, offset: 0, size: 4, flags }),
      `${guest().theirs}.blockPeek('${path}.top', 0, 4, 0)`,
    )
    await call(procedures.domainBlockCommit, {
      dom,
      disk,
      base: undefined,
      top: undefined,
      bandwidth: 0,
      flags: 4,
    })
    await ready()
    await call(procedures.domainBlockJobSetSpeed, { dom, path: disk, bandwidth: 100, flags })
    await call(procedures.domainBlockJobAbort, { dom, path: disk, flags: 2 })
    await idle()
    expect(await its('XMLDesc(0)')).not.toContain(`${path}.top`)
    await layer('second')
    await call(procedures.domainBlockPull, { dom, path: disk, bandwidth: 0, flags })
    await idle()
    expect(await its('XMLDesc(0)')).not.toContain('<backingStore type')
    await layer('third')
    await call(procedures.domainBlockRebase, { dom, path: disk, base: undefined, bandwidth: 0, flags })
    await idle()
    await call(procedures.domainBlockCopy, {
      dom,
      path: disk,
      destxml: `<disk type='file'><source file='${path}.copy'/><driver type='qcow2'/></disk>`,
      params: [],
      // TRANSIENT_JOB
      flags: 4,
    })
    await ready()
    await call(procedures.domainBlockJobAbort, { dom, path: disk, flags })
    await idle()
    await call(procedures.domainBlockResize, { dom, disk, size: 96 * 1024 * 1024, flags: 1 })
    expect(((await its("blockInfo('vda', 0)")) as number[])[0]).toBe(96 * 1024 * 1024)
    await call(procedures.domainSetBlockThreshold, { dom, dev: disk, threshold: 90 * 1024 * 1024, flags })
    await bench().virsh('pool-refresh', bench().lab.pool)
  })
}
