/** Sessions and the host itself. */
import { proc } from '../procedure.js'
import { NamedValue, TypedParam } from '../types.js'
import { chars, i32, list, opaque, optional, text, u32, u64 } from '../xdr.js'

export const connectionProcedures = {
  /** How the daemon wants to be authenticated with: 0 none, 1 SASL, 2 polkit. The first call of a session. */
  authList: proc(66, 'auth_list', {}, { types: list(i32) }, { high: true }),
  /** Asks polkit about the process at the other end of the socket. Errors: denied (no agent, or not in group libvirt). */
  authPolkit: proc(70, 'auth_polkit', {}, { complete: i32 }, { high: true }),
  /** Begins SASL; gives the mechanisms, separated by commas. */
  authSaslInit: proc(67, 'auth_sasl_init', {}, { mechlist: text }, { high: true }),
  /** Opens the hypervisor. Once per session; `flags` 1 is read-only. */
  connectOpen: proc(1, 'connect_open', { name: optional(text), flags: u32 }, {}, { high: true }),
  /** Ends the session politely. */
  connectClose: proc(2, 'connect_close', {}, {}, { high: true }),
  /** Whether the daemon has a feature (`enums.Feature`). Keepalive must be asked before connect_open. */
  connectSupportsFeature: proc(
    60,
    'connect_supports_feature',
    { feature: i32 },
    { supported: i32 },
    { high: true },
  ),
  /** The hypervisor driver's name, such as QEMU. */
  connectGetType: proc(3, 'connect_get_type', {}, { type: text }, { high: true }),
  /** Version of the hypervisor: major × 1,000,000 + minor × 1,000 + release. */
  connectGetVersion: proc(4, 'connect_get_version', {}, { hvVer: u64 }, { high: true }),
  /** Version of libvirt itself, in the same form. */
  connectGetLibVersion: proc(157, 'connect_get_lib_version', {}, { libVer: u64 }, { high: true }),
  /** The host's name, as its libvirt knows it. */
  connectGetHostname: proc(59, 'connect_get_hostname', {}, { hostname: text }, { high: true }),
  /** The URI that was opened, in its canonical form. */
  connectGetUri: proc(110, 'connect_get_uri', {}, { uri: text }, { high: true }),
  /** XML: CPU, NUMA, security models, guests that can run. */
  connectGetCapabilities: proc(7, 'connect_get_capabilities', {}, { capabilities: text }),
  /** XML: SMBIOS of the host. */
  connectGetSysinfo: proc(203, 'connect_get_sysinfo', { flags: u32 }, { sysinfo: text }, { high: true }),
  /** The most virtual CPUs that a domain of a type (such as "qemu") may have. */
  connectGetMaxVcpus: proc(
    5,
    'connect_get_max_vcpus',
    { type: optional(text) },
    { maxVcpus: i32 },
    { high: true },
  ),
  /** XML: what a domain with this emulator, architecture, machine and type may have. */
  connectGetDomainCapabilities: proc(
    342,
    'connect_get_domain_capabilities',
    {
      emulatorbin: optional(text),
      arch: optional(text),
      machine: optional(text),
      virttype: optional(text),
      flags: u32,
    },
    { capabilities: text },
  ),
  /** 1 when nobody can listen in between client and daemon. */
  connectIsSecure: proc(149, 'connect_is_secure', {}, { secure: i32 }, { high: true }),
  /** Asks to be told when the daemon loses its own connection to the hypervisor. */
  connectRegisterCloseCallback: proc(360, 'connect_register_close_callback', {}, {}, { high: true }),
  /** Says on whose behalf the session acts; only for the privileged. */
  connectSetIdentity: proc(419, 'connect_set_identity', { params: list(TypedParam), flags: u32 }, {}),
  /** CPU model and counts, memory in KiB, MHz. */
  nodeGetInfo: proc(
    6,
    'node_get_info',
    {},
    {
      model: chars(32),
      memory: u64,
      cpus: i32,
      mhz: i32,
      nodes: i32,
      sockets: i32,
      cores: i32,
      threads: i32,
    },
    { high: true },
  ),
  /** Free memory of the host in bytes; caches are not counted as free. */
  nodeGetFreeMemory: proc(102, 'node_get_free_memory', {}, { freeMem: u64 }, { high: true }),
  /** Free memory of NUMA cells in bytes. */
  nodeGetCellsFreeMemory: proc(
    101,
    'node_get_cells_free_memory',
    { startCell: i32, maxcells: i32 },
    { cells: list(u64) },
    { high: true },
  ),
  /** Nanoseconds that CPUs spent (kernel, user, idle, iowait); `cpuNum` -1 is all. Ask with `nparams` 0 first, then with the exact count. */
  nodeGetCpuStats: proc(
    227,
    'node_get_cpu_stats',
    { cpuNum: i32, nparams: i32, flags: u32 },
    { params: list(NamedValue), nparams: i32 },
    { high: true },
  ),
  /** Memory of the host in KiB (total, free, buffers, cached); `cellNum` -1 is all. Ask with `nparams` 0 first, then with the exact count. */
  nodeGetMemoryStats: proc(
    228,
    'node_get_memory_stats',
    { nparams: i32, cellNum: i32, flags: u32 },
    { params: list(NamedValue), nparams: i32 },
    { high: true },
  ),
  /** Bitmap of the host's CPUs that are online. */
  nodeGetCpuMap: proc(
    293,
    'node_get_cpu_map',
    { needMap: i32, needOnline: i32, flags: u32 },
    { cpumap: opaque, online: u32, ret: i32 },
  ),
  /** Name and domain of interpretation of the first security model, a character each. */
  nodeGetSecurityModel: proc(
    122,
    'node_get_security_model',
    {},
    { model: list(i32), doi: list(i32) },
    { high: true },
  ),
  /** Suspends the host for `duration` seconds (at least 60). */
  nodeSuspendForDuration: proc(
    250,
    'node_suspend_for_duration',
    { target: u32, duration: u64, flags: u32 },
    {},
  ),
  /** CPU models that libvirt knows for an architecture. */
  connectGetCpuModelNames: proc(
    312,
    'connect_get_cpu_model_names',
    { arch: text, needResults: i32, flags: u32 },
    { models: list(text), ret: i32 },
  ),
} as const
