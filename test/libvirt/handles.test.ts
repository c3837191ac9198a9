import { describe, expect, expectTypeOf, it } from 'vitest'
import { Connection, handles, procedures } from '../../src/libvirt/index.js'
import { FakeDaemon } from './fake-daemon.js'

const uuid = '11111111-2222-3333-4444-555555555555'

async function aConnection(): Promise<{ daemon: FakeDaemon; connection: Connection }> {
  const daemon = new FakeDaemon()
  return { daemon, connection: await Connection.open({ stream: daemon.stream, uri: 'test:///default' }) }
}

describe('a handle', () => {
  it('names its thing in every call, with flags 0 unless others are given', async () => {
    const { daemon, connection } = await aConnection()
    const seen: unknown[] = []
    daemon.reply(procedures.domainGetState, (args) => {
      seen.push(args)
      return { state: 1, reason: 1 }
    })
    const vm = handles.domain(connection, uuid)
    expect(await vm.getState()).toEqual({ state: 1, reason: 1 })
    await vm.getState({ flags: 4 })
    expect(seen).toMatchObject([
      { dom: { uuid }, flags: 0 },
      { dom: { uuid }, flags: 4 },
    ])
  })

  it('wants what a procedure needs, and gives what it answers', async () => {
    const { connection } = await aConnection()
    const vm = handles.domain(connection, uuid)
    expectTypeOf(vm.setMemoryFlags).parameter(0).toEqualTypeOf<{ memory: number } & { flags?: number }>
    expectTypeOf(vm.getXmlDesc).returns.resolves.toEqualTypeOf<{ readonly xml: string }>
    // @ts-expect-error: memory is missing
    await expect(vm.setMemoryFlags({})).rejects.toThrow(TypeError)
  })

  it('has every procedure about its kind of thing, and nothing else', async () => {
    const { connection } = await aConnection()
    const about = (...keys: string[]) =>
      Object.values(procedures).filter(({ argNames }) => argNames.some((name) => keys.includes(name))).length
    const size = (handle: object) => Object.keys(handle).length
    const dom = { name: '', uuid, id: -1 }
    expect(size(handles.domain(connection, uuid))).toBe(about('dom'))
    expect(size(handles.snapshot(connection, { name: 's', dom }))).toBe(about('snap', 'snapshot'))
    expect(size(handles.checkpoint(connection, { name: 'c', dom }))).toBe(about('checkpoint'))
    expect(size(handles.pool(connection, { name: 'p', uuid }))).toBe(about('pool'))
    expect(size(handles.volume(connection, { pool: 'p', name: 'v', key: '/v' }))).toBe(about('vol'))
    expect(size(handles.network(connection, { name: 'n', uuid }))).toBe(about('net', 'network'))
    expect(size(handles.secret(connection, { uuid, usageType: 1, usageID: 'u' }))).toBe(about('secret'))
    expect(size(handles.nwfilter(connection, { name: 'f', uuid }))).toBe(about('nwfilter'))
    expect(size(handles.hostInterface(connection, { name: 'i', mac: '' }))).toBe(about('iface'))
  })
})
