/** Domains: finding them, their state, their life. */
import { proc } from '../procedure.js'
import { Domain, TypedParam } from '../types.js'
import { i32, list, optional, text, u32, u64, uuid } from '../xdr.js'

export const domainProcedures = {
  /** Domains, filtered by `enums.ConnectListAllDomainsFlags`. */
  connectListAllDomains: proc(
    273,
    'connect_list_all_domains',
    { needResults: i32, flags: u32 },
    { domains: list(Domain), ret: u32 },
    { high: true },
  ),
  /** A domain by its exact name. Errors: not-found. */
  domainLookupByName: proc(23, 'domain_lookup_by_name', { name: text }, { dom: Domain }, { high: true }),
  /** A domain by its UUID. Errors: not-found. */
  domainLookupByUuid: proc(24, 'domain_lookup_by_uuid', { uuid }, { dom: Domain }, { high: true }),
  /** A running domain by its number. Errors: not-found. */
  domainLookupById: proc(22, 'domain_lookup_by_id', { id: i32 }, { dom: Domain }, { high: true }),
  /** State and its reason (`enums.DomainState` and the reasons of each). */
  domainGetState: proc(
    212,
    'domain_get_state',
    { dom: Domain, flags: u32 },
    { state: i32, reason: i32 },
    { high: true },
  ),
  /** State, maximum and current memory in KiB, virtual CPUs, CPU time in nanoseconds. */
  domainGetInfo: proc(
    16,
    'domain_get_info',
    { dom: Domain },
    { state: u32, maxMem: u64, memory: u64, nrVirtCpu: u32, cpuTime: u64 },
  ),
  /** The definition; `flags`: `enums.DomainXMLFlags`. */
  domainGetXmlDesc: proc(14, 'domain_get_xml_desc', { dom: Domain, flags: u32 }, { xml: text }),
  /** 1 when it runs. */
  domainIsActive: proc(150, 'domain_is_active', { dom: Domain }, { active: i32 }, { high: true }),
  /** 1 when it is defined, and stays when it stops. */
  domainIsPersistent: proc(151, 'domain_is_persistent', { dom: Domain }, { persistent: i32 }, { high: true }),
  /** 1 when its definition was changed since it started. */
  domainIsUpdated: proc(202, 'domain_is_updated', { dom: Domain }, { updated: i32 }, { high: true }),
  /** 1 when it starts with the host. */
  domainGetAutostart: proc(15, 'domain_get_autostart', { dom: Domain }, { autostart: i32 }, { high: true }),
  /** Whether the monitor of the domain works: 0 ok, 1 a job, 2 occupied, 3 error; `stateTime` in milliseconds. */
  domainGetControlInfo: proc(
    229,
    'domain_get_control_info',
    { dom: Domain, flags: u32 },
    { state: u32, details: u32, stateTime: u64 },
    { high: true },
  ),
  /** The guest's host name, from its agent or from a DHCP lease. */
  domainGetHostname: proc(277, 'domain_get_hostname', { dom: Domain, flags: u32 }, { hostname: text }),
  /** Deprecations and taints that libvirt noted. */
  domainGetMessages: proc(
    426,
    'domain_get_messages',
    { dom: Domain, flags: u32 },
    { msgs: list(text) },
    { since: '7.1.0' },
  ),
  /** Description, title, or an element of a namespace (`enums.DomainMetadataType`). Errors: not-found (code 80). */
  domainGetMetadata: proc(
    265,
    'domain_get_metadata',
    { dom: Domain, type: i32, uri: optional(text), flags: u32 },
    { metadata: text },
  ),
  /** Sets or, with no `metadata`, removes description, title or the element of a namespace. */
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
  /** Renames a domain that is off and has no snapshots. */
  domainRename: proc(
    358,
    'domain_rename',
    { dom: Domain, newName: optional(text), flags: u32 },
    { retcode: i32 },
    { since: '1.2.19' },
  ),
  /** Sets whether it starts with the host. */
  domainSetAutostart: proc(29, 'domain_set_autostart', { dom: Domain, autostart: i32 }, {}, { high: true }),
  /** Defines a domain, or changes the one with its UUID; it is not started. `flags` 1 validates. */
  domainDefineXmlFlags: proc(
    350,
    'domain_define_xml_flags',
    { xml: text, flags: u32 },
    { dom: Domain },
    { high: true },
  ),
  /** Starts a transient domain: gone when it stops. `flags`: `enums.DomainCreateFlags`. */
  domainCreateXml: proc(10, 'domain_create_xml', { xmlDesc: text, flags: u32 }, { dom: Domain }),
  /** Starts a defined domain. `flags`: `enums.DomainCreateFlags`. Errors: invalid-state when it runs. */
  domainCreateWithFlags: proc(196, 'domain_create_with_flags', { dom: Domain, flags: u32 }, { dom: Domain }),
  /** Asks the guest to shut down; the answer comes at once, the event later. `flags`: `enums.DomainShutdownFlagValues`. */
  domainShutdownFlags: proc(258, 'domain_shutdown_flags', { dom: Domain, flags: u32 }, {}),
  /** Asks the guest to restart. `flags`: `enums.DomainShutdownFlagValues`. */
  domainReboot: proc(27, 'domain_reboot', { dom: Domain, flags: u32 }, {}),
  /** Resets it, as the button does. */
  domainReset: proc(245, 'domain_reset', { dom: Domain, flags: u32 }, {}),
  /** Ends it at once, as pulling the plug does. `flags` 1: only gracefully. */
  domainDestroyFlags: proc(234, 'domain_destroy_flags', { dom: Domain, flags: u32 }, {}, { high: true }),
  /** Stops its CPUs; memory stays. */
  domainSuspend: proc(34, 'domain_suspend', { dom: Domain }, {}),
  /** Lets them go on. */
  domainResume: proc(28, 'domain_resume', { dom: Domain }, {}),
  /** Removes the definition. `flags`: `enums.DomainUndefineFlagsValues`; a domain with snapshots needs SNAPSHOTS_METADATA. */
  domainUndefineFlags: proc(231, 'domain_undefine_flags', { dom: Domain, flags: u32 }, {}, { high: true }),
  /** Saves memory to a file of libvirt's and stops; the next start goes on from it. */
  domainManagedSave: proc(182, 'domain_managed_save', { dom: Domain, flags: u32 }, {}),
  /** 1 when there is such a file. */
  domainHasManagedSaveImage: proc(
    183,
    'domain_has_managed_save_image',
    { dom: Domain, flags: u32 },
    { result: i32 },
  ),
  /** Removes it; the next start boots. */
  domainManagedSaveRemove: proc(184, 'domain_managed_save_remove', { dom: Domain, flags: u32 }, {}),
  /** Saves memory to a file on the host and stops. */
  domainSaveFlags: proc(
    232,
    'domain_save_flags',
    { dom: Domain, to: text, dxml: optional(text), flags: u32 },
    {},
  ),
  /** Starts a domain from such a file. */
  domainRestoreFlags: proc(233, 'domain_restore_flags', { from: text, dxml: optional(text), flags: u32 }, {}),
  /** As domain_save_flags, with typed parameters. */
  domainSaveParams: proc(
    440,
    'domain_save_params',
    { dom: Domain, params: list(TypedParam), flags: u32 },
    {},
    { since: '8.4.0' },
  ),
  /** As domain_restore_flags, with typed parameters. */
  domainRestoreParams: proc(
    441,
    'domain_restore_params',
    { params: list(TypedParam), flags: u32 },
    {},
    { since: '8.4.0' },
  ),
  /** Writes the guest's memory to a file on the host, for a debugger. */
  domainCoreDumpWithFormat: proc(
    334,
    'domain_core_dump_with_format',
    { dom: Domain, to: text, dumpformat: u32, flags: u32 },
    {},
  ),
  /** Has the guest suspend itself: 0 to memory, 1 to disk, 2 both; needs the agent. */
  domainPmSuspendForDuration: proc(
    261,
    'domain_pm_suspend_for_duration',
    { dom: Domain, target: u32, duration: u64, flags: u32 },
    {},
  ),
  /** Wakes a guest that suspended to memory. */
  domainPmWakeup: proc(267, 'domain_pm_wakeup', { dom: Domain, flags: u32 }, {}),
  /** Sends a non-maskable interrupt. */
  domainInjectNmi: proc(210, 'domain_inject_nmi', { dom: Domain, flags: u32 }, {}),
  /** What happens on poweroff (0), reboot (1), crash (2): 0 destroy, 1 restart, 2 restart renamed, 3 preserve. */
  domainSetLifecycleAction: proc(
    390,
    'domain_set_lifecycle_action',
    { dom: Domain, type: u32, action: u32, flags: u32 },
    {},
  ),
  /** Presses keys together for `holdtime` milliseconds; `codeset` 0 is Linux. */
  domainSendKey: proc(
    226,
    'domain_send_key',
    { dom: Domain, codeset: u32, holdtime: u32, keycodes: list(u32), flags: u32 },
    {},
  ),
} as const
