/** A host's room at a glance, and what of it needs somebody soon by the thresholds of `host check`. Pure. */
import { showMiB } from '../report/index.js'
import type { Capacity, HostRoom, PoolSummary } from './agent.js'
import { thresholds } from './host-check.js'

export function roomOf(capacity: Capacity, pools: readonly PoolSummary[]): HostRoom {
  const { availableMemoryMiB, totalMemoryMiB } = capacity
  const running = pools.filter(({ state }) => state === 'running')
  return {
    availableMemoryMiB,
    totalMemoryMiB,
    freeGiB: running.reduce((sum, { availableGiB }) => sum + availableGiB, 0),
    alerts: alertsOf(capacity, pools),
  }
}

function alertsOf({ availableMemoryMiB }: Capacity, pools: readonly PoolSummary[]): string[] {
  const scarce = availableMemoryMiB < thresholds.memoryAvailableMiB.pass
  return [
    ...(scarce ? [`Only ${showMiB(availableMemoryMiB)} of memory available`] : []),
    ...pools.flatMap((pool) => poolAlert(pool) ?? []),
  ]
}

function poolAlert({ name, state, availableGiB, capacityGiB }: PoolSummary): string | undefined {
  if (state !== 'running') return `Pool ${name} is ${state}`
  if (capacityGiB <= 0) return undefined
  const used = Math.round((1 - availableGiB / capacityGiB) * 100)
  const isFull = availableGiB < thresholds.poolFreeGiB.fail || used > thresholds.poolUsedPercent.pass
  return isFull ? `Pool ${name} is ${used} % full, ${showMiB(availableGiB * 1024)} free` : undefined
}
