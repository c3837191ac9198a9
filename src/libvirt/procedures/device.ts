/** Devices, resources and limits of domains. */
import { proc } from '../procedure.js'
import { Domain, TypedParam } from '../types.js'
import { i32, list, opaque, optional, text, u32, u64 } from '../xdr.js'

export const deviceProcedures = {
  /** Adds a device. `flags`: `enums.DomainModificationImpact`. */
  domainAttachDeviceFlags: proc(
    160,
    'domain_attach_device_flags',
    { dom: Domain, xml: text, flags: u32 },
    {},
  ),
  /** Asks for a device to be removed; for a running guest the event says when it is. */
  domainDetachDeviceFlags: proc(
    161,
    'domain_detach_device_flags',
    { dom: Domain, xml: text, flags: u32 },
    {},
  ),
  /** The same, by the device's alias. The event says when it is gone. */
  domainDetachDeviceAlias: proc(
    392,
    'domain_detach_device_alias',
    { dom: Domain, alias: text, flags: u32 },
    {},
  ),
  /** Changes a device: media of a drive, the network of an interface. */
  domainUpdateDeviceFlags: proc(
    174,
    'domain_update_device_flags',
    { dom: Domain, xml: text, flags: u32 },
    {},
  ),
  /** Number of virtual CPUs; `flags` with MAXIMUM (4): the most it may have. */
  domainSetVcpusFlags: proc(199, 'domain_set_vcpus_flags', { dom: Domain, nvcpus: u32, flags: u32 }, {}),
  /** That number. */
  domainGetVcpusFlags: proc(200, 'domain_get_vcpus_flags', { dom: Domain, flags: u32 }, { num: i32 }),
  /** Memory in KiB; `flags` with MAXIMUM (4): the most it may have. */
  domainSetMemoryFlags: proc(204, 'domain_set_memory_flags', { dom: Domain, memory: u64, flags: u32 }, {}),
  /** The most memory it may have, in KiB. */
  domainGetMaxMemory: proc(17, 'domain_get_max_memory', { dom: Domain }, { memory: u64 }, { high: true }),
  /** Seconds between looks at the balloon's statistics; 0 never. */
  domainSetMemoryStatsPeriod: proc(
    308,
    'domain_set_memory_stats_period',
    { dom: Domain, period: i32, flags: u32 },
    {},
  ),
  /** The host's CPUs that a virtual CPU may run on, as a bitmap. */
  domainPinVcpuFlags: proc(
    225,
    'domain_pin_vcpu_flags',
    { dom: Domain, vcpu: u32, cpumap: opaque, flags: u32 },
    {},
  ),
  /** Those bitmaps. */
  domainGetVcpuPinInfo: proc(
    230,
    'domain_get_vcpu_pin_info',
    { dom: Domain, ncpumaps: i32, maplen: i32, flags: u32 },
    { cpumaps: opaque, num: i32 },
  ),
  /** Limits of a disk: bytes and operations a second. */
  domainSetBlockIoTune: proc(
    252,
    'domain_set_block_io_tune',
    { dom: Domain, disk: text, params: list(TypedParam), flags: u32 },
    {},
  ),
  /** Those limits. Ask with `nparams` 0 first, then with the count. */
  domainGetBlockIoTune: proc(
    253,
    'domain_get_block_io_tune',
    { dom: Domain, disk: optional(text), nparams: i32, flags: u32 },
    { params: list(TypedParam), nparams: i32 },
  ),
  /** Limits of an interface: average and peak in KiB a second, burst in KiB. */
  domainSetInterfaceParameters: proc(
    256,
    'domain_set_interface_parameters',
    { dom: Domain, device: text, params: list(TypedParam), flags: u32 },
    {},
  ),
  /** Those limits. Ask with `nparams` 0 first, then with the count. */
  domainGetInterfaceParameters: proc(
    257,
    'domain_get_interface_parameters',
    { dom: Domain, device: text, nparams: i32, flags: u32 },
    { params: list(TypedParam), nparams: i32 },
  ),
  /** Limits of the host for its memory, in KiB. */
  domainSetMemoryParameters: proc(
    197,
    'domain_set_memory_parameters',
    { dom: Domain, params: list(TypedParam), flags: u32 },
    {},
  ),
  /** Those limits. Ask with `nparams` 0 first, then with the count. */
  domainGetMemoryParameters: proc(
    198,
    'domain_get_memory_parameters',
    { dom: Domain, nparams: i32, flags: u32 },
    { params: list(TypedParam), nparams: i32 },
  ),
  /** Weight and quota of its CPU time; microseconds. */
  domainSetSchedulerParametersFlags: proc(
    219,
    'domain_set_scheduler_parameters_flags',
    { dom: Domain, params: list(TypedParam), flags: u32 },
    {},
  ),
  /** Those values. */
  domainGetSchedulerParametersFlags: proc(
    223,
    'domain_get_scheduler_parameters_flags',
    { dom: Domain, nparams: i32, flags: u32 },
    { params: list(TypedParam) },
  ),
} as const
