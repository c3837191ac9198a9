/** Node devices, interfaces, network filters and secrets. */
import { proc } from '../procedure.js'
import { Interface, NodeDevice, NwFilter, Secret } from '../types.js'
import { i32, list, opaque, optional, text, u32, uuid } from '../xdr.js'

export const hostObjectProcedures = {
  /** Devices of the host. `flags` filter by kind. */
  connectListAllNodeDevices: proc(
    285,
    'connect_list_all_node_devices',
    { needResults: i32, flags: u32 },
    { devices: list(NodeDevice), ret: u32 },
    { high: true },
  ),
  /** A device by its name, such as pci_0000_00_1f_2. Errors: not-found. */
  nodeDeviceLookupByName: proc(
    113,
    'node_device_lookup_by_name',
    { name: text },
    { dev: NodeDevice },
    { high: true },
  ),
  /** Its description. */
  nodeDeviceGetXmlDesc: proc(114, 'node_device_get_xml_desc', { name: text, flags: u32 }, { xml: text }),
  /** The name of what it is plugged into. */
  nodeDeviceGetParent: proc(
    115,
    'node_device_get_parent',
    { name: text },
    { parentName: optional(text) },
    { high: true },
  ),
  /** Takes it from the host, for a guest. */
  nodeDeviceDetachFlags: proc(
    301,
    'node_device_detach_flags',
    { name: text, driverName: optional(text), flags: u32 },
    {},
  ),
  /** Gives it back. */
  nodeDeviceReAttach: proc(119, 'node_device_re_attach', { name: text }, {}),
  /** Makes a virtual device, such as an NPIV port. */
  nodeDeviceCreateXml: proc(
    123,
    'node_device_create_xml',
    { xmlDesc: text, flags: u32 },
    { dev: NodeDevice },
  ),
  /** Removes it. */
  nodeDeviceDestroy: proc(124, 'node_device_destroy', { name: text }, {}, { high: true }),
  /** Interfaces that the host is configured with. */
  connectListAllInterfaces: proc(
    284,
    'connect_list_all_interfaces',
    { needResults: i32, flags: u32 },
    { ifaces: list(Interface), ret: u32 },
    { high: true },
  ),
  /** One by its name. Errors: not-found. */
  interfaceLookupByName: proc(
    128,
    'interface_lookup_by_name',
    { name: text },
    { iface: Interface },
    { high: true },
  ),
  /** Its configuration. */
  interfaceGetXmlDesc: proc(130, 'interface_get_xml_desc', { iface: Interface, flags: u32 }, { xml: text }),
  /** Filters of network traffic. */
  connectListAllNwfilters: proc(
    286,
    'connect_list_all_nwfilters',
    { needResults: i32, flags: u32 },
    { filters: list(NwFilter), ret: u32 },
    { high: true },
  ),
  /** One by its name. Errors: not-found. */
  nwfilterLookupByName: proc(
    175,
    'nwfilter_lookup_by_name',
    { name: text },
    { nwfilter: NwFilter },
    { high: true },
  ),
  /** Its rules. */
  nwfilterGetXmlDesc: proc(
    177,
    'nwfilter_get_xml_desc',
    { nwfilter: NwFilter, flags: u32 },
    { xml: text },
    { high: true },
  ),
  /** Defines or changes one. */
  nwfilterDefineXml: proc(180, 'nwfilter_define_xml', { xml: text }, { nwfilter: NwFilter }, { high: true }),
  /** Removes it. Errors: invalid-state while a guest uses it. */
  nwfilterUndefine: proc(181, 'nwfilter_undefine', { nwfilter: NwFilter }, {}, { high: true }),
  /** Secrets, without their values. */
  connectListAllSecrets: proc(
    287,
    'connect_list_all_secrets',
    { needResults: i32, flags: u32 },
    { secrets: list(Secret), ret: u32 },
    { high: true },
  ),
  /** Defines one; its value is set apart. */
  secretDefineXml: proc(
    142,
    'secret_define_xml',
    { xml: text, flags: u32 },
    { secret: Secret },
    { high: true },
  ),
  /** Its definition, without the value. */
  secretGetXmlDesc: proc(
    143,
    'secret_get_xml_desc',
    { secret: Secret, flags: u32 },
    { xml: text },
    { high: true },
  ),
  /** Sets the value. */
  secretSetValue: proc(
    144,
    'secret_set_value',
    { secret: Secret, value: opaque, flags: u32 },
    {},
    { high: true },
  ),
  /** The value. Errors: denied for a private one. */
  secretGetValue: proc(
    145,
    'secret_get_value',
    { secret: Secret, flags: u32 },
    { value: opaque },
    { high: true },
  ),
  /** Removes it with its value. */
  secretUndefine: proc(146, 'secret_undefine', { secret: Secret }, {}, { high: true }),
  /** One by its UUID. Errors: not-found. */
  secretLookupByUuid: proc(141, 'secret_lookup_by_uuid', { uuid }, { secret: Secret }, { high: true }),
  /** One by what it is for: 1 volume, 2 ceph, 3 iscsi, 4 tls, 5 vtpm. Errors: not-found. */
  secretLookupByUsage: proc(
    147,
    'secret_lookup_by_usage',
    { usageType: i32, usageID: text },
    { secret: Secret },
    { high: true },
  ),
} as const
