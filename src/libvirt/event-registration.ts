/** How each event is asked for: its message, its number, and the procedures that begin and end it. */
import type { Connection } from './connection.js'
import { DomainEventID } from './enums.js'
import {
  connectionEvents,
  domainEvents,
  networkEvents,
  nodeDeviceEvents,
  procedures,
  qemuEvents,
  secretEvents,
  storagePoolEvents,
} from './procedures/index.js'
import type { Of } from './xdr.js'

/** Every message that a daemon sends by itself. */
export const messages = {
  ...domainEvents,
  ...networkEvents,
  ...storagePoolEvents,
  ...nodeDeviceEvents,
  ...secretEvents,
  ...connectionEvents,
  ...qemuEvents,
} as const

export type EventName = keyof typeof messages
export type EventOf<N extends EventName> = Of<(typeof messages)[N]['args']>

export interface Registration {
  /** Resolves with the id that messages will carry; connectionClosed has none. */
  register(connection: Connection): Promise<number | undefined>
  deregister(connection: Connection, id: number | undefined): Promise<void>
}

/** Which listener a message is for: ids are counted for each kind of object by itself. */
export function eventKey(
  { program, number }: { program: number; number: number },
  callbackID: number | undefined,
): string {
  return `${program}/${number}/${callbackID ?? ''}`
}

export function registrations(name: EventName): Registration {
  if (name in domainEvents) return ofDomains(DomainEventID[name as keyof typeof DomainEventID])
  switch (name) {
    case 'networkLifecycle':
      return {
        register: async (on) =>
          (await on.call(procedures.connectNetworkEventRegisterAny, { eventID: 0, net: undefined }))
            .callbackID,
        deregister: ending(procedures.connectNetworkEventDeregisterAny),
      }
    case 'storagePoolLifecycle':
    case 'storagePoolRefresh':
      return {
        register: async (on) =>
          (
            await on.call(procedures.connectStoragePoolEventRegisterAny, {
              eventID: name === 'storagePoolLifecycle' ? 0 : 1,
              pool: undefined,
            })
          ).callbackID,
        deregister: ending(procedures.connectStoragePoolEventDeregisterAny),
      }
    case 'nodeDeviceLifecycle':
    case 'nodeDeviceUpdate':
      return {
        register: async (on) =>
          (
            await on.call(procedures.connectNodeDeviceEventRegisterAny, {
              eventID: name === 'nodeDeviceLifecycle' ? 0 : 1,
              dev: undefined,
            })
          ).callbackID,
        deregister: ending(procedures.connectNodeDeviceEventDeregisterAny),
      }
    case 'secretLifecycle':
    case 'secretValueChanged':
      return {
        register: async (on) =>
          (
            await on.call(procedures.connectSecretEventRegisterAny, {
              eventID: name === 'secretLifecycle' ? 0 : 1,
              secret: undefined,
            })
          ).callbackID,
        deregister: ending(procedures.connectSecretEventDeregisterAny),
      }
    case 'connectionClosed':
      return {
        register: async (on) => {
          await on.call(procedures.connectRegisterCloseCallback, undefined)
          return undefined
        },
        // It ends with the session.
        deregister: async () => {},
      }
    case 'qemuMonitor':
      return {
        register: async (on) =>
          (
            await on.call(procedures.qemuConnectDomainMonitorEventRegister, {
              dom: undefined,
              event: undefined,
              flags: 0,
            })
          ).callbackID,
        deregister: ending(procedures.qemuConnectDomainMonitorEventDeregister),
      }
    default:
      throw new Error(`there is no event "${name}"`)
  }
}

function ofDomains(eventID: number): Registration {
  return {
    register: async (on) =>
      (await on.call(procedures.connectDomainEventCallbackRegisterAny, { eventID, dom: undefined }))
        .callbackID,
    deregister: ending(procedures.connectDomainEventCallbackDeregisterAny),
  }
}

type Deregister = typeof procedures.connectDomainEventCallbackDeregisterAny

function ending(procedure: Deregister): Registration['deregister'] {
  return async (connection, id) => {
    if (id !== undefined) await connection.call(procedure, { callbackID: id })
  }
}
