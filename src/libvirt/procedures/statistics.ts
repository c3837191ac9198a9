/** What domains use and do. */
import { proc } from '../procedure.js'
import { DiskError, Domain, MemoryStat, StatsRecord, TypedParam, VcpuInfo } from '../types.js'
import { i32, i64, list, opaque, text, u32, u64 } from '../xdr.js'

export const statisticsProcedures = {
  /** Statistics of all domains (or those named) in one call. `stats`: `enums.DomainStatsTypes`; `flags`: `enums.ConnectGetAllDomainStatsFlags`. */
  connectGetAllDomainStats: proc(
    344,
    'connect_get_all_domain_stats',
    { doms: list(Domain), stats: u32, flags: u32 },
    { retStats: list(StatsRecord) },
    { since: '1.2.8' },
  ),
  /** Balloon and memory as the guest sees it, in KiB, by tag. */
  domainMemoryStats: proc(
    159,
    'domain_memory_stats',
    { dom: Domain, maxStats: u32, flags: u32 },
    { stats: list(MemoryStat) },
  ),
  /** Nanoseconds of CPU time, in all (`start_cpu` -1, `ncpus` 1) or by CPU. */
  domainGetCpuStats: proc(
    262,
    'domain_get_cpu_stats',
    { dom: Domain, nparams: u32, startCpu: i32, ncpus: u32, flags: u32 },
    { params: list(TypedParam), nparams: i32 },
  ),
  /** Requests, bytes and nanoseconds of a disk. Ask with `nparams` 0 first, then with the count. */
  domainBlockStatsFlags: proc(
    243,
    'domain_block_stats_flags',
    { dom: Domain, path: text, nparams: i32, flags: u32 },
    { params: list(TypedParam), nparams: i32 },
  ),
  /** Bytes, packets, errors and drops of an interface (its device on the host, or its MAC address). */
  domainInterfaceStats: proc(
    65,
    'domain_interface_stats',
    { dom: Domain, device: text },
    {
      rxBytes: i64,
      rxPackets: i64,
      rxErrs: i64,
      rxDrop: i64,
      txBytes: i64,
      txPackets: i64,
      txErrs: i64,
      txDrop: i64,
    },
    { high: true },
  ),
  /** Bytes that a disk may grow to, holds, and takes on the host. */
  domainGetBlockInfo: proc(
    194,
    'domain_get_block_info',
    { dom: Domain, path: text, flags: u32 },
    { allocation: u64, capacity: u64, physical: u64 },
  ),
  /** State and nanoseconds of each virtual CPU, and the host's CPUs it may use. */
  domainGetVcpus: proc(
    20,
    'domain_get_vcpus',
    { dom: Domain, maxinfo: i32, maplen: i32 },
    { info: list(VcpuInfo), cpumaps: opaque },
    { high: true },
  ),
  /** Disks that failed: 1 unspecified, 2 no space. */
  domainGetDiskErrors: proc(
    263,
    'domain_get_disk_errors',
    { dom: Domain, maxerrors: u32, flags: u32 },
    { errors: list(DiskError), nerrors: i32 },
  ),
  /** The job under way: milliseconds and bytes, done and left. */
  domainGetJobInfo: proc(
    163,
    'domain_get_job_info',
    { dom: Domain },
    {
      type: i32,
      timeElapsed: u64,
      timeRemaining: u64,
      dataTotal: u64,
      dataProcessed: u64,
      dataRemaining: u64,
      memTotal: u64,
      memProcessed: u64,
      memRemaining: u64,
      fileTotal: u64,
      fileProcessed: u64,
      fileRemaining: u64,
    },
  ),
  /** The same as typed parameters; `flags` 1: of the job that ended last. */
  domainGetJobStats: proc(
    298,
    'domain_get_job_stats',
    { dom: Domain, flags: u32 },
    { type: i32, params: list(TypedParam) },
  ),
} as const
