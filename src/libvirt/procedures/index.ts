/** The whole table: one row a procedure, by libvirt's own name in camel case. Numbers and layouts are part of its stable protocol. */

import { blockProcedures } from './block.js'
import { connectionProcedures } from './connection.js'
import { deviceProcedures } from './device.js'
import { domainProcedures } from './domain.js'
import { eventRegistrationProcedures } from './event-registration.js'
import { guestProcedures } from './guest.js'
import { hostObjectProcedures } from './host-object.js'
import { migrationProcedures } from './migration.js'
import { networkProcedures } from './network.js'
import { qemuProcedures } from './qemu.js'
import { snapshotProcedures } from './snapshot.js'
import { statisticsProcedures } from './statistics.js'
import { storageProcedures } from './storage.js'
import { streamProcedures } from './stream.js'

export * from './event.js'
export { qemuEvents } from './qemu.js'

export const procedures = {
  ...connectionProcedures,
  ...domainProcedures,
  ...deviceProcedures,
  ...statisticsProcedures,
  ...snapshotProcedures,
  ...blockProcedures,
  ...migrationProcedures,
  ...guestProcedures,
  ...streamProcedures,
  ...storageProcedures,
  ...networkProcedures,
  ...hostObjectProcedures,
  ...eventRegistrationProcedures,
  ...qemuProcedures,
} as const
