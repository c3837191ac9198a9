/** Sessions and the host itself. */
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { Connection, enums, procedures } from '../../../../src/libvirt/index.js'
import { type Bench, socket } from './bench.js'

export function connectionSuite(bench: () => Bench): void {
  const call: Connection['call'] = (...args) => bench().connection.call(...args)
  const python = (expression: string) => bench().python(expression)

  it('the session', async () => {
    expect(await call(procedures.authList, undefined)).toEqual({ types: [0] })
    const { PROGRAM_KEEPALIVE: feature } = enums.Feature
    expect(await call(procedures.connectSupportsFeature, { feature })).toEqual({ supported: 1 })
    expect((await call(procedures.connectGetType, undefined)).type).toBe(await python('conn.getType()'))
    expect((await call(procedures.connectGetVersion, undefined)).hvVer).toBe(
      await python('conn.getVersion()'),
    )
    expect((await call(procedures.connectGetLibVersion, undefined)).libVer).toBe(
      await python('conn.getLibVersion()'),
    )
    expect((await call(procedures.connectGetHostname, undefined)).hostname).toBe(
      await python('conn.getHostname()'),
    )
    expect((await call(procedures.connectGetUri, undefined)).uri).toBe(await python('conn.getURI()'))
    expect((await call(procedures.connectIsSecure, undefined)).secure).toBe(await python('conn.isSecure()'))
  })

  it('opening and closing, and a session on behalf of somebody', async () => {
    const other = await Connection.open({ stream: connect(socket), uri: 'qemu:///system', readOnly: true })
    await other.on('connectionClosed', () => {})
    // Root may speak for anybody.
    const params = [{ field: 'user-name', value: 'ann' }]
    await other.call(procedures.connectSetIdentity, { params, flags: 0 })
    await other.close()
    expect(other.isOpen).toBe(false)
  })

  it('capabilities', async () => {
    expect((await call(procedures.connectGetCapabilities, undefined)).capabilities).toBe(
      await python('conn.getCapabilities()'),
    )
    const query = { emulatorbin: undefined, arch: 'x86_64', machine: undefined, virttype: 'qemu', flags: 0 }
    expect((await call(procedures.connectGetDomainCapabilities, query)).capabilities).toBe(
      await python("conn.getDomainCapabilities(None, 'x86_64', None, 'qemu', 0)"),
    )
    expect((await call(procedures.connectGetMaxVcpus, { type: 'qemu' })).maxVcpus).toBe(
      await python("conn.getMaxVcpus('qemu')"),
    )
    const { models, ret } = await call(procedures.connectGetCpuModelNames, {
      arch: 'x86_64',
      needResults: 1,
      flags: 0,
    })
    expect(models).toEqual(await python("conn.getCPUModelNames('x86_64', 0)"))
    expect(ret).toBe(models.length)
    // SMBIOS is not readable everywhere; then both say the same.
    const sysinfo = call(procedures.connectGetSysinfo, { flags: 0 })
    await sysinfo.then(
      async (reply) => expect(reply.sysinfo).toBe(await python('conn.getSysinfo(0)')),
      () => bench().sameError(sysinfo, 'conn.getSysinfo(0)'),
    )
  })

  it('the host', async () => {
    const info = await call(procedures.nodeGetInfo, undefined)
    const [model, megabytes, ...counts] = (await python('conn.getInfo()')) as [string, number, ...number[]]
    expect(info.model).toBe(model)
    expect(Math.floor(info.memory / 1024)).toBe(megabytes)
    expect([info.cpus, info.mhz, info.nodes, info.sockets, info.cores, info.threads]).toEqual(counts)
    const { freeMem } = await call(procedures.nodeGetFreeMemory, undefined)
    const near = (value: number, other: unknown) =>
      expect(Math.abs(value - Number(other)) / Number(other)).toBeLessThan(0.1)
    near(freeMem, await python('conn.getFreeMemory()'))
    const { cells } = await call(procedures.nodeGetCellsFreeMemory, { startCell: 0, maxcells: 1 })
    near(cells[0] ?? 0, ((await python('conn.getCellsFreeMemory(0, 1)')) as number[])[0])
    const memory = { cellNum: -1, flags: 0 }
    const { nparams } = await call(procedures.nodeGetMemoryStats, { ...memory, nparams: 0 })
    const { params } = await call(procedures.nodeGetMemoryStats, { ...memory, nparams })
    const theirs = (await python('conn.getMemoryStats(-1, 0)')) as Record<string, number>
    expect(params.map(({ field }) => field).toSorted()).toEqual(Object.keys(theirs).toSorted())
    expect(params.find(({ field }) => field === 'total')?.value).toBe(theirs.total)
    const cpu = { cpuNum: -1, flags: 0 }
    const count = await call(procedures.nodeGetCpuStats, { ...cpu, nparams: 0 })
    const stats = await call(procedures.nodeGetCpuStats, { ...cpu, nparams: count.nparams })
    const names = Object.keys((await python('conn.getCPUStats(-1, 0)')) as object)
    expect(stats.params.map(({ field }) => field).toSorted()).toEqual(names.toSorted())
    const map = await call(procedures.nodeGetCpuMap, { needMap: 1, needOnline: 1, flags: 0 })
    const [cpus, , online] = (await python('conn.getCPUMap(0)')) as [number, boolean[], number]
    expect([map.ret, map.online]).toEqual([cpus, online])
    const { model: security, doi } = await call(procedures.nodeGetSecurityModel, undefined)
    const text = (codes: number[]) => String.fromCharCode(...codes.filter((code) => code !== 0))
    expect([text(security), text(doi)]).toEqual(await python('conn.getSecurityModel()'))
  })

  it('devices, interfaces, filters and secrets of the host', async () => {
    const { devices } = await call(procedures.connectListAllNodeDevices, { needResults: 1, flags: 0 })
    const names = devices.map(({ name }) => name)
    expect(names.toSorted()).toEqual(((await python('conn.listAllDevices(0)')) as string[]).toSorted())
    for (const name of names.slice(0, 5)) {
      expect((await call(procedures.nodeDeviceLookupByName, { name })).dev.name).toBe(name)
      expect((await call(procedures.nodeDeviceGetXmlDesc, { name, flags: 0 })).xml).toBe(
        await python(`conn.nodeDeviceLookupByName('${name}').XMLDesc(0)`),
      )
      expect((await call(procedures.nodeDeviceGetParent, { name })).parentName ?? null).toBe(
        await python(`conn.nodeDeviceLookupByName('${name}').parent()`),
      )
    }
    const { ifaces } = await call(procedures.connectListAllInterfaces, { needResults: 1, flags: 0 })
    expect(ifaces.map(({ name }) => name).toSorted()).toEqual(
      ((await python('conn.listAllInterfaces(0)')) as string[]).toSorted(),
    )
    for (const { name } of ifaces.slice(0, 2)) {
      const { iface } = await call(procedures.interfaceLookupByName, { name })
      expect((await call(procedures.interfaceGetXmlDesc, { iface, flags: 0 })).xml).toBe(
        await python(`conn.interfaceLookupByName('${name}').XMLDesc(0)`),
      )
    }
  })

  it('filters of network traffic', async () => {
    const { prefix } = bench()
    const xml = `<filter name='${prefix}' chain='root'><rule action='drop' direction='in'/></filter>`
    const { nwfilter } = await call(procedures.nwfilterDefineXml, { xml })
    const { filters } = await call(procedures.connectListAllNwfilters, { needResults: 1, flags: 0 })
    expect(filters.map(({ name }) => name).toSorted()).toEqual(
      ((await python('conn.listAllNWFilters(0)')) as string[]).toSorted(),
    )
    expect((await call(procedures.nwfilterLookupByName, { name: prefix })).nwfilter).toEqual(nwfilter)
    expect((await call(procedures.nwfilterGetXmlDesc, { nwfilter, flags: 0 })).xml).toBe(
      await python(`conn.nwfilterLookupByName('${prefix}').XMLDesc(0)`),
    )
    await call(procedures.nwfilterUndefine, { nwfilter })
    await bench().sameError(
      call(procedures.nwfilterLookupByName, { name: prefix }),
      `conn.nwfilterLookupByName('${prefix}')`,
    )
  })

  it('secrets', async () => {
    const { prefix } = bench()
    const usage = { usageType: 2, usageID: `${prefix}-ceph` }
    const xml = `<secret ephemeral='no' private='no'><usage type='ceph'><name>${usage.usageID}</name></usage></secret>`
    const { secret } = await call(procedures.secretDefineXml, { xml, flags: 0 })
    const theirs = `conn.secretLookupByUUIDString('${secret.uuid}')`
    expect(secret).toMatchObject(usage)
    expect((await call(procedures.secretLookupByUuid, { uuid: secret.uuid })).secret).toEqual(secret)
    expect((await call(procedures.secretLookupByUsage, usage)).secret).toEqual(secret)
    const { secrets } = await call(procedures.connectListAllSecrets, { needResults: 1, flags: 0 })
    expect(secrets.map(({ uuid }) => uuid)).toContain(secret.uuid)
    expect((await call(procedures.secretGetXmlDesc, { secret, flags: 0 })).xml).toBe(
      await python(`${theirs}.XMLDesc(0)`),
    )
    const value = new Uint8Array([0, 1, 2, 250, 255])
    await call(procedures.secretSetValue, { secret, value, flags: 0 })
    expect(
      Buffer.from((await call(procedures.secretGetValue, { secret, flags: 0 })).value).toString('hex'),
    ).toBe(await python(`${theirs}.value(0)`))
    await call(procedures.secretUndefine, { secret })
    await bench().sameError(call(procedures.secretLookupByUuid, { uuid: secret.uuid }), theirs)
  })
}
