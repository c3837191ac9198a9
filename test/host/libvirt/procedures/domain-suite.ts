/** Domains: their state, life, devices and limits. */
import { expect, it } from 'vitest'
import { type Connection, procedures } from '../../../../src/libvirt/index.js'
import type { Bench } from './bench.js'
import type { Guest } from './guest.js'

/** The guest is off at the beginning and runs at the end. */
export function domainSuite(bench: () => Bench, guest: () => Guest): void {
  const call: Connection['call'] = (...args) => bench().connection.call(...args)
  const python = (expression: string) => bench().python(expression)
  const its = (expression: string) => bench().python(`${guest().theirs}.${expression}`)
  const flags = 0

  it('finding a domain that is off', async () => {
    const { dom, name } = guest()
    expect((await call(procedures.domainLookupByName, { name })).dom).toEqual(dom)
    expect((await call(procedures.domainLookupByUuid, { uuid: dom.uuid })).dom).toEqual(dom)
    const { domains } = await call(procedures.connectListAllDomains, { needResults: 1, flags })
    expect(domains.map((each) => each.name).toSorted()).toEqual(
      ((await python('conn.listAllDomains(0)')) as string[]).toSorted(),
    )
    expect((await call(procedures.domainGetXmlDesc, { dom, flags })).xml).toBe(await its('XMLDesc(0)'))
  })

  it('what is written down about it', async () => {
    const { dom } = guest()
    await call(procedures.domainSetAutostart, { dom, autostart: 1 })
    expect((await call(procedures.domainGetAutostart, { dom })).autostart).toBe(await its('autostart()'))
    await call(procedures.domainSetAutostart, { dom, autostart: 0 })
    const uri = 'https://example.com/owner'
    const element = { type: 2, metadata: "<owner id='U1'/>", key: 'own', uri, flags: 2 }
    await call(procedures.domainSetMetadata, { dom, ...element })
    expect((await call(procedures.domainGetMetadata, { dom, type: 2, uri, flags: 2 })).metadata).toBe(
      await its(`metadata(2, '${uri}', 2)`),
    )
    expect((await call(procedures.domainGetMessages, { dom, flags })).msgs).toEqual(await its('messages(0)'))
    await call(procedures.domainSetLifecycleAction, { dom, type: 2, action: 3, flags: 2 })
    expect(await its('XMLDesc(2)')).toContain('<on_crash>preserve</on_crash>')
    await call(procedures.domainRename, { dom, newName: `${dom.name}-2`, flags })
    expect(await its('name()')).toBe(`${dom.name}-2`)
    await call(procedures.domainRename, { dom, newName: dom.name, flags })
    expect((await call(procedures.domainIsPersistent, { dom })).persistent).toBe(await its('isPersistent()'))
  })

  it('what changes its definition', async () => {
    const { dom } = guest()
    const config = 2
    await call(procedures.domainSetMemoryFlags, { dom, memory: 200 * 1024, flags: config | 4 })
    await call(procedures.domainSetMemoryFlags, { dom, memory: 150 * 1024, flags: config })
    expect((await call(procedures.domainGetMaxMemory, { dom })).memory).toBe(await its('maxMemory()'))
    await call(procedures.domainSetVcpusFlags, { dom, nvcpus: 2, flags: config })
    expect((await call(procedures.domainGetVcpusFlags, { dom, flags: config })).num).toBe(
      await its('vcpusFlags(2)'),
    )
    await call(procedures.domainPinVcpuFlags, { dom, vcpu: 0, cpumap: new Uint8Array([1]), flags: config })
    const pins = await call(procedures.domainGetVcpuPinInfo, { dom, ncpumaps: 2, maplen: 1, flags: config })
    expect([...pins.cpumaps].map((byte) => (byte & 1) === 1)).toEqual(
      ((await its('vcpuPinInfo(2)')) as boolean[][]).map(([first]) => first),
    )
    const cdrom = `<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><source file='${guest().path}'/><readonly/></disk>`
    await call(procedures.domainUpdateDeviceFlags, { dom, xml: cdrom, flags: config })
    expect(String(await its('XMLDesc(2)')).split(guest().path)).toHaveLength(3)
    await call(procedures.domainUpdateDeviceFlags, {
      dom,
      xml: cdrom.replace(/<source[^>]*>/, ''),
      flags: config,
    })
  })

  it('starting, pausing and stopping it', async () => {
    const { dom } = guest()
    await call(procedures.domainCreateWithFlags, { dom, flags: 1 })
    const { id } = (await call(procedures.domainLookupByUuid, { uuid: dom.uuid })).dom
    expect((await call(procedures.domainLookupById, { id })).dom.uuid).toBe(dom.uuid)
    const state = async () => {
      const reply = await call(procedures.domainGetState, { dom, flags })
      expect([reply.state, reply.reason]).toEqual(await its('state(0)'))
      return reply.state
    }
    expect(await state()).toBe(3)
    await call(procedures.domainResume, { dom })
    expect(await state()).toBe(1)
    await call(procedures.domainSuspend, { dom })
    expect(await state()).toBe(3)
    await call(procedures.domainResume, { dom })
    await call(procedures.domainReset, { dom, flags })
    await call(procedures.domainReboot, { dom, flags: 1 })
    expect((await call(procedures.domainIsActive, { dom })).active).toBe(await its('isActive()'))
    expect((await call(procedures.domainIsUpdated, { dom })).updated).toBe(await its('isUpdated()'))
    const { state: info, maxMem, memory, nrVirtCpu } = await call(procedures.domainGetInfo, { dom })
    expect([info, maxMem, memory, nrVirtCpu]).toEqual(((await its('info()')) as number[]).slice(0, 4))
    const control = await call(procedures.domainGetControlInfo, { dom, flags })
    expect([control.state, control.details]).toEqual(((await its('controlInfo(0)')) as number[]).slice(0, 2))
    await call(procedures.domainDestroyFlags, { dom, flags })
    expect(await state()).toBe(5)
    await call(procedures.domainCreateWithFlags, { dom, flags })
    // The guest may not listen yet; that it was asked is what the answer says.
    await call(procedures.domainShutdownFlags, { dom, flags: 1 })
    await call(procedures.domainDestroyFlags, { dom, flags })
  })

  it('a domain that is gone when it stops', async () => {
    const name = `${bench().prefix}-moment`
    const xml = `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os></domain>`
    const { dom } = await call(procedures.domainCreateXml, { xmlDesc: xml, flags: 1 })
    expect(await python(`dom('${dom.uuid}').isPersistent()`)).toBe(0)
    await call(procedures.domainDestroyFlags, { dom, flags })
    await bench().sameError(call(procedures.domainLookupByName, { name }), `conn.lookupByName('${name}')`)
    const { dom: defined } = await call(procedures.domainDefineXmlFlags, { xml, flags })
    await call(procedures.domainUndefineFlags, { dom: defined, flags })
    await bench().sameError(call(procedures.domainLookupByName, { name }), `conn.lookupByName('${name}')`)
  })

  it('saving its memory and going on from there', async () => {
    const { dom, path } = guest()
    const file = `${path}.save`
    const restored = async () => {
      expect(await its('state(0)')).toEqual([1, expect.any(Number)])
    }
    await call(procedures.domainCreateWithFlags, { dom, flags })
    await call(procedures.domainManagedSave, { dom, flags })
    expect((await call(procedures.domainHasManagedSaveImage, { dom, flags })).result).toBe(
      await its('hasManagedSaveImage(0)'),
    )
    await call(procedures.domainManagedSaveRemove, { dom, flags })
    expect(await its('hasManagedSaveImage(0)')).toBe(0)
    await call(procedures.domainCreateWithFlags, { dom, flags })
    await call(procedures.domainSaveFlags, { dom, to: file, dxml: undefined, flags })
    await call(procedures.domainRestoreFlags, { from: file, dxml: undefined, flags })
    await restored()
    const params = [{ field: 'file', value: file }]
    await call(procedures.domainSaveParams, { dom, params, flags })
    await call(procedures.domainRestoreParams, { params, flags })
    await restored()
    await call(procedures.domainCoreDumpWithFormat, { dom, to: `${file}.core`, dumpformat: 0, flags: 16 })
    await bench().virsh('pool-refresh', bench().lab.pool)
    for (const each of [file, `${file}.core`]) await bench().virsh('vol-delete', each)
  })

  it('devices of a running domain', async () => {
    const { dom, mac } = guest()
    const live = 1
    const second = `<interface type='network'><mac address='52:54:00:77:88:aa'/><source network='${bench().lab.network}'/><model type='virtio'/><alias name='ua-second'/></interface>`
    const third = second.replace('88:aa', '88:ab').replace('ua-second', 'ua-third')
    for (const xml of [second, third])
      await call(procedures.domainAttachDeviceFlags, { dom, xml, flags: live })
    expect(await its('XMLDesc(0)')).toContain('ua-third')
    await call(procedures.domainDetachDeviceFlags, { dom, xml: second, flags: live })
    await call(procedures.domainDetachDeviceAlias, { dom, alias: 'ua-third', flags: live })
    await call(procedures.domainSetMemoryStatsPeriod, { dom, period: 1, flags: live })
    await call(procedures.domainSendKey, { dom, codeset: 0, holdtime: 50, keycodes: [28], flags })
    await call(procedures.domainInjectNmi, { dom, flags })
    const tune = [{ field: 'total_iops_sec', value: 500 }]
    await call(procedures.domainSetBlockIoTune, { dom, disk: 'vda', params: tune, flags: live })
    const { nparams } = await call(procedures.domainGetBlockIoTune, {
      dom,
      disk: 'vda',
      nparams: 0,
      flags: 5,
    })
    const limits = await call(procedures.domainGetBlockIoTune, { dom, disk: 'vda', nparams, flags: 5 })
    expect(Object.fromEntries(limits.params.map(({ field, value }) => [field, value]))).toEqual(
      await its("blockIoTune('vda', 1)"),
    )
    const speed = [{ field: 'inbound.average', value: 1000, type: 'uint' as const }]
    await call(procedures.domainSetInterfaceParameters, { dom, device: mac, params: speed, flags: 2 })
    const found = await call(procedures.domainGetInterfaceParameters, {
      dom,
      device: mac,
      nparams: 7,
      flags: 6,
    })
    expect(Object.fromEntries(found.params.map(({ field, value }) => [field, value]))).toEqual(
      await its(`interfaceParameters('${mac}', 2)`),
    )
  })

  it('limits that need control groups', async () => {
    const { dom, theirs } = guest()
    const same = async (
      ours: Promise<{ params: readonly { field: string; value: unknown }[] }>,
      expression: string,
    ) => {
      await ours.then(
        async ({ params }) =>
          expect(Object.fromEntries(params.map(({ field, value }) => [field, value]))).toEqual(
            await python(`${theirs}.${expression}`),
          ),
        () => bench().sameError(ours, `${theirs}.${expression}`),
      )
    }
    await same(
      call(procedures.domainGetMemoryParameters, { dom, nparams: 3, flags: 4 }),
      'memoryParameters(0)',
    )
    await same(
      call(procedures.domainGetSchedulerParametersFlags, { dom, nparams: 9, flags: 4 }),
      'schedulerParametersFlags(0)',
    )
    const hard = [{ field: 'hard_limit', value: 1024 * 1024 }]
    await call(procedures.domainSetMemoryParameters, { dom, params: hard, flags: 2 })
    expect(await its('memoryParameters(2)')).toMatchObject({ hard_limit: 1024 * 1024 })
    const shares = [{ field: 'cpu_shares', value: 512 }]
    await call(procedures.domainSetSchedulerParametersFlags, { dom, params: shares, flags: 2 })
    expect(await its('schedulerParametersFlags(2)')).toMatchObject({ cpu_shares: 512 })
  })
}
