/** What an agent does on a real host, whatever way leads there: real libvirt, kcli and emulated guests. */
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  createFleet,
  type Fleet,
  type FoundVm,
  type HostSettings,
  type VmSpec,
  type WorkControl,
} from '../../../src/agents/index.js'
import { UserError } from '../../../src/errors.js'
import { createLog } from '../../../src/log.js'
import type { ProvidedLab } from '../setup.js'

export interface SuiteHost {
  connection: HostSettings['connection']
  kcli: HostSettings['kcli']
  close(): Promise<void>
}

const log = createLog({ level: 'silent' })

export function virsh(...args: string[]): string {
  return execFileSync('virsh', ['-c', 'qemu:///system', ...args], { encoding: 'utf8', stdio: 'pipe' })
}

export function settingsFor(lab: ProvidedLab, { connection, kcli }: SuiteHost): HostSettings {
  return {
    name: 'kvm1',
    labels: { env: 'test' },
    connection,
    libvirt: { uri: 'qemu:///system' },
    kcli,
    virtType: lab.virtType,
    pool: lab.pool,
    network: lab.network,
  }
}

export function agentSuite(name: string, lab: ProvidedLab, open: () => Promise<SuiteHost>): void {
  describe(`an agent ${name}`, () => {
    let host: SuiteHost
    let fleet: Fleet
    let close: () => Promise<void>
    const agent = () => fleet.agent('kvm1')
    const run = `${process.pid}${Date.now() % 100_000}`
    let names = 0
    let keys = 0
    const newName = (): string => {
      names += 1
      return `t${run}x${names}`
    }
    const aSpec = (change: Partial<VmSpec> = {}): VmSpec => ({
      name: newName(),
      image: lab.image,
      cpus: 1,
      memoryMiB: 128,
      disksGiB: [1],
      networks: [lab.network],
      pool: lab.pool,
      sshKeys: [],
      start: false,
      owner: 'U0TEST',
      ...change,
    })
    const control = (change: Partial<WorkControl> = {}): WorkControl => {
      keys += 1
      return { key: `j-${run}/${keys}`, signal: new AbortController().signal, progress: () => {}, ...change }
    }
    const filesOf = (vm: string): string[] =>
      virsh('vol-list', lab.pool)
        .split('\n')
        .map((line) => line.trim().split(/\s+/)[0] ?? '')
        .filter((file) => file.startsWith(`${vm}_`) || file.startsWith(`${vm}.`))
    const isDefined = (vm: string): boolean => virsh('list', '--all', '--name').split('\n').includes(vm)

    beforeAll(async () => {
      host = await open()
      ;({ fleet, close } = createFleet({ hosts: [settingsFor(lab, host)], log }))
    })
    afterEach(async () => {
      for (const vm of (await agent().vms()).filter((each) => each.name.startsWith(`t${run}x`))) {
        await agent().deleteVm(await agent().deletionOf(vm))
      }
    })
    afterAll(async () => {
      await close()
      await host.close()
    })

    it('describes its host as virsh and the kernel do', async () => {
      const detail = await agent().detail()
      expect(virsh('version')).toContain(`Using library: libvirt ${detail.libvirtVersion}`)
      expect(detail).toMatchObject({
        name: 'kvm1',
        status: 'reachable',
        hostname: virsh('hostname').trim(),
        virtType: lab.virtType,
        labels: { env: 'test' },
      })
      expect(detail.kcliVersion).toMatch(/^\d/)
      expect(detail.pools.find((pool) => pool.name === lab.pool)).toMatchObject({
        state: 'running',
        path: lab.poolPath,
      })
      expect(detail.networks.find((network) => network.name === lab.network)).toMatchObject({
        active: true,
        mode: 'nat',
      })
      const capacity = await agent().capacity()
      expect(capacity.totalMemoryMiB).toBe(detail.memoryMiB)
      expect(capacity.availableMemoryMiB).toBeLessThanOrEqual(capacity.totalMemoryMiB)
    })

    it('checks its host, every finding with value, threshold and probe', async () => {
      const findings = await agent().check()
      for (const finding of findings)
        expect(finding).toMatchObject({ measured: /./, threshold: /./, probe: /./ })
      const results = new Map(findings.map(({ check, result }) => [check, result]))
      expect(results.get('libvirt')).toBe('pass')
      expect(results.get('kcli')).toBe('pass')
      expect(results.get(`Network ${lab.network}`)).toBe('pass')
      expect(results.has(`Pool ${lab.pool}`)).toBe(true)
      expect(results.has('Disk space of /')).toBe(true)
      expect(results.has('CPU virtualization')).toBe(true)
    })

    it('lists images, also one that was copied in just now, and no disk of a VM', async () => {
      const file = join(lab.poolPath, `image-${newName()}`)
      writeFileSync(file, 'x'.repeat(512))
      try {
        const spec = aSpec()
        await agent().createVm(spec, control())
        const images = await agent().images()
        expect(images.find((image) => image.path === join(lab.poolPath, lab.image))).toMatchObject({
          name: lab.image,
          pool: lab.pool,
        })
        expect(images.map(({ path }) => path)).toContain(file)
        expect(images.filter((image) => image.name.startsWith(spec.name))).toEqual([])
      } finally {
        execFileSync('rm', ['-f', file])
      }
    })

    it('makes a VM exactly as asked, and once however often the same work is asked for', async () => {
      const spec = aSpec({
        cpus: 2,
        memoryMiB: 192,
        disksGiB: [1, 2],
        sshKeys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFi it\'s "me" $HOME'],
      })
      const progress: string[] = []
      const same = control({ progress: (line) => progress.push(line) })
      const vm = await agent().createVm(spec, same)
      expect(vm).toMatchObject({ name: spec.name, host: 'kvm1', uuid: virsh('domuuid', spec.name).trim() })
      expect(progress).toContain('verifying')
      const detail = await agent().detailOf(vm)
      expect(detail).toMatchObject({
        state: 'shut off',
        cpus: 2,
        memoryMiB: 192,
        persistent: true,
        autostart: false,
        image: lab.image,
        kcliOwner: 'U0TEST',
        addresses: [],
        snapshots: 0,
      })
      const hard = detail.disks.filter(({ device }) => device === 'disk')
      expect(hard).toMatchObject([
        { pool: lab.pool, capacityGiB: 1, format: 'qcow2', source: join(lab.poolPath, `${spec.name}_0.img`) },
        { pool: lab.pool, capacityGiB: 2 },
      ])
      expect(detail.nics).toMatchObject([{ network: lab.network, addresses: [] }])
      expect(Date.parse(detail.createdAt ?? '')).toBeGreaterThan(Date.now() - 10 * 60_000)
      await expect(agent().createVm(spec, same)).resolves.toEqual(vm)
      await expect(agent().createVm(spec, control())).rejects.toMatchObject({ code: 'name-taken' })
      expect(virsh('domuuid', spec.name).trim()).toBe(vm.uuid)
    })

    it('takes the image of the pool that was named when another pool has one of the same name', async () => {
      const pool = newName()
      const directory = `/var/lib/libvirt/${pool}`
      execFileSync('sh', [
        '-c',
        'install -d -m 711 "$1" && cp "$2" "$1"/',
        'sh',
        directory,
        join(lab.poolPath, lab.image),
      ])
      virsh('pool-create-as', pool, 'dir', '--target', directory)
      try {
        for (const named of [pool, lab.pool]) {
          const vm = await agent().createVm(aSpec({ pool: named }), control())
          const info = execFileSync('qemu-img', [
            'info',
            join(named === pool ? directory : lab.poolPath, `${vm.name}_0.img`),
          ])
          expect(info.toString()).toContain(
            `backing file: ${named === pool ? directory : lab.poolPath}/${lab.image}`,
          )
          await expect(agent().detailOf(vm)).resolves.toMatchObject({ image: lab.image })
          await agent().deleteVm(await agent().deletionOf(vm))
        }
      } finally {
        virsh('pool-destroy', pool)
        execFileSync('rm', ['-rf', directory])
      }
    })

    it('finds VMs by exact name only', async () => {
      const spec = aSpec()
      const vm = await agent().createVm(spec, control())
      await expect(agent().find(spec.name)).resolves.toEqual(vm)
      await expect(agent().find(spec.name.slice(0, -1))).resolves.toBeUndefined()
      await expect(agent().find(`${spec.name}0`)).resolves.toBeUndefined()
      await expect(fleet.find({ name: spec.name, uuid: vm.uuid })).resolves.toEqual(vm)
    })

    it('refuses to make a VM over the files of an earlier one', async () => {
      const spec = aSpec()
      const orphan = join(lab.poolPath, `${spec.name}_0.img`)
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', orphan, '1M'])
      await expect(agent().orphansOf(spec.name)).resolves.toEqual([orphan])
      await expect(agent().createVm(spec, control())).rejects.toMatchObject({
        code: 'orphan-disk',
        message: expect.stringContaining(orphan),
        fix: expect.stringContaining(`virsh vol-delete ${orphan}`),
      })
      expect(existsSync(orphan)).toBe(true)
      execFileSync('rm', [orphan])
      await expect(agent().orphansOf(spec.name)).resolves.toEqual([])
    })

    it('never offers to delete the disk of a VM that has another name by now', async () => {
      const spec = aSpec({ start: false })
      await agent().createVm(spec, control())
      const renamed = newName()
      virsh('domrename', spec.name, renamed)
      await expect(agent().createVm(aSpec({ name: spec.name }), control())).rejects.toMatchObject({
        code: 'orphan-disk',
        fix: expect.stringContaining(`${spec.name}_0.img is in use by VM ${renamed}`),
      })
      virsh('undefine', renamed)
    })

    it.each(['Web1', '-a', 'a b', 'a;touch x', 'a/b', '', 'a'.repeat(64)])(
      'never gives kcli the name %j',
      async (bad) => {
        await expect(agent().createVm(aSpec({ name: bad }), control())).rejects.toMatchObject({
          code: 'bad-name',
        })
      },
    )

    it.each<[string, Partial<VmSpec>, string]>([
      ['an image that is not there', { image: 'nothing.qcow2' }, 'unknown-image'],
      ['a pool that is not there', { pool: 'nowhere' }, 'unknown-pool'],
      ['a network that is not there', { networks: ['nowhere'] }, 'unknown-network'],
      ['more memory than libvirt can give', { memoryMiB: 900_000_000, start: true }, 'kcli-failed'],
    ])('leaves nothing behind when it was asked for %s', async (_, change, code) => {
      const spec = aSpec(change)
      await expect(agent().createVm(spec, control())).rejects.toMatchObject({ code })
      expect(isDefined(spec.name)).toBe(false)
      virsh('pool-refresh', lab.pool)
      expect(filesOf(spec.name)).toEqual([])
    })

    it('leaves nothing behind when it was cancelled on the way', async () => {
      const spec = aSpec({ start: true })
      const cancelling = new AbortController()
      const reason = new UserError('cancelled', 'Cancelled by U1.', { fix: 'Ask again.' })
      const work = agent().createVm(spec, control({ signal: cancelling.signal }))
      const cancelled = expect(work).rejects.toMatchObject({ code: 'cancelled' })
      await vi.waitFor(() => expect(isDefined(spec.name)).toBe(true), { timeout: 30_000, interval: 20 })
      cancelling.abort(reason)
      await cancelled
      expect(isDefined(spec.name)).toBe(false)
      virsh('pool-refresh', lab.pool)
      expect(filesOf(spec.name)).toEqual([])
    })

    it('finds its work again when it was stopped in the middle', async () => {
      const spec = aSpec({ start: true })
      const stopping = new AbortController()
      const same = control({
        signal: stopping.signal,
        progress: () => stopping.abort(new Error('the bot stops')),
      })
      const first = createFleet({ hosts: [settingsFor(lab, host)], log })
      await expect(first.fleet.agent('kvm1').createVm(spec, same)).rejects.toThrow('the bot stops')
      await first.close()
      const vm = await agent().createVm(spec, {
        ...same,
        signal: new AbortController().signal,
        progress: () => {},
      })
      expect(virsh('domuuid', spec.name).trim()).toBe(vm.uuid)
      expect(virsh('domstate', spec.name).trim()).toBe('running')
    })

    it('takes a VM through its life: addresses, snapshots, power, deletion', {
      timeout: 300_000,
    }, async () => {
      const spec = aSpec({ start: true })
      const vm = await agent().createVm(spec, control())
      expect((await agent().vms()).find(({ uuid }) => uuid === vm.uuid)).toMatchObject({
        state: 'running',
        reason: 'booted',
      })
      const booted = async (): Promise<string[]> =>
        vi.waitFor(
          async () => {
            const found = await agent().addressesOf(vm)
            expect(found).not.toEqual([])
            return found
          },
          { timeout: 120_000, interval: 1000 },
        )
      const [address] = await booted()
      expect(virsh('domifaddr', spec.name)).toContain(`${address}/`)
      await expect(agent().detailOf(vm)).resolves.toMatchObject({
        addresses: [address],
        nics: [{ addresses: [address] }],
      })

      const snapshot = { name: 'before', description: 'a & b <c>', key: `j-${run}/snapshot` }
      const taken = await agent().createSnapshot(vm, snapshot)
      expect(taken).toMatchObject({
        name: 'before',
        state: 'running',
        current: true,
        kind: 'internal',
        description: 'a & b <c>',
      })
      await expect(agent().createSnapshot(vm, snapshot)).resolves.toEqual(taken)
      await expect(agent().createSnapshot(vm, { name: 'before' })).rejects.toMatchObject({
        code: 'name-taken',
      })
      await agent().createSnapshot(vm, { name: 'after' })
      expect(
        (await agent().snapshots(vm)).map(({ name: each, current, parent }) => [each, current, parent]),
      ).toEqual([
        ['before', false, undefined],
        ['after', true, 'before'],
      ])
      expect(virsh('snapshot-list', spec.name, '--name').split('\n').filter(Boolean).sort()).toEqual([
        'after',
        'before',
      ])

      await agent().powerOff(vm)
      await agent().powerOff(vm)
      await expect(agent().addressesOf(vm)).resolves.toEqual([])
      await expect(agent().reboot(vm)).rejects.toMatchObject({ code: 'invalid-state' })
      await expect(agent().revertSnapshot(vm, 'before')).resolves.toBe('running')
      expect(virsh('snapshot-current', spec.name, '--name').trim()).toBe('before')
      await expect(agent().revertSnapshot(vm, 'nothing')).rejects.toMatchObject({ code: 'unknown-snapshot' })
      await agent().deleteSnapshot(vm, 'after')
      await agent().deleteSnapshot(vm, 'after')
      expect((await agent().snapshots(vm)).map((each) => each.name)).toEqual(['before'])

      await agent().reboot(vm)
      await booted()
      await agent().shutDown(vm, { timeoutMs: 90_000, signal: new AbortController().signal })
      expect(virsh('domstate', spec.name).trim()).toBe('shut off')
      await agent().shutDown(vm, { timeoutMs: 1000, signal: new AbortController().signal })
      await agent().start(vm)
      await agent().start(vm)
      expect(virsh('domstate', spec.name).trim()).toBe('running')
      virsh('suspend', spec.name)
      await expect(
        agent().shutDown(vm, { timeoutMs: 1000, signal: new AbortController().signal }),
      ).rejects.toMatchObject({
        code: 'invalid-state',
      })
      await agent().start(vm)
      expect(virsh('domstate', spec.name).trim()).toBe('running')

      const plan = await agent().deletionOf(vm)
      expect(plan).toMatchObject({ vm, state: 'running', snapshots: ['before'], keeps: [] })
      expect(plan.removes.map(({ path }) => path).sort()).toEqual([
        join(lab.poolPath, `${spec.name}.ISO`),
        join(lab.poolPath, `${spec.name}_0.img`),
      ])
      await agent().deleteVm(plan)
      await agent().deleteVm(plan)
      expect(isDefined(spec.name)).toBe(false)
      expect(filesOf(spec.name)).toEqual([])
      for (const { path } of plan.removes) expect(existsSync(path)).toBe(false)
      expect(existsSync(join(lab.poolPath, lab.image))).toBe(true)
      await expect(agent().detailOf(vm)).rejects.toMatchObject({ code: 'unknown-vm' })
    })

    it('says when a guest does not listen to a request to shut down', async () => {
      const vm = await agent().createVm(aSpec({ start: true }), control())
      const asked = agent().shutDown(vm, { timeoutMs: 300, signal: new AbortController().signal })
      await expect(asked).rejects.toMatchObject({ code: 'timeout', fix: expect.stringContaining('--force') })
    })

    it('deletes nothing when a disk has come into other use since the plan', async () => {
      const vm = await agent().createVm(aSpec({ disksGiB: [1, 1] }), control())
      const other = await agent().createVm(aSpec(), control())
      const plan = await agent().deletionOf(vm)
      const shared = join(lab.poolPath, `${vm.name}_1.img`)
      virsh('attach-disk', other.name, shared, 'vdz', '--subdriver', 'qcow2', '--config')
      await expect(agent().deleteVm(plan)).rejects.toMatchObject({
        code: 'changed-since',
        message: expect.stringContaining(`${shared} stays now: ${other.name} uses it too`),
      })
      expect(isDefined(vm.name)).toBe(true)
      expect(filesOf(vm.name)).toHaveLength(3)
      await expect(agent().deletionOf(vm)).resolves.toMatchObject({
        keeps: [{ path: shared, why: `${other.name} uses it too` }],
      })
      virsh('detach-disk', other.name, 'vdz', '--config')
    })

    it('deletes no other VM that was made under the same name since', async () => {
      const spec = aSpec()
      const vm = await agent().createVm(spec, control())
      const plan = await agent().deletionOf(vm)
      await agent().deleteVm(plan)
      const again: FoundVm = await agent().createVm(spec, control())
      await expect(agent().deleteVm(plan)).rejects.toMatchObject({ code: 'changed-since' })
      expect(virsh('domuuid', spec.name).trim()).toBe(again.uuid)
    })

    it('refuses snapshots of a VM with a raw disk, and beside external ones', async () => {
      const vm = await agent().createVm(aSpec(), control())
      const raw = join(lab.poolPath, `${vm.name}_9.img`)
      execFileSync('qemu-img', ['create', '-q', '-f', 'raw', raw, '1M'])
      virsh('attach-disk', vm.name, raw, 'vdz', '--config')
      await expect(agent().createSnapshot(vm, { name: 'no' })).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining('vdz'),
      })
      virsh('detach-disk', vm.name, 'vdz', '--config')
      execFileSync('rm', [raw])
      virsh('snapshot-create-as', vm.name, 'outside', '--disk-only', '--no-metadata')
      virsh('snapshot-create-as', vm.name, 'outside2', '--disk-only')
      expect(await agent().snapshots(vm)).toMatchObject([{ name: 'outside2', kind: 'external' }])
      for (const refused of [
        () => agent().createSnapshot(vm, { name: 'no' }),
        () => agent().revertSnapshot(vm, 'outside2'),
        () => agent().deleteSnapshot(vm, 'outside2'),
      ]) {
        await expect(refused()).rejects.toMatchObject({
          code: 'unsupported',
          message: expect.stringContaining('outside2'),
        })
      }
      await agent().deleteVm(await agent().deletionOf(vm))
      virsh('pool-refresh', lab.pool)
      expect(filesOf(vm.name).filter((file) => file.endsWith('.img'))).toEqual([])
    })
  })
}
