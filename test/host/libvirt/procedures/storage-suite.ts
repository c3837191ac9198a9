/** Storage pools, volumes and networks. */
import { expect, it } from 'vitest'
import { type Connection, procedures } from '../../../../src/libvirt/index.js'
import { type Bench, steady } from './bench.js'

export function storageSuite(bench: () => Bench): void {
  const call: Connection['call'] = (...args) => bench().connection.call(...args)
  const python = (expression: string) => bench().python(expression)
  const poolXml = (name: string) =>
    `<pool type='dir'><name>${name}</name><target><path>${bench().lab.poolPath}/${name}</path></target></pool>`

  it('storage pools', async () => {
    const name = `${bench().prefix}-pool`
    const theirs = `pool('${name}')`
    const { pool } = await call(procedures.storagePoolDefineXml, { xml: poolXml(name), flags: 0 })
    expect((await call(procedures.storagePoolLookupByName, { name })).pool).toEqual(pool)
    expect((await call(procedures.storagePoolLookupByUuid, { uuid: pool.uuid })).pool).toEqual(pool)
    expect((await call(procedures.storagePoolGetXmlDesc, { pool, flags: 0 })).xml).toBe(
      await python(`${theirs}.XMLDesc(0)`),
    )
    await call(procedures.storagePoolBuild, { pool, flags: 0 })
    await call(procedures.storagePoolCreate, { pool, flags: 0 })
    const path = `${bench().lab.poolPath}/${name}`
    expect((await call(procedures.storagePoolLookupByTargetPath, { path })).pool).toEqual(pool)
    const { pools } = await call(procedures.connectListAllStoragePools, { needResults: 1, flags: 0 })
    expect(pools.map((each) => each.name).toSorted()).toEqual(
      ((await python('conn.listAllStoragePools(0)')) as string[]).toSorted(),
    )
    const info = await call(procedures.storagePoolGetInfo, { pool })
    expect([info.state, info.capacity]).toEqual(((await python(`${theirs}.info()`)) as number[]).slice(0, 2))
    expect((await call(procedures.storagePoolIsActive, { pool })).active).toBe(
      await python(`${theirs}.isActive()`),
    )
    expect((await call(procedures.storagePoolIsPersistent, { pool })).persistent).toBe(
      await python(`${theirs}.isPersistent()`),
    )
    await call(procedures.storagePoolSetAutostart, { pool, autostart: 1 })
    expect(await python(`${theirs}.autostart()`)).toBe(1)
    expect((await call(procedures.storagePoolGetAutostart, { pool })).autostart).toBe(1)
    await call(procedures.storagePoolRefresh, { pool, flags: 0 })
    await call(procedures.storagePoolDestroy, { pool })
    expect(await python(`${theirs}.isActive()`)).toBe(0)
    await call(procedures.storagePoolDelete, { pool, flags: 0 })
    await call(procedures.storagePoolUndefine, { pool })
    await bench().sameError(call(procedures.storagePoolLookupByName, { name }), theirs)
    expect((await call(procedures.connectGetStoragePoolCapabilities, { flags: 0 })).capabilities).toBe(
      await python('conn.getStoragePoolCapabilities(0)'),
    )
  })

  it('a pool that is gone when it stops', async () => {
    const name = `${bench().prefix}-moment`
    const { pool: base } = await call(procedures.storagePoolLookupByName, { name: bench().lab.pool })
    expect(base.name).toBe(bench().lab.pool)
    const xml = `<pool type='dir'><name>${name}</name><target><path>/var/cache/qnav</path></target></pool>`
    const { pool } = await call(procedures.storagePoolCreateXml, { xml, flags: 0 })
    expect(await python(`pool('${name}').isPersistent()`)).toBe(0)
    await call(procedures.storagePoolDestroy, { pool })
    await bench().sameError(call(procedures.storagePoolLookupByName, { name }), `pool('${name}')`)
  })

  it('volumes', async () => {
    const { pool } = await call(procedures.storagePoolLookupByName, { name: bench().lab.pool })
    const name = `${bench().prefix}.raw`
    const path = `${bench().lab.poolPath}/${name}`
    const theirs = `vol('${path}')`
    const xml = `<volume><name>${name}</name><capacity>1048576</capacity><allocation>1048576</allocation></volume>`
    const { vol } = await call(procedures.storageVolCreateXml, { pool, xml, flags: 0 })
    expect(vol).toEqual({ pool: pool.name, name, key: path })
    expect((await call(procedures.storageVolLookupByName, { pool, name })).vol).toEqual(vol)
    expect((await call(procedures.storageVolLookupByPath, { path })).vol).toEqual(vol)
    expect((await call(procedures.storageVolLookupByKey, { key: path })).vol).toEqual(vol)
    expect((await call(procedures.storagePoolLookupByVolume, { vol })).pool).toEqual(pool)
    expect((await call(procedures.storageVolGetPath, { vol })).name).toBe(await python(`${theirs}.path()`))
    const { type, capacity, allocation } = await call(procedures.storageVolGetInfo, { vol })
    expect([type, capacity, allocation]).toEqual(await python(`${theirs}.info()`))
    const flagged = await call(procedures.storageVolGetInfoFlags, { vol, flags: 1 })
    expect([flagged.type, flagged.capacity, flagged.allocation]).toEqual(
      await python(`${theirs}.infoFlags(1)`),
    )
    expect(steady((await call(procedures.storageVolGetXmlDesc, { vol, flags: 0 })).xml)).toBe(
      steady(await python(`${theirs}.XMLDesc(0)`)),
    )
    const { vols } = await call(procedures.storagePoolListAllVolumes, { pool, needResults: 1, flags: 0 })
    expect(vols.map((each) => each.name).toSorted()).toEqual(
      ((await python(`pool('${pool.name}').listAllVolumes(0)`)) as string[]).toSorted(),
    )
    await call(procedures.storageVolResize, { vol, capacity: 2 * 1048576, flags: 0 })
    expect(((await python(`${theirs}.info()`)) as number[])[1]).toBe(2 * 1048576)
    const copyXml = `<volume><name>copy-${name}</name><capacity>2097152</capacity></volume>`
    const { vol: copy } = await call(procedures.storageVolCreateXmlFrom, {
      pool,
      xml: copyXml,
      clonevol: vol,
      flags: 0,
    })
    expect(await python(`vol('${copy.key}').name()`)).toBe(copy.name)
    await call(procedures.storageVolWipe, { vol: copy, flags: 0 })
    await call(procedures.storageVolWipePattern, { vol, algorithm: 0, flags: 0 })
    for (const each of [vol, copy]) await call(procedures.storageVolDelete, { vol: each, flags: 0 })
    await bench().sameError(call(procedures.storageVolLookupByPath, { path }), theirs)
  })

  it('networks', async () => {
    const name = `${bench().prefix}-net`
    const theirs = `net('${name}')`
    const xml = `<network><name>${name}</name><bridge stp='on' delay='0'/><ip address='192.168.199.1' netmask='255.255.255.0'><dhcp><range start='192.168.199.10' end='192.168.199.20'/></dhcp></ip></network>`
    const { net } = await call(procedures.networkDefineXml, { xml })
    expect(
      (
        await call(procedures.networkDefineXmlFlags, {
          xml: xml.replace('<name>', `<uuid>${net.uuid}</uuid><name>`),
          flags: 1,
        })
      ).net,
    ).toEqual(net)
    expect((await call(procedures.networkLookupByName, { name })).net).toEqual(net)
    expect((await call(procedures.networkLookupByUuid, { uuid: net.uuid })).net).toEqual(net)
    await call(procedures.networkCreate, { net })
    expect((await call(procedures.networkGetXmlDesc, { net, flags: 0 })).xml).toBe(
      await python(`${theirs}.XMLDesc(0)`),
    )
    const { nets } = await call(procedures.connectListAllNetworks, { needResults: 1, flags: 0 })
    expect(nets.map((each) => each.name).toSorted()).toEqual(
      ((await python('conn.listAllNetworks(0)')) as string[]).toSorted(),
    )
    expect((await call(procedures.networkGetBridgeName, { net })).name).toBe(
      await python(`${theirs}.bridgeName()`),
    )
    expect((await call(procedures.networkIsActive, { net })).active).toBe(
      await python(`${theirs}.isActive()`),
    )
    expect((await call(procedures.networkIsPersistent, { net })).persistent).toBe(
      await python(`${theirs}.isPersistent()`),
    )
    await call(procedures.networkSetAutostart, { net, autostart: 1 })
    expect(await python(`${theirs}.autostart()`)).toBe(1)
    expect((await call(procedures.networkGetAutostart, { net })).autostart).toBe(1)
    const host = `<host mac='52:54:00:00:00:01' ip='192.168.199.11'/>`
    await call(procedures.networkUpdate, {
      net,
      command: 3,
      section: 4,
      parentIndex: -1,
      xml: host,
      flags: 1,
    })
    expect(await python(`${theirs}.XMLDesc(0)`)).toContain('52:54:00:00:00:01')
    const { leases, ret } = await call(procedures.networkGetDhcpLeases, {
      net,
      mac: undefined,
      needResults: 1,
      flags: 0,
    })
    expect([leases, ret]).toEqual([await python(`${theirs}.DHCPLeases()`), 0])
    // Since libvirt 9.7; an older daemon must be told from a failure.
    const metadata = { network: net, type: 0, uri: undefined, flags: 0 }
    const set = call(procedures.networkSetMetadata, { ...metadata, metadata: 'ours', key: undefined })
    await set.then(
      async () => expect((await call(procedures.networkGetMetadata, metadata)).metadata).toBe('ours'),
      async (error: unknown) => {
        expect(error).toMatchObject({ kind: 'too-old', message: expect.stringContaining('9.7') })
        await expect(call(procedures.networkGetMetadata, metadata)).rejects.toMatchObject({ kind: 'too-old' })
      },
    )
    await call(procedures.networkDestroy, { net })
    expect(await python(`${theirs}.isActive()`)).toBe(0)
    await call(procedures.networkUndefine, { net })
    await bench().sameError(call(procedures.networkLookupByName, { name }), theirs)
    const { net: moment } = await call(procedures.networkCreateXml, { xml })
    expect(await python(`${theirs}.isPersistent()`)).toBe(0)
    await call(procedures.networkDestroy, { net: moment })
  })
}
