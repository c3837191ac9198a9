import { randomBytes, randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { attempt, run } from '../../../src/demo/index.js'
import {
  Connection,
  createSnapshot,
  createVolume,
  defineDomain,
  deleteSnapshot,
  deleteVolume,
  describeHost,
  destroyDomain,
  domainMetadata,
  domainState,
  domainXml,
  downloadPieces,
  downloadVolume,
  findDomain,
  findVolume,
  findVolumeByPath,
  hasAutostart,
  hostCapabilities,
  interfaceAddresses,
  isPersistent,
  listDomains,
  listNetworks,
  listPools,
  listSnapshots,
  listVolumes,
  readDomainXml,
  rebootDomain,
  refreshPool,
  resumeDomain,
  revertToSnapshot,
  shutDownDomain,
  snapshotXml,
  startDomain,
  undefineDomain,
  uploadVolume,
  volumeXml,
  XmlEditor,
} from '../../../src/libvirt/index.js'

const lab = inject('lab')
const name = `conf-${randomUUID().slice(0, 8)}`

const virsh = async (...args: string[]) => (await run('virsh', ['-c', 'qemu:///system', ...args])).trim()
/** The value behind a label in virsh's output, e.g. "State: shut off". */
const labelled = (output: string, label: string) =>
  new RegExp(`^${label}:\\s*(.*)$`, 'm').exec(output)?.[1]?.trim()

describe.skipIf(lab === undefined)('our libvirt client says and does what virsh says and does', () => {
  const { pool, poolPath, network, tiny } = lab ?? {
    pool: '',
    poolPath: '',
    network: '',
    tiny: { kernel: '', initrd: '' },
  }
  const disk = `${poolPath}/${name}.qcow2`
  let connection: Connection
  let uuid: string

  beforeAll(async () => {
    connection = await Connection.open({
      stream: connect('/run/libvirt/libvirt-sock'),
      uri: 'qemu:///system',
    })
    await createVolume(
      connection,
      pool,
      volumeXml({ name: `${name}.qcow2`, capacity: 64 * 1024 * 1024, format: 'qcow2' }),
    )
    const defined = await defineDomain(
      connection,
      `<domain type="qemu"><name>${name}</name><title>a &lt;title&gt;</title>
        <metadata><other:info xmlns:other="kvirt"><other:image>tiny.qcow2</other:image><other:owner>U1</other:owner></other:info></metadata>
        <memory unit="MiB">128</memory><vcpu>1</vcpu>
        <os><type arch="x86_64">hvm</type><kernel>${tiny.kernel}</kernel><initrd>${tiny.initrd}</initrd><cmdline>console=ttyS0 quiet panic=1</cmdline></os>
        <features><acpi/></features>
        <devices><disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="${disk}"/><target dev="vda" bus="virtio"/></disk>
        <interface type="network"><source network="${network}"/><model type="virtio"/></interface>
        <serial type="pty"/><console type="pty"/></devices></domain>`,
    )
    uuid = defined.uuid
  })

  afterAll(async () => {
    await connection?.close()
    await attempt('virsh', ['-c', 'qemu:///system', 'destroy', name])
    await attempt('virsh', ['-c', 'qemu:///system', 'undefine', name, '--snapshots-metadata'])
    await attempt('virsh', ['-c', 'qemu:///system', 'vol-delete', disk])
  })

  it('about the host', async () => {
    const host = await describeHost(connection)
    const info = await virsh('nodeinfo')
    expect(host.hostname).toBe(await virsh('hostname'))
    expect(String(host.cpus)).toBe(labelled(info, 'CPU\\(s\\)'))
    expect(`${host.memoryKiB} KiB`).toBe(labelled(info, 'Memory size'))
    const version = await virsh('version')
    expect(version).toContain(`Running hypervisor: QEMU ${host.hypervisorVersion}`)
    expect(version).toContain(`Using library: libvirt ${host.libvirtVersion}`)
    expect((await hostCapabilities(connection)).trim()).toBe(await virsh('capabilities'))
  })

  it('about the list of domains and each one’s state', async () => {
    const ours = await listDomains(connection)
    const theirs = (await virsh('list', '--all', '--name')).split('\n').filter((line) => line !== '')
    expect(ours.map((domain) => domain.name).toSorted()).toEqual(theirs.toSorted())
    expect(ours.find((domain) => domain.name === name)).toMatchObject({
      uuid,
      state: await virsh('domstate', name),
    })
  })

  it('about one domain', async () => {
    expect(await findDomain(connection, name)).toEqual({ name, uuid: await virsh('domuuid', name) })
    expect(await findDomain(connection, name.slice(0, -1))).toBeUndefined()
    expect((await domainXml(connection, uuid, { inactive: true })).trim()).toBe(
      await virsh('dumpxml', name, '--inactive'),
    )
    const info = await virsh('dominfo', name)
    expect(await isPersistent(connection, uuid)).toBe(labelled(info, 'Persistent') === 'yes')
    expect(await hasAutostart(connection, uuid)).toBe(labelled(info, 'Autostart') === 'enable')
    expect((await domainMetadata(connection, uuid, 'kvirt'))?.trim()).toBe(
      await virsh('metadata', name, '--uri', 'kvirt'),
    )
    expect(await domainMetadata(connection, uuid, 'nobody')).toBeUndefined()
    const described = readDomainXml(await domainXml(connection, uuid))
    expect(described).toMatchObject({ name, uuid, title: 'a <title>', vcpus: 1, memoryKiB: 128 * 1024 })
    expect(described.kcli).toMatchObject({ image: 'tiny.qcow2', owner: 'U1' })
    expect(described.disks).toMatchObject([{ target: 'vda', source: disk, format: 'qcow2' }])
    expect(await virsh('domiflist', name)).toContain(described.nics[0]?.mac)
  })

  it('about XML that was changed: everything else stays as libvirt wrote it', async () => {
    const before = await domainXml(connection, uuid, { inactive: true })
    const editor = new XmlEditor(before, 'domain')
    expect(String(editor.setText('title', 'another').setText('title', 'a <title>'))).toBe(before)
    for (const [xml, root] of [
      [await virsh('net-dumpxml', network), 'network'],
      [await virsh('pool-dumpxml', pool), 'pool'],
      [await virsh('vol-dumpxml', disk), 'volume'],
      [await hostCapabilities(connection), 'capabilities'],
    ] as const) {
      const same = new XmlEditor(xml, root)
      same.append('', '<qnav/>').remove('qnav')
      expect(String(same)).toBe(xml)
    }
    const changed = editor
      .setText('memory', '262144')
      .append('devices', '<rng model="virtio"><backend model="random">/dev/urandom</backend></rng>')
    await defineDomain(connection, String(changed))
    expect(await virsh('dumpxml', name, '--inactive')).toContain("<rng model='virtio'>")
    expect(await virsh('dumpxml', name, '--inactive')).toContain("<memory unit='KiB'>262144</memory>")
    await defineDomain(connection, before)
    expect(await domainXml(connection, uuid, { inactive: true })).toBe(before)
  })

  it('about pools and volumes', async () => {
    await refreshPool(connection, pool)
    const ours = (await listPools(connection)).find((each) => each.name === pool)
    const info = await virsh('pool-info', pool, '--bytes')
    expect(ours).toMatchObject({
      state: 'running',
      uuid: labelled(info, 'UUID'),
      type: 'dir',
      path: poolPath,
    })
    expect(String(ours?.capacity)).toBe(labelled(info, 'Capacity'))
    const volumes = await listVolumes(connection, pool)
    const listed = await virsh('vol-list', pool)
    for (const volume of volumes) expect(listed).toContain(`${volume.path}`)
    const volume = await findVolumeByPath(connection, disk)
    const volumeInfo = await virsh('vol-info', disk, '--bytes')
    expect(`${volume?.capacity} bytes`).toBe(labelled(volumeInfo, 'Capacity'))
    expect(volume).toMatchObject({ name: `${name}.qcow2`, pool, format: 'qcow2' })
    expect(await findVolumeByPath(connection, '/nowhere')).toBeUndefined()
  })

  it('about networks', async () => {
    const ours = (await listNetworks(connection)).find((each) => each.name === network)
    const info = await virsh('net-info', network)
    expect(ours).toMatchObject({
      uuid: labelled(info, 'UUID'),
      bridge: labelled(info, 'Bridge'),
      active: true,
      mode: 'nat',
    })
    expect(ours?.autostart).toBe(labelled(info, 'Autostart') === 'yes')
    const address = /<ip address='([\d.]+)\.1'/.exec(await virsh('net-dumpxml', network))?.[1]
    expect(ours?.cidr).toBe(`${address}.0/24`)
  })

  it('when volumes are written, read and deleted', async () => {
    const path = await createVolume(
      connection,
      pool,
      volumeXml({ name: `${name}-copy`, capacity: 3_000_000, format: 'raw' }),
    )
    const bytes = randomBytes(3_000_000)
    await uploadVolume(connection, path, [bytes.subarray(0, 1_000_001), bytes.subarray(1_000_001)])
    const chunks: Buffer[] = []
    for await (const chunk of downloadVolume(connection, path)) chunks.push(chunk)
    expect(Buffer.concat(chunks).subarray(0, bytes.length).equals(bytes)).toBe(true)
    expect(await run('sha256sum', [path])).toContain(await sha256(bytes))
    expect(await findVolume(connection, { pool, path: `${path}x` })).toBeUndefined()
    expect(await findVolume(connection, { pool, path: `/elsewhere${path}` })).toBeUndefined()
    expect(await findVolume(connection, { pool, path })).toMatchObject({ path, pool })
    expect(await deleteVolume(connection, { pool, path })).toBe(true)
    expect(await deleteVolume(connection, { pool, path })).toBe(false)
    expect(await virsh('vol-list', pool)).not.toContain(`${name}-copy`)
  })

  it('when a sparse volume is written and read: with progress, and its holes stay holes', async () => {
    const mib = 1024 * 1024
    const path = await createVolume(
      connection,
      pool,
      volumeXml({ name: `${name}-sparse`, capacity: 64 * mib, format: 'raw' }),
    )
    const bytes = randomBytes(2 * mib)
    const progress: number[] = []
    await uploadVolume(connection, path, [bytes, { hole: 60 * mib }, bytes], {
      sparse: true,
      onProgress: (sent) => progress.push(sent),
    })
    expect(progress).toEqual([2 * mib, 62 * mib, 64 * mib])
    const whole = Buffer.concat([bytes, Buffer.alloc(60 * mib), bytes])
    expect(await run('sha256sum', [path])).toContain(await sha256(whole))
    const [, used] = /^(\d+)/.exec(await run('du', ['-k', path])) ?? []
    expect(Number(used)).toBeLessThan(8 * 1024)
    const pieces: (Buffer | { hole: number })[] = []
    for await (const piece of downloadPieces(connection, path, { sparse: true })) pieces.push(piece)
    expect(pieces.some((piece) => 'hole' in piece)).toBe(true)
    const read = pieces.map((piece) => (Buffer.isBuffer(piece) ? piece : Buffer.alloc(piece.hole)))
    expect(Buffer.concat(read).equals(whole)).toBe(true)
    expect(await deleteVolume(connection, { pool, path })).toBe(true)
  })

  it('when a transfer is given up in the middle, the session goes on', async () => {
    const mib = 1024 * 1024
    const path = await createVolume(
      connection,
      pool,
      volumeXml({ name: `${name}-half`, capacity: 32 * mib, format: 'raw' }),
    )
    const cancel = new AbortController()
    const sending = uploadVolume(connection, path, Array(32).fill(Buffer.alloc(mib, 1)), {
      signal: cancel.signal,
      onProgress: (sent) => {
        if (sent >= 4 * mib) cancel.abort(new Error('enough'))
      },
    })
    await expect(sending).rejects.toThrow('enough')
    for await (const chunk of downloadVolume(connection, path)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    expect(await findDomain(connection, name)).toMatchObject({ name })
    expect(await deleteVolume(connection, { pool, path })).toBe(true)
  })

  it('when a domain is started, gets an address, is paused, resumed and shut down', async () => {
    const events: [number, number][] = []
    const leave = await connection.on('lifecycle', ({ dom, event, detail }) => {
      if (dom.uuid === uuid) events.push([event, detail])
    })
    await startDomain(connection, uuid)
    expect(await virsh('domstate', name)).toBe('running')
    await expect(startDomain(connection, uuid)).rejects.toMatchObject({ kind: 'invalid-state' })
    const addresses = await eventually(async () => {
      const found = await interfaceAddresses(connection, uuid, 'lease')
      return found.length > 0 ? found : undefined
    })
    expect(await virsh('domifaddr', name)).toContain(addresses[0]?.address)
    await virsh('suspend', name)
    expect(await domainState(connection, uuid)).toEqual({ state: 'paused', reason: 'by the user' })
    await resumeDomain(connection, uuid)
    expect(await virsh('domstate', name)).toBe('running')
    await shutDownDomain(connection, uuid)
    await eventually(async () =>
      (await domainState(connection, uuid)).state === 'shut off' ? true : undefined,
    ).catch(() => destroyDomain(connection, uuid))
    expect(await virsh('domstate', name)).toBe('shut off')
    await leave()
    expect(events.map(([event]) => event)).toEqual(expect.arrayContaining([2, 3, 4, 5]))
  })

  it('when snapshots are taken, listed, reverted to and deleted', async () => {
    await createSnapshot(connection, uuid, snapshotXml({ name: 'before', description: 'a & b' }))
    await createSnapshot(connection, uuid, snapshotXml({ name: 'after' }))
    const ours = await listSnapshots(connection, uuid)
    expect((await virsh('snapshot-list', name, '--name')).split('\n').filter(Boolean).toSorted()).toEqual([
      'after',
      'before',
    ])
    expect(ours.find((snapshot) => snapshot.name === 'before')).toMatchObject({
      description: 'a & b',
      kind: 'internal',
      current: false,
    })
    await revertToSnapshot(connection, uuid, 'before')
    expect(await virsh('snapshot-current', name, '--name')).toBe('before')
    await deleteSnapshot(connection, uuid, 'after')
    await expect(deleteSnapshot(connection, uuid, 'after')).rejects.toMatchObject({
      kind: 'not-found',
      code: 72,
    })
    expect(await virsh('snapshot-list', name, '--name')).toBe('before')
  })

  it('when a domain is rebooted, destroyed and undefined, with its snapshots’ metadata', async () => {
    await startDomain(connection, uuid)
    await rebootDomain(connection, uuid)
    await destroyDomain(connection, uuid)
    expect(await virsh('domstate', name, '--reason')).toBe('shut off (destroyed)')
    expect(await domainState(connection, uuid)).toEqual({ state: 'shut off', reason: 'destroyed' })
    await undefineDomain(connection, uuid)
    expect(await virsh('list', '--all', '--name')).not.toContain(name)
    await expect(domainXml(connection, uuid)).rejects.toMatchObject({ kind: 'not-found', code: 42 })
  })
})

async function sha256(bytes: Buffer): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))
  return Buffer.from(digest).toString('hex')
}

async function eventually<T>(look: () => Promise<T | undefined>, withinMs = 40_000): Promise<T> {
  for (const deadline = Date.now() + withinMs; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms`)
  }
}
