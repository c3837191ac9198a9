export type * from './agent.js'
export { type FleetOptions, fleetOf } from './fleet.js'
export type { HostSettings, KcliSettings } from './host-settings.js'
