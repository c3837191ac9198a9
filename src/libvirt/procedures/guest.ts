/** What is asked of the guest: addresses, and everything that its agent does. */
import { proc } from '../procedure.js'
import { Domain, DomainInterface, FileSystem, TypedParam } from '../types.js'
import { i32, i64, list, optional, text, u32, u64 } from '../xdr.js'

export const guestProcedures = {
  /** Addresses of the guest, from `enums.DomainInterfaceAddressesSource`. */
  domainInterfaceAddresses: proc(
    353,
    'domain_interface_addresses',
    { dom: Domain, source: u32, flags: u32 },
    { ifaces: list(DomainInterface) },
    { since: '1.2.14' },
  ),
  /** What the agent tells of users, system, time zone, disks. `types`: `enums.DomainGuestInfoTypes`. Errors: agent. */
  domainGetGuestInfo: proc(
    418,
    'domain_get_guest_info',
    { dom: Domain, types: u32, flags: u32 },
    { params: list(TypedParam) },
    { since: '5.7.0' },
  ),
  /** File systems that the guest has mounted. Errors: agent. */
  domainGetFsinfo: proc(
    349,
    'domain_get_fsinfo',
    { dom: Domain, flags: u32 },
    { info: list(FileSystem), ret: u32 },
  ),
  /** Stops writing in the guest's file systems; none named is all. Gives how many. */
  domainFsfreeze: proc(
    335,
    'domain_fsfreeze',
    { dom: Domain, mountpoints: list(text), flags: u32 },
    { filesystems: i32 },
  ),
  /** Lets writing go on. Gives how many. */
  domainFsthaw: proc(
    336,
    'domain_fsthaw',
    { dom: Domain, mountpoints: list(text), flags: u32 },
    { filesystems: i32 },
  ),
  /** Gives unused blocks back to the host; `minimum` bytes in a row. */
  domainFstrim: proc(
    294,
    'domain_fstrim',
    { dom: Domain, mountPoint: optional(text), minimum: u64, flags: u32 },
    {},
  ),
  /** The guest's clock: seconds and nanoseconds since 1970. */
  domainGetTime: proc(337, 'domain_get_time', { dom: Domain, flags: u32 }, { seconds: i64, nseconds: u32 }),
  /** Sets it; `flags` 1: from its own hardware clock. */
  domainSetTime: proc(338, 'domain_set_time', { dom: Domain, seconds: i64, nseconds: u32, flags: u32 }, {}),
  /** Sets a password in the guest; `flags` 1: it is encrypted already. */
  domainSetUserPassword: proc(
    357,
    'domain_set_user_password',
    { dom: Domain, user: optional(text), password: optional(text), flags: u32 },
    {},
  ),
  /** Public keys of a user of the guest. */
  domainAuthorizedSshKeysGet: proc(
    424,
    'domain_authorized_ssh_keys_get',
    { dom: Domain, user: text, flags: u32 },
    { keys: list(text) },
    { since: '6.10.0' },
  ),
  /** Adds public keys; `flags` 1 also keeps those there (APPEND), 2 removes. */
  domainAuthorizedSshKeysSet: proc(
    425,
    'domain_authorized_ssh_keys_set',
    { dom: Domain, user: text, keys: list(text), flags: u32 },
    {},
    { since: '6.10.0' },
  ),
  /** Which virtual CPUs are online in the guest. */
  domainGetGuestVcpus: proc(
    371,
    'domain_get_guest_vcpus',
    { dom: Domain, flags: u32 },
    { params: list(TypedParam) },
  ),
  /** Brings them online (1) or offline (0). */
  domainSetGuestVcpus: proc(
    372,
    'domain_set_guest_vcpus',
    { dom: Domain, cpumap: text, state: i32, flags: u32 },
    {},
  ),
  /** Seconds that the agent has to answer; -2 for ever, -1 as the daemon likes, 0 none. */
  domainAgentSetResponseTimeout: proc(
    420,
    'domain_agent_set_response_timeout',
    { dom: Domain, timeout: i32, flags: u32 },
    { result: i32 },
  ),
} as const
