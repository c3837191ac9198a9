/** Asking for events. */
import { proc } from '../procedure.js'
import { Domain, Network, NodeDevice, Pool, Secret } from '../types.js'
import { i32, optional } from '../xdr.js'

export const eventRegistrationProcedures = {
  /** Asks for an event (`enums.DomainEventID`) of one domain or all; messages carry the id. */
  connectDomainEventCallbackRegisterAny: proc(
    316,
    'connect_domain_event_callback_register_any',
    { eventID: i32, dom: optional(Domain) },
    { callbackID: i32 },
    { high: true },
  ),
  /** No more of them. */
  connectDomainEventCallbackDeregisterAny: proc(
    317,
    'connect_domain_event_callback_deregister_any',
    { callbackID: i32 },
    {},
    { high: true },
  ),
  /** Asks for events of networks (0 lifecycle). */
  connectNetworkEventRegisterAny: proc(
    313,
    'connect_network_event_register_any',
    { eventID: i32, net: optional(Network) },
    { callbackID: i32 },
    { high: true },
  ),
  /** No more of them. */
  connectNetworkEventDeregisterAny: proc(
    314,
    'connect_network_event_deregister_any',
    { callbackID: i32 },
    {},
    { high: true },
  ),
  /** Asks for events of pools (0 lifecycle, 1 refresh). */
  connectStoragePoolEventRegisterAny: proc(
    368,
    'connect_storage_pool_event_register_any',
    { eventID: i32, pool: optional(Pool) },
    { callbackID: i32 },
    { high: true },
  ),
  /** No more of them. */
  connectStoragePoolEventDeregisterAny: proc(
    369,
    'connect_storage_pool_event_deregister_any',
    { callbackID: i32 },
    {},
    { high: true },
  ),
  /** Asks for events of devices of the host (0 lifecycle, 1 update). */
  connectNodeDeviceEventRegisterAny: proc(
    374,
    'connect_node_device_event_register_any',
    { eventID: i32, dev: optional(NodeDevice) },
    { callbackID: i32 },
    { high: true },
  ),
  /** No more of them. */
  connectNodeDeviceEventDeregisterAny: proc(
    375,
    'connect_node_device_event_deregister_any',
    { callbackID: i32 },
    {},
    { high: true },
  ),
  /** Asks for events of secrets (0 lifecycle, 1 value changed). */
  connectSecretEventRegisterAny: proc(
    380,
    'connect_secret_event_register_any',
    { eventID: i32, secret: optional(Secret) },
    { callbackID: i32 },
    { high: true },
  ),
  /** No more of them. */
  connectSecretEventDeregisterAny: proc(
    381,
    'connect_secret_event_deregister_any',
    { callbackID: i32 },
    {},
    { high: true },
  ),
} as const
