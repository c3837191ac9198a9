/** Networks. */
import { proc } from '../procedure.js'
import { DhcpLease, Network } from '../types.js'
import { i32, list, optional, text, u32, uuid } from '../xdr.js'

export const networkProcedures = {
  /** Networks, active or not. */
  connectListAllNetworks: proc(
    283,
    'connect_list_all_networks',
    { needResults: i32, flags: u32 },
    { nets: list(Network), ret: u32 },
    { high: true },
  ),
  /** A network by its exact name. Errors: not-found. */
  networkLookupByName: proc(46, 'network_lookup_by_name', { name: text }, { net: Network }, { high: true }),
  /** A network by its UUID. Errors: not-found. */
  networkLookupByUuid: proc(47, 'network_lookup_by_uuid', { uuid }, { net: Network }, { high: true }),
  /** The definition; `flags` 1: the inactive one. */
  networkGetXmlDesc: proc(
    43,
    'network_get_xml_desc',
    { net: Network, flags: u32 },
    { xml: text },
    { high: true },
  ),
  /** Defines a network; `flags` 1 validates. */
  networkDefineXmlFlags: proc(
    432,
    'network_define_xml_flags',
    { xml: text, flags: u32 },
    { net: Network },
    { high: true, since: '7.7.0' },
  ),
  /** Defines a network; it is not started. */
  networkDefineXml: proc(41, 'network_define_xml', { xml: text }, { net: Network }, { high: true }),
  /** Starts a transient network. */
  networkCreateXml: proc(40, 'network_create_xml', { xml: text }, { net: Network }),
  /** Starts it. */
  networkCreate: proc(39, 'network_create', { net: Network }, {}),
  /** Stops it; guests on it lose their connection. */
  networkDestroy: proc(42, 'network_destroy', { net: Network }, {}, { high: true }),
  /** Removes the definition. */
  networkUndefine: proc(49, 'network_undefine', { net: Network }, {}, { high: true }),
  /** Changes a part of it, such as a DHCP host. `enums.NetworkUpdateCommand`, `enums.NetworkUpdateSection`; before 7.2 daemons take the two the other way round (feature 16). */
  networkUpdate: proc(
    291,
    'network_update',
    { net: Network, command: u32, section: u32, parentIndex: i32, xml: text, flags: u32 },
    {},
    { high: true },
  ),
  /** Its bridge on the host. */
  networkGetBridgeName: proc(45, 'network_get_bridge_name', { net: Network }, { name: text }, { high: true }),
  /** 1 when it starts with the host. */
  networkGetAutostart: proc(
    44,
    'network_get_autostart',
    { net: Network },
    { autostart: i32 },
    { high: true },
  ),
  /** Sets whether it starts with the host. */
  networkSetAutostart: proc(
    48,
    'network_set_autostart',
    { net: Network, autostart: i32 },
    {},
    { high: true },
  ),
  /** 1 when it runs. */
  networkIsActive: proc(152, 'network_is_active', { net: Network }, { active: i32 }, { high: true }),
  /** 1 when it is defined. */
  networkIsPersistent: proc(
    153,
    'network_is_persistent',
    { net: Network },
    { persistent: i32 },
    { high: true },
  ),
  /** Addresses that it has given, all or those of a MAC address. Times in seconds since 1970. */
  networkGetDhcpLeases: proc(
    341,
    'network_get_dhcp_leases',
    { net: Network, mac: optional(text), needResults: i32, flags: u32 },
    { leases: list(DhcpLease), ret: u32 },
  ),
  /** As domain_set_metadata. */
  networkSetMetadata: proc(
    444,
    'network_set_metadata',
    {
      network: Network,
      type: i32,
      metadata: optional(text),
      key: optional(text),
      uri: optional(text),
      flags: u32,
    },
    {},
    { since: '9.7.0' },
  ),
  /** As domain_get_metadata. Errors: not-found (code 111). */
  networkGetMetadata: proc(
    445,
    'network_get_metadata',
    { network: Network, type: i32, uri: optional(text), flags: u32 },
    { metadata: text },
    { since: '9.7.0' },
  ),
} as const
