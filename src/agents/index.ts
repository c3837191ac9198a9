export type * from './agent.js'
export { type CreateFleetOptions, createFleet } from './create-fleet.js'
export { type FleetOptions, fleetOf } from './fleet.js'
export type { HostSettings, KcliSettings } from './host-settings.js'
