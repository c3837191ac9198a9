/** Tiny guests, pools and networks for whoever wants to see them change, and what virsh says of them. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Agent } from '../../../src/agents/index.js'

const run = promisify(execFile)

/** virsh's words for reasons where ours are other ones. */
const words: Record<string, string> = {
  user: 'by the user',
  shutdown: 'shut down',
  failed: 'failed to start',
  daemon: 'host daemon',
}

export interface Seen {
  /** "name uuid state (reason)" */
  vms: string[]
  snapshots: Record<string, string[]>
  pools: string[]
  networks: string[]
}

export class Playground {
  readonly prefix: string
  readonly #directory = mkdtempSync(join(tmpdir(), 'inventory-'))

  constructor() {
    this.prefix = `inv${process.pid}`
    mkdirSync(join(this.#directory, 'pool'))
  }

  vm(slot: string): string {
    return `${this.prefix}-${slot}`
  }

  /** The definition of a guest with nothing but one small disk. */
  async domainFile(slot: string): Promise<string> {
    const disk = join(this.#directory, `${slot}.qcow2`)
    const file = join(this.#directory, `${slot}.xml`)
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '1M'])
    await run('chmod', ['755', this.#directory])
    writeFileSync(
      file,
      `<domain type='qemu'><name>${this.vm(slot)}</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>
       <os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
       <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
       <source file='${disk}'/><target dev='vda' bus='virtio'/></disk>
       <controller type='usb' model='none'/><memballoon model='none'/></devices></domain>`,
    )
    return file
  }

  poolFile(slot: string): string {
    const target = join(this.#directory, 'pool', slot)
    mkdirSync(target, { recursive: true })
    const file = join(this.#directory, `pool-${slot}.xml`)
    writeFileSync(
      file,
      `<pool type='dir'><name>${this.vm(slot)}</name><target><path>${target}</path></target></pool>`,
    )
    return file
  }

  networkFile(slot: string): string {
    const file = join(this.#directory, `net-${slot}.xml`)
    writeFileSync(
      file,
      `<network><name>${this.vm(slot)}</name><bridge name='i${process.pid}${slot}'/></network>`,
    )
    return file
  }

  /** What it wrote, whether it worked or not: much of what is tried at random does not. */
  async virsh(...argv: string[]): Promise<string> {
    const { stdout } = await run('virsh', ['-c', 'qemu:///system', ...argv]).catch(
      (error: { stdout?: string }) => ({
        stdout: error.stdout ?? '',
      }),
    )
    return stdout
  }

  /** What virsh says of everything here. */
  async seen(): Promise<Seen> {
    const [vms, pools, networks] = await Promise.all([this.#vms(), this.#pools(), this.#networks()])
    return { ...vms, pools, networks }
  }

  /** What the agent says of it. */
  async told(agent: Agent): Promise<Seen> {
    const mine = <T extends { name: string }>(things: T[]) =>
      things.filter(({ name }) => name.startsWith(`${this.prefix}-`))
    const [vms, pools, networks] = await Promise.all([agent.vms(), agent.pools(), agent.networks()])
    const snapshots: Record<string, string[]> = {}
    for (const vm of mine(vms)) {
      snapshots[vm.name] = (await agent.snapshots(vm)).map(({ name }) => name).sort()
      const found = await agent.find(vm.name)
      if (found?.uuid !== vm.uuid)
        throw new Error(`${vm.name} is listed as ${vm.uuid} and found as ${found?.uuid}`)
    }
    return {
      vms: mine(vms).map(
        ({ name, uuid, state, reason }) => `${name} ${uuid} ${state} (${reason ?? 'unknown'})`,
      ),
      snapshots,
      pools: mine(pools).map(({ name, state, asOf }) => `${name} ${state}${asOf ?? ''}`),
      networks: mine(networks).map(
        ({ name, active, autostart }) =>
          `${name} ${active ? 'active' : 'inactive'} ${autostart ? 'yes' : 'no'}`,
      ),
    }
  }

  async removeAll(): Promise<void> {
    const { vms, pools, networks } = await this.seen()
    for (const [name = ''] of vms.map((line) => line.split(' '))) {
      await this.virsh('destroy', name)
      await this.virsh('undefine', name, '--snapshots-metadata', '--managed-save')
    }
    for (const [name = ''] of pools.map((line) => line.split(' '))) {
      await this.virsh('pool-destroy', name)
      await this.virsh('pool-undefine', name)
    }
    for (const [name = ''] of networks.map((line) => line.split(' '))) {
      await this.virsh('net-destroy', name)
      await this.virsh('net-undefine', name)
    }
  }

  async close(): Promise<void> {
    await this.removeAll()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #vms(): Promise<Pick<Seen, 'vms' | 'snapshots'>> {
    const listed = (await this.virsh('list', '--all', '--uuid', '--name'))
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .flatMap(([uuid, name]) => (uuid && name?.startsWith(`${this.prefix}-`) ? [{ uuid, name }] : []))
      .sort((a, b) => a.name.localeCompare(b.name))
    const snapshots: Record<string, string[]> = {}
    const vms = await Promise.all(
      listed.map(async ({ uuid, name }) => {
        const [state, names] = await Promise.all([
          this.virsh('domstate', '--reason', name),
          this.virsh('snapshot-list', '--name', name),
        ])
        snapshots[name] = names.split('\n').filter(Boolean).sort()
        const [, word = '', reason = ''] = /^(.*) \((.*)\)$/.exec(state.trim()) ?? []
        return `${name} ${uuid} ${word} (${words[reason] ?? reason})`
      }),
    )
    return { vms, snapshots }
  }

  async #pools(): Promise<string[]> {
    return (await this.virsh('pool-list', '--all'))
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .flatMap(([name, state]) =>
        name?.startsWith(`${this.prefix}-`) ? [`${name} ${state === 'active' ? 'running' : 'inactive'}`] : [],
      )
      .sort()
  }

  async #networks(): Promise<string[]> {
    return (await this.virsh('net-list', '--all'))
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .flatMap(([name, state, autostart]) =>
        name?.startsWith(`${this.prefix}-`) ? [`${name} ${state} ${autostart}`] : [],
      )
      .sort()
  }
}
