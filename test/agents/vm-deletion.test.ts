import { describe, expect, it } from 'vitest'
import type { HostContext } from '../../src/agents/host-context.js'
import type { DeletionPlan, PoolSummary } from '../../src/agents/index.js'
import { deletePlanned, planDeletion } from '../../src/agents/vm-deletion.js'

const vm = { name: 'web1', host: 'kvm1', uuid: '00000000-0000-0000-0000-000000000001' }
const pool = (name: string): PoolSummary => ({
  name,
  state: 'running',
  type: 'dir',
  path: `/${name}`,
  capacityGiB: 1,
  availableGiB: 1,
})

/** A host with two pools, of which those named do not answer; what it was asked is kept. */
function aHost({ silent }: { silent: string[] }): { context: HostContext; asked: string[] } {
  const asked: string[] = []
  const answers: Record<string, unknown> = {
    domain_get_xml_desc: { xml: '<domain><name>web1</name></domain>' },
    domain_get_state: { state: 5, reason: 1 },
    domain_lookup_by_name: { dom: { name: vm.name, uuid: vm.uuid, id: -1 } },
    domain_list_all_snapshots: { snapshots: [] },
    connect_get_all_domain_stats: { retStats: [] },
    storage_pool_lookup_by_name: { pool: { name: '', uuid: '' } },
    storage_pool_list_all_volumes: { vols: [] },
  }
  const session = async () => ({
    call: async ({ name }: { name: string }) => {
      asked.push(name)
      return answers[name]
    },
  })
  const context = {
    settings: { name: 'kvm1', libvirt: { uri: 'qemu:///system' } },
    link: { quick: session, slow: session, volumes: session },
    inventory: { pools: async () => [pool('live'), pool('nfs')], changed: async () => {} },
    pools: { refresh: async (names: string[]) => names.filter((name) => !silent.includes(name)) },
  } as unknown as HostContext
  return { context, asked }
}

describe('deleting a VM while a pool hangs', () => {
  it('is neither planned nor begun: libvirt would find none of its volumes, and hang half-way', async () => {
    const plan: DeletionPlan = { vm, state: 'shut off', removes: [], keeps: [], snapshots: [] }
    const { context, asked } = aHost({ silent: ['nfs'] })
    for (const refused of [planDeletion(context, vm), deletePlanned(context, plan)]) {
      await expect(refused).rejects.toMatchObject({
        code: 'timeout',
        message: 'Storage on kvm1 does not answer: nfs.',
        fix: expect.stringContaining('virsh pool-destroy nfs'),
      })
    }
    expect(asked.filter((name) => /undefine|destroy|delete/.test(name))).toEqual([])
  })

  it('is planned when all answer', async () => {
    const { context } = aHost({ silent: [] })
    await expect(planDeletion(context, vm)).resolves.toMatchObject({ vm, removes: [], keeps: [] })
  })
})
