/** Storage pools and volumes. */
import { proc } from '../procedure.js'
import { Pool, Volume } from '../types.js'
import { i32, list, text, u32, u64, uuid } from '../xdr.js'

export const storageProcedures = {
  /** Storage pools, active or not. */
  connectListAllStoragePools: proc(
    281,
    'connect_list_all_storage_pools',
    { needResults: i32, flags: u32 },
    { pools: list(Pool), ret: u32 },
    { high: true },
  ),
  /** A pool by its exact name. Errors: not-found. */
  storagePoolLookupByName: proc(
    84,
    'storage_pool_lookup_by_name',
    { name: text },
    { pool: Pool },
    { high: true },
  ),
  /** A pool by its UUID. Errors: not-found. */
  storagePoolLookupByUuid: proc(85, 'storage_pool_lookup_by_uuid', { uuid }, { pool: Pool }, { high: true }),
  /** The pool that a volume is in. */
  storagePoolLookupByVolume: proc(
    86,
    'storage_pool_lookup_by_volume',
    { vol: Volume },
    { pool: Pool },
    { high: true },
  ),
  /** The pool that uses a directory. Errors: not-found. */
  storagePoolLookupByTargetPath: proc(
    391,
    'storage_pool_lookup_by_target_path',
    { path: text },
    { pool: Pool },
    { high: true },
  ),
  /** State (`enums.StoragePoolState`), and bytes: capacity, used, available. */
  storagePoolGetInfo: proc(
    87,
    'storage_pool_get_info',
    { pool: Pool },
    { state: u32, capacity: u64, allocation: u64, available: u64 },
    { high: true },
  ),
  /** The definition. */
  storagePoolGetXmlDesc: proc(
    88,
    'storage_pool_get_xml_desc',
    { pool: Pool, flags: u32 },
    { xml: text },
    { high: true },
  ),
  /** Defines a pool; it is not started. */
  storagePoolDefineXml: proc(
    77,
    'storage_pool_define_xml',
    { xml: text, flags: u32 },
    { pool: Pool },
    { high: true },
  ),
  /** Starts a transient pool. */
  storagePoolCreateXml: proc(76, 'storage_pool_create_xml', { xml: text, flags: u32 }, { pool: Pool }),
  /** Makes what it needs on the host: the directory, the file system. */
  storagePoolBuild: proc(79, 'storage_pool_build', { pool: Pool, flags: u32 }, {}),
  /** Starts it. */
  storagePoolCreate: proc(78, 'storage_pool_create', { pool: Pool, flags: u32 }, {}),
  /** Stops it; its data stays. */
  storagePoolDestroy: proc(80, 'storage_pool_destroy', { pool: Pool }, {}, { high: true }),
  /** Deletes its data. */
  storagePoolDelete: proc(81, 'storage_pool_delete', { pool: Pool, flags: u32 }, {}),
  /** Removes the definition of a stopped pool. */
  storagePoolUndefine: proc(82, 'storage_pool_undefine', { pool: Pool }, {}, { high: true }),
  /** Looks at its files again: libvirt does not notice what others put there. */
  storagePoolRefresh: proc(83, 'storage_pool_refresh', { pool: Pool, flags: u32 }, {}),
  /** 1 when it starts with the host. */
  storagePoolGetAutostart: proc(
    89,
    'storage_pool_get_autostart',
    { pool: Pool },
    { autostart: i32 },
    { high: true },
  ),
  /** Sets whether it starts with the host. */
  storagePoolSetAutostart: proc(
    90,
    'storage_pool_set_autostart',
    { pool: Pool, autostart: i32 },
    {},
    { high: true },
  ),
  /** 1 when it runs. */
  storagePoolIsActive: proc(154, 'storage_pool_is_active', { pool: Pool }, { active: i32 }, { high: true }),
  /** 1 when it is defined. */
  storagePoolIsPersistent: proc(
    155,
    'storage_pool_is_persistent',
    { pool: Pool },
    { persistent: i32 },
    { high: true },
  ),
  /** XML: kinds of pools that this host can have. */
  connectGetStoragePoolCapabilities: proc(
    403,
    'connect_get_storage_pool_capabilities',
    { flags: u32 },
    { capabilities: text },
  ),
  /** Volumes of an active pool. */
  storagePoolListAllVolumes: proc(
    282,
    'storage_pool_list_all_volumes',
    { pool: Pool, needResults: i32, flags: u32 },
    { vols: list(Volume), ret: u32 },
    { high: true },
  ),
  /** A volume by its exact name in a pool. Errors: not-found. */
  storageVolLookupByName: proc(
    95,
    'storage_vol_lookup_by_name',
    { pool: Pool, name: text },
    { vol: Volume },
    { high: true },
  ),
  /** A volume by its path, in whatever active pool. Errors: not-found. */
  storageVolLookupByPath: proc(
    97,
    'storage_vol_lookup_by_path',
    { path: text },
    { vol: Volume },
    { high: true },
  ),
  /** A volume by its key. Errors: not-found. */
  storageVolLookupByKey: proc(
    96,
    'storage_vol_lookup_by_key',
    { key: text },
    { vol: Volume },
    { high: true },
  ),
  /** Type (`enums.StorageVolType`) and bytes: capacity, allocation. */
  storageVolGetInfo: proc(
    98,
    'storage_vol_get_info',
    { vol: Volume },
    { type: i32, capacity: u64, allocation: u64 },
    { high: true },
  ),
  /** The same; `flags` 1: bytes that a file really has. */
  storageVolGetInfoFlags: proc(
    378,
    'storage_vol_get_info_flags',
    { vol: Volume, flags: u32 },
    { type: i32, capacity: u64, allocation: u64 },
    { high: true },
  ),
  /** The description. */
  storageVolGetXmlDesc: proc(
    99,
    'storage_vol_get_xml_desc',
    { vol: Volume, flags: u32 },
    { xml: text },
    { high: true },
  ),
  /** Its path on the host. */
  storageVolGetPath: proc(100, 'storage_vol_get_path', { vol: Volume }, { name: text }, { high: true }),
  /** Makes a volume. `flags`: `enums.StorageVolCreateFlags`. */
  storageVolCreateXml: proc(
    93,
    'storage_vol_create_xml',
    { pool: Pool, xml: text, flags: u32 },
    { vol: Volume },
  ),
  /** Makes a copy of another volume. */
  storageVolCreateXmlFrom: proc(
    125,
    'storage_vol_create_xml_from',
    { pool: Pool, xml: text, clonevol: Volume, flags: u32 },
    { vol: Volume },
  ),
  /** Deletes it; its data is gone. */
  storageVolDelete: proc(94, 'storage_vol_delete', { vol: Volume, flags: u32 }, {}),
  /** Its capacity in bytes. `flags`: `enums.StorageVolResizeFlags`. */
  storageVolResize: proc(260, 'storage_vol_resize', { vol: Volume, capacity: u64, flags: u32 }, {}),
  /** Overwrites its data; a sparse file is cut instead, at once. */
  storageVolWipe: proc(165, 'storage_vol_wipe', { vol: Volume, flags: u32 }, {}),
  /** The same by an algorithm; 0 zeroes. */
  storageVolWipePattern: proc(
    259,
    'storage_vol_wipe_pattern',
    { vol: Volume, algorithm: u32, flags: u32 },
    {},
  ),
} as const
