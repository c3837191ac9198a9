/** Messages that a daemon sends by itself, once they were asked for. */
import { proc } from '../procedure.js'
import {
  Domain,
  GraphicsAddress,
  GraphicsIdentity,
  Network,
  NodeDevice,
  Pool,
  Secret,
  TypedParam,
} from '../types.js'
import { i32, i64, list, optional, text, u32, u64 } from '../xdr.js'

/** Messages about domains, by the names under which they are asked for. */
export const domainEvents = {
  /** Defined, started, suspended, resumed, stopped … (`enums.DomainEventType`); `detail` says how. */
  lifecycle: proc(
    318,
    'domain_event_callback_lifecycle',
    { callbackID: i32, dom: Domain, event: i32, detail: i32 },
    {},
  ),
  /** The guest restarted. */
  reboot: proc(319, 'domain_event_callback_reboot', { callbackID: i32, dom: Domain }, {}),
  /** The guest changed its clock; `offset` seconds from the host's. */
  rtcChange: proc(320, 'domain_event_callback_rtc_change', { callbackID: i32, dom: Domain, offset: i64 }, {}),
  /** The guest's watchdog fired; what was done. */
  watchdog: proc(321, 'domain_event_callback_watchdog', { callbackID: i32, dom: Domain, action: i32 }, {}),
  /** A disk failed; the guest was paused (1), or told (2), or nothing (0). */
  ioError: proc(
    322,
    'domain_event_callback_io_error',
    { callbackID: i32, dom: Domain, srcPath: text, devAlias: text, action: i32 },
    {},
  ),
  /** Somebody connected to the screen (0), got in (1), or left (2). */
  graphics: proc(
    323,
    'domain_event_callback_graphics',
    {
      callbackID: i32,
      dom: Domain,
      phase: i32,
      local: GraphicsAddress,
      remote: GraphicsAddress,
      authScheme: text,
      subject: list(GraphicsIdentity),
    },
    {},
  ),
  /** As io_error, with the reason, such as enospc. */
  ioErrorReason: proc(
    324,
    'domain_event_callback_io_error_reason',
    { callbackID: i32, dom: Domain, srcPath: text, devAlias: text, action: i32, reason: text },
    {},
  ),
  /** The domain's monitor failed. */
  controlError: proc(325, 'domain_event_callback_control_error', { callbackID: i32, dom: Domain }, {}),
  /** A job of a disk ended or is ready (`enums.DomainBlockJobType`); the disk by its path. */
  blockJob: proc(
    326,
    'domain_event_callback_block_job',
    { callbackID: i32, dom: Domain, path: text, type: i32, status: i32 },
    {},
  ),
  /** Media in a drive changed. */
  diskChange: proc(
    327,
    'domain_event_callback_disk_change',
    {
      callbackID: i32,
      dom: Domain,
      oldSrcPath: optional(text),
      newSrcPath: optional(text),
      devAlias: text,
      reason: i32,
    },
    {},
  ),
  /** A tray was opened (0) or closed (1). */
  trayChange: proc(
    328,
    'domain_event_callback_tray_change',
    { callbackID: i32, dom: Domain, devAlias: text, reason: i32 },
    {},
  ),
  /** The guest woke up. */
  pmwakeup: proc(329, 'domain_event_callback_pmwakeup', { callbackID: i32, reason: i32, dom: Domain }, {}),
  /** The guest suspended to memory. */
  pmsuspend: proc(330, 'domain_event_callback_pmsuspend', { callbackID: i32, reason: i32, dom: Domain }, {}),
  /** The guest's memory now, in KiB. */
  balloonChange: proc(
    331,
    'domain_event_callback_balloon_change',
    { callbackID: i32, dom: Domain, actual: u64 },
    {},
  ),
  /** The guest suspended to disk. */
  pmsuspendDisk: proc(
    332,
    'domain_event_callback_pmsuspend_disk',
    { callbackID: i32, reason: i32, dom: Domain },
    {},
  ),
  /** A device is gone. */
  deviceRemoved: proc(
    333,
    'domain_event_callback_device_removed',
    { callbackID: i32, dom: Domain, devAlias: text },
    {},
  ),
  /** As block_job, the disk by its target, such as vda. */
  blockJob2: proc(
    339,
    'domain_event_callback_block_job_2',
    { callbackID: i32, dom: Domain, dst: text, type: i32, status: i32 },
    {},
  ),
  /** A limit was changed. */
  tunable: proc(
    346,
    'domain_event_callback_tunable',
    { callbackID: i32, dom: Domain, params: list(TypedParam) },
    {},
  ),
  /** The guest's agent connected (1) or went away (2). */
  agentLifecycle: proc(
    348,
    'domain_event_callback_agent_lifecycle',
    { callbackID: i32, dom: Domain, state: i32, reason: i32 },
    {},
  ),
  /** A device was added. */
  deviceAdded: proc(
    354,
    'domain_event_callback_device_added',
    { callbackID: i32, dom: Domain, devAlias: text },
    {},
  ),
  /** Another pass over the memory has begun. */
  migrationIteration: proc(
    359,
    'domain_event_callback_migration_iteration',
    { callbackID: i32, dom: Domain, iteration: i32 },
    {},
  ),
  /** A job ended, with its statistics. */
  jobCompleted: proc(
    363,
    'domain_event_callback_job_completed',
    { callbackID: i32, dom: Domain, params: list(TypedParam) },
    {},
  ),
  /** The guest refused to let a device go. */
  deviceRemovalFailed: proc(
    367,
    'domain_event_callback_device_removal_failed',
    { callbackID: i32, dom: Domain, devAlias: text },
    {},
  ),
  /** Title, description or an element of a namespace changed. */
  metadataChange: proc(
    379,
    'domain_event_callback_metadata_change',
    { callbackID: i32, dom: Domain, type: i32, nsuri: optional(text) },
    {},
  ),
  /** A disk has grown beyond what was asked to be told of. */
  blockThreshold: proc(
    385,
    'domain_event_callback_block_threshold',
    { callbackID: i32, dom: Domain, dev: text, path: optional(text), threshold: u64, excess: u64 },
    {},
  ),
  /** Memory of the host failed under the guest. */
  memoryFailure: proc(
    423,
    'domain_event_callback_memory_failure',
    { callbackID: i32, dom: Domain, recipient: i32, action: i32, flags: u32 },
    {},
    { since: '6.9.0' },
  ),
  /** A virtio-mem device has another size, in KiB. */
  memoryDeviceSizeChange: proc(
    438,
    'domain_event_callback_memory_device_size_change',
    { callbackID: i32, dom: Domain, alias: text, size: u64 },
    {},
    { since: '7.9.0' },
  ),
  /** An interface has another MAC address. */
  nicMacChange: proc(
    453,
    'domain_event_callback_nic_mac_change',
    { callbackID: i32, dom: Domain, alias: text, oldMAC: text, newMAC: text },
    {},
    { since: '11.2.0' },
  ),
} as const

/** Messages about networks. */
export const networkEvents = {
  /** Defined 0, undefined 1, started 2, stopped 3. */
  networkLifecycle: proc(
    315,
    'network_event_lifecycle',
    { callbackID: i32, net: Network, event: i32, detail: i32 },
    {},
  ),
} as const

/** Messages about storage pools. */
export const storagePoolEvents = {
  /** Defined 0, undefined 1, started 2, stopped 3, created 4, deleted 5. */
  storagePoolLifecycle: proc(
    370,
    'storage_pool_event_lifecycle',
    { callbackID: i32, pool: Pool, event: i32, detail: i32 },
    {},
  ),
  /** Its files were looked at again. */
  storagePoolRefresh: proc(373, 'storage_pool_event_refresh', { callbackID: i32, pool: Pool }, {}),
} as const

/** Messages about devices of the host. */
export const nodeDeviceEvents = {
  /** Created 0, deleted 1, defined 2, undefined 3. */
  nodeDeviceLifecycle: proc(
    376,
    'node_device_event_lifecycle',
    { callbackID: i32, dev: NodeDevice, event: i32, detail: i32 },
    {},
  ),
  /** It changed. */
  nodeDeviceUpdate: proc(377, 'node_device_event_update', { callbackID: i32, dev: NodeDevice }, {}),
} as const

/** Messages about secrets. */
export const secretEvents = {
  /** Defined 0, undefined 1. */
  secretLifecycle: proc(
    382,
    'secret_event_lifecycle',
    { callbackID: i32, secret: Secret, event: i32, detail: i32 },
    {},
  ),
  /** Its value was set. */
  secretValueChanged: proc(383, 'secret_event_value_changed', { callbackID: i32, secret: Secret }, {}),
} as const

/** Sent after connectRegisterCloseCallback; 0 error, 1 end of file, 2 keepalive, 3 client. */
export const connectionEvents = {
  /** The daemon lost the hypervisor. */
  connectionClosed: proc(362, 'connect_event_connection_closed', { reason: i32 }, {}),
} as const
