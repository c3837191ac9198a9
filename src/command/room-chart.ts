/** How full hosts are, as charts. */
import type { Capacity, PoolSummary } from '../agents/agent.js'
import type { Chart } from '../report/index.js'

const gib = (mib: number) => mib / 1024

/** Memory and pools of one host. */
export function roomChart(
  host: string,
  { availableMemoryMiB, totalMemoryMiB }: Pick<Capacity, 'availableMemoryMiB' | 'totalMemoryMiB'>,
  pools: readonly PoolSummary[],
): Chart {
  const memory = {
    label: 'memory',
    used: gib(totalMemoryMiB - availableMemoryMiB),
    whole: gib(totalMemoryMiB),
  }
  const storage = pools
    .filter(({ state, capacityGiB }) => state === 'running' && capacityGiB > 0)
    .map(({ name, capacityGiB, availableGiB }) => ({
      label: `pool ${name}`,
      used: capacityGiB - availableGiB,
      whole: capacityGiB,
    }))
  return { title: `${host}: used and free`, unit: 'GiB', bars: [memory, ...storage] }
}

/** Memory of several hosts. */
export function memoryChart(hosts: readonly { host: string; value: Capacity }[]): Chart {
  return {
    title: 'Memory of hosts, used and free',
    unit: 'GiB',
    bars: hosts.map(({ host, value: { availableMemoryMiB, totalMemoryMiB } }) => ({
      label: host,
      used: gib(totalMemoryMiB - availableMemoryMiB),
      whole: gib(totalMemoryMiB),
    })),
  }
}
