/** What people may have, and how full hosts may become: the `quotas` of qnav.yml. */

/** What is counted, of one VM or many. */
export const dimensions = ['vms', 'cpus', 'memoryMiB', 'diskGiB', 'snapshots'] as const
export type Dimension = (typeof dimensions)[number]

/** At most so much; what is not named has no limit. */
export type Limits = Readonly<Partial<Record<Dimension, number>>>

/** For each owner of VMs by themselves, whether one of these users, holder of one of these roles, or, with neither,
 * anybody. */
export interface OwnerQuota {
  users?: readonly string[]
  roles?: readonly string[]
  limits: Limits
}

/** For the hosts that have all of these labels: no labels, all hosts. */
export interface HostQuota {
  labels: Readonly<Record<string, string>>
  /** Of all VMs on these hosts together. */
  limits: Limits
  /** Of each of these hosts: virtual CPUs of the VMs that run, for one of its own. */
  cpuRatio?: number
  /** Of each of these hosts: memory of the VMs that run, as a part of its own. */
  memoryRatio?: number
}

export interface QuotaSettings {
  /** The first entry that fits the owner counts. */
  owners: readonly OwnerQuota[]
  /** Every entry that fits the host counts. */
  hosts: readonly HostQuota[]
  /** Of any one VM. */
  perVm: Limits
}
