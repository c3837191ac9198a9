/** The procedures that are used, by libvirt's names (REMOTE_PROC_…); numbers and layouts are part of its stable protocol. */
import { proc } from './procedure.js'
import {
  DhcpLease,
  Domain,
  DomainInterface,
  NamedValue,
  Network,
  Pool,
  Snapshot,
  StatsRecord,
  TypedParam,
  Volume,
} from './types.js'
import { chars, i32, list, optional, text, u32, u64, uuid } from './xdr.js'

const high = { high: true }

export const procedures = {
  // Connection
  authList: proc(66, 'auth_list', {}, { types: list(i32) }, high),
  authPolkit: proc(70, 'auth_polkit', {}, { complete: i32 }, high),
  connectOpen: proc(1, 'connect_open', { name: optional(text), flags: u32 }, {}, high),
  connectClose: proc(2, 'connect_close', {}, {}, high),
  connectSupportsFeature: proc(60, 'connect_supports_feature', { feature: i32 }, { supported: i32 }, high),
  connectGetType: proc(3, 'connect_get_type', {}, { type: text }, high),
  connectGetVersion: proc(4, 'connect_get_version', {}, { hvVer: u64 }, high),
  connectGetLibVersion: proc(157, 'connect_get_lib_version', {}, { libVer: u64 }, high),
  connectGetHostname: proc(59, 'connect_get_hostname', {}, { hostname: text }, high),
  connectGetCapabilities: proc(7, 'connect_get_capabilities', {}, { capabilities: text }),

  // Host
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
    high,
  ),
  nodeGetFreeMemory: proc(102, 'node_get_free_memory', {}, { freeMem: u64 }, high),
  nodeGetMemoryStats: proc(
    228,
    'node_get_memory_stats',
    { nparams: i32, cellNum: i32, flags: u32 },
    { params: list(NamedValue), nparams: i32 },
    high,
  ),

  // Domains
  connectListAllDomains: proc(
    273,
    'connect_list_all_domains',
    { needResults: i32, flags: u32 },
    { domains: list(Domain), ret: u32 },
    high,
  ),
  domainLookupByName: proc(23, 'domain_lookup_by_name', { name: text }, { dom: Domain }, high),
  domainLookupByUuid: proc(24, 'domain_lookup_by_uuid', { uuid }, { dom: Domain }, high),
  domainGetState: proc(
    212,
    'domain_get_state',
    { dom: Domain, flags: u32 },
    { state: i32, reason: i32 },
    high,
  ),
  domainGetXmlDesc: proc(14, 'domain_get_xml_desc', { dom: Domain, flags: u32 }, { xml: text }),
  domainIsPersistent: proc(151, 'domain_is_persistent', { dom: Domain }, { persistent: i32 }, high),
  domainGetAutostart: proc(15, 'domain_get_autostart', { dom: Domain }, { autostart: i32 }, high),
  domainSetAutostart: proc(29, 'domain_set_autostart', { dom: Domain, autostart: i32 }, {}, high),
  domainGetMetadata: proc(
    265,
    'domain_get_metadata',
    { dom: Domain, type: i32, uri: optional(text), flags: u32 },
    { metadata: text },
  ),
  domainSetMetadata: proc(
    264,
    'domain_set_metadata',
    {
      dom: Domain,
      type: i32,
      metadata: optional(text),
      key: optional(text),
      uri: optional(text),
      flags: u32,
    },
    {},
  ),
  domainDefineXmlFlags: proc(
    350,
    'domain_define_xml_flags',
    { xml: text, flags: u32 },
    { dom: Domain },
    high,
  ),
  domainCreateWithFlags: proc(196, 'domain_create_with_flags', { dom: Domain, flags: u32 }, { dom: Domain }),
  domainShutdownFlags: proc(258, 'domain_shutdown_flags', { dom: Domain, flags: u32 }, {}),
  domainReboot: proc(27, 'domain_reboot', { dom: Domain, flags: u32 }, {}),
  domainDestroyFlags: proc(234, 'domain_destroy_flags', { dom: Domain, flags: u32 }, {}, high),
  domainResume: proc(28, 'domain_resume', { dom: Domain }, {}),
  domainSuspend: proc(34, 'domain_suspend', { dom: Domain }, {}),
  domainUndefineFlags: proc(231, 'domain_undefine_flags', { dom: Domain, flags: u32 }, {}, high),
  domainHasManagedSaveImage: proc(
    183,
    'domain_has_managed_save_image',
    { dom: Domain, flags: u32 },
    { result: i32 },
  ),
  connectGetAllDomainStats: proc(
    344,
    'connect_get_all_domain_stats',
    { doms: list(Domain), stats: u32, flags: u32 },
    { retStats: list(StatsRecord) },
    { since: '1.2.8' },
  ),
  domainInterfaceAddresses: proc(
    353,
    'domain_interface_addresses',
    { dom: Domain, source: u32, flags: u32 },
    { ifaces: list(DomainInterface) },
    { since: '1.2.14' },
  ),
  domainScreenshot: proc(
    211,
    'domain_screenshot',
    { dom: Domain, screen: u32, flags: u32 },
    { mime: optional(text) },
  ),
  domainOpenConsole: proc(
    201,
    'domain_open_console',
    { dom: Domain, devName: optional(text), flags: u32 },
    {},
  ),

  // Snapshots
  domainSnapshotCreateXml: proc(
    185,
    'domain_snapshot_create_xml',
    { dom: Domain, xmlDesc: text, flags: u32 },
    { snap: Snapshot },
  ),
  domainSnapshotGetXmlDesc: proc(
    186,
    'domain_snapshot_get_xml_desc',
    { snap: Snapshot, flags: u32 },
    { xml: text },
    high,
  ),
  domainListAllSnapshots: proc(
    274,
    'domain_list_all_snapshots',
    { dom: Domain, needResults: i32, flags: u32 },
    { snapshots: list(Snapshot), ret: i32 },
    high,
  ),
  domainSnapshotLookupByName: proc(
    189,
    'domain_snapshot_lookup_by_name',
    { dom: Domain, name: text, flags: u32 },
    { snap: Snapshot },
    high,
  ),
  domainSnapshotIsCurrent: proc(
    271,
    'domain_snapshot_is_current',
    { snap: Snapshot, flags: u32 },
    { current: i32 },
  ),
  domainRevertToSnapshot: proc(192, 'domain_revert_to_snapshot', { snap: Snapshot, flags: u32 }, {}),
  domainSnapshotDelete: proc(193, 'domain_snapshot_delete', { snap: Snapshot, flags: u32 }, {}),

  // Storage
  connectListAllStoragePools: proc(
    281,
    'connect_list_all_storage_pools',
    { needResults: i32, flags: u32 },
    { pools: list(Pool), ret: u32 },
    high,
  ),
  storagePoolLookupByName: proc(84, 'storage_pool_lookup_by_name', { name: text }, { pool: Pool }, high),
  storagePoolLookupByVolume: proc(86, 'storage_pool_lookup_by_volume', { vol: Volume }, { pool: Pool }, high),
  storagePoolGetInfo: proc(
    87,
    'storage_pool_get_info',
    { pool: Pool },
    { state: u32, capacity: u64, allocation: u64, available: u64 },
    high,
  ),
  storagePoolGetXmlDesc: proc(
    88,
    'storage_pool_get_xml_desc',
    { pool: Pool, flags: u32 },
    { xml: text },
    high,
  ),
  storagePoolDefineXml: proc(77, 'storage_pool_define_xml', { xml: text, flags: u32 }, { pool: Pool }, high),
  storagePoolCreate: proc(78, 'storage_pool_create', { pool: Pool, flags: u32 }, {}),
  storagePoolDestroy: proc(80, 'storage_pool_destroy', { pool: Pool }, {}, high),
  storagePoolUndefine: proc(82, 'storage_pool_undefine', { pool: Pool }, {}, high),
  storagePoolRefresh: proc(83, 'storage_pool_refresh', { pool: Pool, flags: u32 }, {}),
  storagePoolGetAutostart: proc(89, 'storage_pool_get_autostart', { pool: Pool }, { autostart: i32 }, high),
  storagePoolListAllVolumes: proc(
    282,
    'storage_pool_list_all_volumes',
    { pool: Pool, needResults: i32, flags: u32 },
    { vols: list(Volume), ret: u32 },
    high,
  ),
  storageVolLookupByName: proc(
    95,
    'storage_vol_lookup_by_name',
    { pool: Pool, name: text },
    { vol: Volume },
    high,
  ),
  storageVolLookupByPath: proc(97, 'storage_vol_lookup_by_path', { path: text }, { vol: Volume }, high),
  storageVolGetInfo: proc(
    98,
    'storage_vol_get_info',
    { vol: Volume },
    { type: i32, capacity: u64, allocation: u64 },
    high,
  ),
  storageVolGetXmlDesc: proc(
    99,
    'storage_vol_get_xml_desc',
    { vol: Volume, flags: u32 },
    { xml: text },
    high,
  ),
  storageVolGetPath: proc(100, 'storage_vol_get_path', { vol: Volume }, { name: text }, high),
  storageVolCreateXml: proc(
    93,
    'storage_vol_create_xml',
    { pool: Pool, xml: text, flags: u32 },
    { vol: Volume },
  ),
  storageVolDelete: proc(94, 'storage_vol_delete', { vol: Volume, flags: u32 }, {}),
  storageVolDownload: proc(
    209,
    'storage_vol_download',
    { vol: Volume, offset: u64, length: u64, flags: u32 },
    {},
  ),
  storageVolUpload: proc(
    208,
    'storage_vol_upload',
    { vol: Volume, offset: u64, length: u64, flags: u32 },
    {},
  ),

  // Networks
  connectListAllNetworks: proc(
    283,
    'connect_list_all_networks',
    { needResults: i32, flags: u32 },
    { nets: list(Network), ret: u32 },
    high,
  ),
  networkLookupByName: proc(46, 'network_lookup_by_name', { name: text }, { net: Network }, high),
  networkGetXmlDesc: proc(43, 'network_get_xml_desc', { net: Network, flags: u32 }, { xml: text }, high),
  networkIsActive: proc(152, 'network_is_active', { net: Network }, { active: i32 }, high),
  networkGetAutostart: proc(44, 'network_get_autostart', { net: Network }, { autostart: i32 }, high),
  networkDefineXml: proc(41, 'network_define_xml', { xml: text }, { net: Network }, high),
  networkCreate: proc(39, 'network_create', { net: Network }, {}),
  networkDestroy: proc(42, 'network_destroy', { net: Network }, {}, high),
  networkUndefine: proc(49, 'network_undefine', { net: Network }, {}, high),
  networkGetDhcpLeases: proc(
    341,
    'network_get_dhcp_leases',
    { net: Network, mac: optional(text), needResults: i32, flags: u32 },
    { leases: list(DhcpLease), ret: u32 },
  ),

  // Events
  domainEventRegister: proc(
    316,
    'connect_domain_event_callback_register_any',
    { eventID: i32, dom: optional(Domain) },
    { callbackID: i32 },
    high,
  ),
  domainEventDeregister: proc(
    317,
    'connect_domain_event_callback_deregister_any',
    { callbackID: i32 },
    {},
    high,
  ),
} as const

/** Event messages: sent by the daemon once registered for. */
export const events = {
  lifecycle: proc(
    318,
    'domain_event_callback_lifecycle',
    { callbackID: i32, dom: Domain, event: i32, detail: i32 },
    {},
  ),
  reboot: proc(319, 'domain_event_callback_reboot', { callbackID: i32, dom: Domain }, {}),
  agentLifecycle: proc(
    348,
    'domain_event_callback_agent_lifecycle',
    { callbackID: i32, dom: Domain, state: i32, reason: i32 },
    {},
  ),
  tunable: proc(
    346,
    'domain_event_callback_tunable',
    { callbackID: i32, dom: Domain, params: list(TypedParam) },
    {},
  ),
} as const

/** Event ids for registration (virDomainEventID). */
export const DomainEventId = {
  lifecycle: 0,
  reboot: 1,
  tunable: 17,
  agentLifecycle: 18,
} as const satisfies Record<keyof typeof events, number>
