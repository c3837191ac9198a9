/** The composite types of libvirt's remote protocol (remote_protocol.x), as codecs. */
import {
  type Codec,
  i32,
  i64,
  list,
  type Of,
  optional,
  ProtocolError,
  struct,
  text,
  u32,
  u64,
  uuid,
} from './xdr.js'

/** A domain; found by uuid alone, so `{ name: '', uuid, id: -1 }` names it in every call. */
export const Domain = struct({ name: text, uuid, id: i32 })
export const Network = struct({ name: text, uuid })
export const Pool = struct({ name: text, uuid })
export const Volume = struct({ pool: text, name: text, key: text })
export const Snapshot = struct({ name: text, dom: Domain })
/** Found by name alone. */
export const NodeDevice = struct({ name: text })
export const Interface = struct({ name: text, mac: text })
export const NwFilter = struct({ name: text, uuid })
/** `usageType`: 0 none, 1 volume, 2 ceph, 3 iscsi, 4 tls, 5 vtpm. */
export const Secret = struct({ uuid, usageType: i32, usageID: text })
export const Checkpoint = struct({ name: text, dom: Domain })
export type Domain = Of<typeof Domain>
export type Network = Of<typeof Network>
export type Pool = Of<typeof Pool>
export type Volume = Of<typeof Volume>
export type Snapshot = Of<typeof Snapshot>

/** A domain by its uuid. */
export function domainOf(id: string): Domain {
  return { name: '', uuid: id, id: -1 }
}

export type TypedValue = number | string | boolean

/** virTypedParameter: a name and a value of one of seven types. */
export interface TypedParam {
  field: string
  value: TypedValue
  /** For sending: libvirt refuses a parameter of another type than it expects. By default as the value looks. */
  type?: TypedParamType
}

const paramTypes = { int: 1, uint: 2, llong: 3, ullong: 4, double: 5, boolean: 6, string: 7 } as const
export type TypedParamType = keyof typeof paramTypes

export const TypedParam: Codec<TypedParam> = {
  read(from) {
    const field = from.text()
    const type = from.u32()
    switch (type) {
      case paramTypes.int:
        return { field, value: from.i32() }
      case paramTypes.uint:
        return { field, value: from.u32() }
      case paramTypes.llong:
        return { field, value: i64.read(from) }
      case paramTypes.ullong:
        return { field, value: u64.read(from) }
      case paramTypes.double:
        return { field, value: from.double() }
      case paramTypes.boolean:
        return { field, value: from.i32() !== 0 }
      case paramTypes.string:
        return { field, value: from.text() }
      default:
        throw new ProtocolError(`typed parameter "${field}" has unknown type ${type}`)
    }
  },
  /** Without a type, text goes as text, whole numbers as unsigned 64-bit (signed when negative), others as double. */
  write(to, { field, value, type = usualType(value) }) {
    text.write(to, field)
    to.u32(paramTypes[type])
    switch (type) {
      case 'int':
        to.i32(Number(value))
        break
      case 'uint':
        to.u32(Number(value))
        break
      case 'llong':
        i64.write(to, Number(value))
        break
      case 'ullong':
        u64.write(to, Number(value))
        break
      case 'double':
        to.double(Number(value))
        break
      case 'boolean':
        to.i32(value ? 1 : 0)
        break
      case 'string':
        text.write(to, String(value))
    }
  },
}

function usualType(value: TypedValue): TypedParamType {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'boolean'
  if (!Number.isSafeInteger(value)) return 'double'
  return value < 0 ? 'llong' : 'ullong'
}

export const StatsRecord = struct({ dom: Domain, params: list(TypedParam) })
/** virDomainMemoryStatStruct: `tag` 0 swap-in, 1 swap-out, 2 major faults, 3 minor faults, 4 unused, 5 available, 6 balloon, 7 RSS, … */
export const MemoryStat = struct({ tag: i32, val: u64 })
/** `state` 0 offline, 1 running, 2 blocked; `cpuTime` in nanoseconds; `cpu` of the host, -1 when it is off. */
export const VcpuInfo = struct({ number: u32, state: i32, cpuTime: u64, cpu: i32 })
export const DiskError = struct({ disk: text, error: i32 })
export const FileSystem = struct({ mountpoint: text, name: text, fstype: text, disks: list(text) })
export const GraphicsAddress = struct({ family: i32, node: text, service: text })
export const GraphicsIdentity = struct({ type: text, name: text })
export const NamedValue = struct({ field: text, value: u64 })
export const InterfaceAddress = struct({ type: i32, addr: text, prefix: u32 })
export const DomainInterface = struct({ name: text, hwaddr: optional(text), addrs: list(InterfaceAddress) })
export const DhcpLease = struct({
  iface: text,
  expirytime: i64,
  type: i32,
  mac: optional(text),
  iaid: optional(text),
  ipaddr: text,
  prefix: u32,
  hostname: optional(text),
  clientid: optional(text),
})

/** The payload of a reply with status 1. */
export const RemoteError = struct({
  code: i32,
  domain: i32,
  message: optional(text),
  level: i32,
  dom: optional(Domain),
  str1: optional(text),
  str2: optional(text),
  str3: optional(text),
  int1: i32,
  int2: i32,
  net: optional(Network),
})
