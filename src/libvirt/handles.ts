/**
 * Things of a hypervisor with every procedure about them as a method: `domain(connection, uuid).getState()`. Made from the
 * table, so that nothing is left out; what a method does, its units and errors stand at its row there.
 */
import type { CallOptions, Connection } from './connection.js'
import type { DataStream } from './data-stream.js'
import type { Procedure } from './procedure.js'
import { procedures } from './procedures/index.js'
import { streamProcedures } from './procedures/stream.js'
import {
  type Checkpoint,
  domainOf,
  type Interface,
  type Network,
  type NwFilter,
  type Pool,
  type Secret,
  type Snapshot,
  type Volume,
} from './types.js'
import type { Of } from './xdr.js'

type Table = typeof procedures
type Streams = typeof streamProcedures
type ArgsOf<P> = P extends Procedure<infer A, unknown> ? A : never
type ReplyOf<P> = P extends { reply: infer C } ? Of<C> : never

/** What is left to say once the thing itself is known; flags are 0 when left out. */
type Rest<A, Key extends string> = Omit<A, Key | 'flags'> &
  ('flags' extends keyof A ? { flags?: number } : unknown)
type Result<P> = P extends Streams[keyof Streams] ? { reply: ReplyOf<P>; data: DataStream } : ReplyOf<P>
type Method<P, Key extends string> = keyof Omit<ArgsOf<P>, Key | 'flags'> extends never
  ? (args?: Rest<ArgsOf<P>, Key>, options?: CallOptions) => Promise<Result<P>>
  : (args: Rest<ArgsOf<P>, Key>, options?: CallOptions) => Promise<Result<P>>

type Shorter<Name extends string, Prefix extends string> = Name extends `${Prefix}${infer Tail}`
  ? Uncapitalize<Tail>
  : never
type NameOf<
  Name extends string,
  First extends string,
  Second extends string,
> = Name extends `${First}${string}`
  ? Shorter<Name, First>
  : Name extends `${Second}${string}`
    ? Shorter<Name, Second>
    : Name

/** Every procedure whose arguments have `Key`, without the prefix that says what it is about. */
type About<Key extends string, First extends string, Second extends string = First> = {
  readonly [Name in keyof Table & string as Key extends keyof ArgsOf<Table[Name]>
    ? NameOf<Name, First, Second>
    : never]: Method<Table[Name], Key>
}

export type DomainHandle = About<'dom', 'domain'>
export type SnapshotHandle = About<'snap', 'domainSnapshot', 'domain'> & About<'snapshot', 'domainSnapshot'>
export type CheckpointHandle = About<'checkpoint', 'domainCheckpoint'>
export type PoolHandle = About<'pool', 'storagePool', 'storage'>
export type VolumeHandle = About<'vol', 'storageVol', 'storage'>
export type NetworkHandle = About<'net', 'network'> & About<'network', 'network'>
export type SecretHandle = About<'secret', 'secret'>
export type NwFilterHandle = About<'nwfilter', 'nwfilter'>
export type InterfaceHandle = About<'iface', 'interface'>

/** A domain by its UUID; nothing has to be looked up first. */
export function domain(connection: Connection, uuid: string): DomainHandle {
  return about(connection, { dom: domainOf(uuid) }, ['domain']) as unknown as DomainHandle
}

export function snapshot(connection: Connection, of: Snapshot): SnapshotHandle {
  return about(connection, { snap: of, snapshot: of }, [
    'domainSnapshot',
    'domain',
  ]) as unknown as SnapshotHandle
}

export function checkpoint(connection: Connection, of: Of<typeof Checkpoint>): CheckpointHandle {
  return about(connection, { checkpoint: of }, ['domainCheckpoint']) as unknown as CheckpointHandle
}

export function pool(connection: Connection, of: Pool): PoolHandle {
  return about(connection, { pool: of }, ['storagePool', 'storage']) as unknown as PoolHandle
}

export function volume(connection: Connection, of: Volume): VolumeHandle {
  return about(connection, { vol: of }, ['storageVol', 'storage']) as unknown as VolumeHandle
}

export function network(connection: Connection, of: Network): NetworkHandle {
  return about(connection, { net: of, network: of }, ['network']) as unknown as NetworkHandle
}

export function secret(connection: Connection, of: Of<typeof Secret>): SecretHandle {
  return about(connection, { secret: of }, ['secret']) as unknown as SecretHandle
}

export function nwfilter(connection: Connection, of: Of<typeof NwFilter>): NwFilterHandle {
  return about(connection, { nwfilter: of }, ['nwfilter']) as unknown as NwFilterHandle
}

export function hostInterface(connection: Connection, of: Of<typeof Interface>): InterfaceHandle {
  return about(connection, { iface: of }, ['interface']) as unknown as InterfaceHandle
}

type AnyProcedure = Procedure<unknown, unknown>

/** The methods; the types above say the same of the same table. */
function about(
  connection: Connection,
  known: Readonly<Record<string, unknown>>,
  prefixes: readonly string[],
): Record<string, unknown> {
  const methods: Record<string, unknown> = {}
  for (const [name, procedure] of Object.entries(procedures) as [string, AnyProcedure][]) {
    const key = procedure.argNames.find((each) => each in known)
    if (key === undefined) continue
    const usual = { [key]: known[key], ...(procedure.argNames.includes('flags') ? { flags: 0 } : {}) }
    const isStream = name in streamProcedures
    methods[shorter(name, prefixes)] = (args: object = {}, options?: CallOptions) =>
      isStream
        ? connection.stream(procedure, { ...usual, ...args }, options)
        : connection.call(procedure, { ...usual, ...args }, options)
  }
  return methods
}

function shorter(name: string, prefixes: readonly string[]): string {
  const prefix = prefixes.find((each) => name.startsWith(each))
  if (prefix === undefined) return name
  const tail = name.slice(prefix.length)
  return `${tail.charAt(0).toLowerCase()}${tail.slice(1)}`
}
