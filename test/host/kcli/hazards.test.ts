/** What goes wrong with kcli at a terminal, and does not with an agent. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, inject, it, vi } from 'vitest'
import { createFleet, type HostSettings, type VmSpec, type WorkControl } from '../../../src/agents/index.js'
import { UserError } from '../../../src/errors.js'
import { createLog } from '../../../src/log.js'
import { bootFrozenGuest } from './frozen-guest.js'
import { KcliBench, virsh } from './kcli-bench.js'

const lab = inject('lab')
const log = createLog({ level: 'silent' })

describe.skipIf(lab === undefined)('kcli', () => {
  if (lab === undefined) return
  const bench = new KcliBench(lab)
  const closing: (() => Promise<void> | void)[] = []
  /** A bot on this host, with a program of the test in the place of kcli if there is one. */
  const anAgent = (kcli: Partial<HostSettings['kcli']> = {}, change: Partial<HostSettings> = {}) => {
    const { fleet, close } = createFleet({
      hosts: [
        {
          name: 'kvm1',
          labels: {},
          connection: { transport: 'local' },
          libvirt: { uri: 'qemu:///system' },
          kcli: { ...lab.kcli, sudo: false, ...kcli },
          virtType: lab.virtType,
          pool: lab.pool,
          network: lab.network,
          runDirectory: join(bench.scratch, 'runs'),
          ...change,
        },
      ],
      log,
    })
    closing.push(close)
    return fleet.agent('kvm1')
  }
  const aSpec = (change: Partial<VmSpec> = {}): VmSpec => ({
    name: bench.newName(),
    image: lab.image,
    cpus: 1,
    memoryMiB: 128,
    disksGiB: [1],
    networks: [lab.network],
    pool: lab.pool,
    sshKeys: [],
    start: false,
    ...change,
  })
  const control = (change: Partial<WorkControl> = {}): WorkControl => ({
    key: `j-${bench.newName()}/create`,
    signal: new AbortController().signal,
    progress: () => {},
    ...change,
  })
  const nothingIsLeftOf = (vm: string): void => {
    expect(bench.isDefined(vm)).toBe(false)
    expect(bench.filesOf(vm)).toEqual([])
  }
  const memoryOf = (vm: string): number =>
    Number(/Max memory: +(\d+) KiB/.exec(virsh('dominfo', vm))?.[1]) / 1024
  const startsByItself = (vm: string): boolean => /Autostart: +enable/.test(virsh('dominfo', vm))

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
    bench.clear()
  })
  afterAll(() => bench.close())

  describe('ends with 0', () => {
    it('though it did not do what was meant; an agent looks at the VM, and removes one that is not as asked', async () => {
      const plain = bench.newName()
      expect(bench.plain(bench.create(plain, { memmory: '256' })).code).toBe(0)
      expect(memoryOf(plain)).toBe(128)

      const path = bench.program(`sed -i 's/"memory":128/"memory":256/' params.json; exec "$kcli" "$@"`)
      const spec = aSpec()
      await expect(anAgent({ path }).createVm(spec, control())).rejects.toMatchObject({
        code: 'kcli-failed',
        message: expect.stringContaining('memory in MiB 256 instead of 128'),
      })
      nothingIsLeftOf(spec.name)
    })

    it('though there is no VM; an agent asks libvirt', async () => {
      const spec = aSpec()
      const path = bench.program(`echo "${spec.name} created on local"`)
      await expect(anAgent({ path }).createVm(spec, control())).rejects.toMatchObject({
        code: 'kcli-failed',
        message: expect.stringContaining('libvirt has none'),
      })
    })

    it('though the VM does not run; an agent sees that', async () => {
      const spec = aSpec({ start: true })
      const path = bench.program(`sed -i 's/"start":true/"start":false/' params.json; exec "$kcli" "$@"`)
      await expect(anAgent({ path }).createVm(spec, control())).rejects.toMatchObject({
        code: 'kcli-failed',
        message: expect.stringContaining('it is shut off'),
      })
      nothingIsLeftOf(spec.name)
    })
  })

  describe('ends with 1', () => {
    it('and leaves a VM that stands in the way of the next attempt; after an agent the way is free', async () => {
      const plain = bench.newName()
      const tooMuch = bench.create(plain, { memory: '900000000', start: 'true' })
      expect(bench.plain(tooMuch).code).toBe(1)
      expect(bench.filesOf(plain)).toHaveLength(2)
      expect(bench.plain(bench.create(plain)).output).toContain('already exists')

      const agent = anAgent()
      const spec = aSpec({ memoryMiB: 900_000_000, start: true })
      await expect(agent.createVm(spec, control())).rejects.toMatchObject({
        code: 'kcli-failed',
        message: expect.stringContaining('cannot set up guest memory'),
      })
      nothingIsLeftOf(spec.name)
      await expect(
        agent.createVm({ ...spec, memoryMiB: 128, start: false }, control()),
      ).resolves.toMatchObject({
        name: spec.name,
      })
    })

    it('with a traceback, and leaves an ISO; an agent names the cause and leaves none', async () => {
      const plain = bench.newName()
      const { code, output } = bench.plain(bench.create(plain, { numcpus: '300' }))
      expect([code, output]).toEqual([1, expect.stringContaining('Traceback')])
      expect(bench.filesOf(plain)).toEqual([`${plain}.ISO`])

      const spec = aSpec({ cpus: 300 })
      await expect(anAgent().createVm(spec, control())).rejects.toMatchObject({
        code: 'kcli-failed',
        message: expect.stringMatching(/^kcli on kvm1: .*Maximum CPUs greater than/),
      })
      nothingIsLeftOf(spec.name)
    })

    it('and what an agent cannot remove after it, it names', async () => {
      const spec = aSpec()
      const stuck = join(lab.poolPath, `${spec.name}_0.img`)
      const path = bench.program(`"$kcli" "$@"; chattr +i ${stuck}; exit 1`)
      try {
        await expect(anAgent({ path }).createVm(spec, control())).rejects.toMatchObject({
          code: 'kcli-failed',
          fix: expect.stringContaining(stuck),
        })
      } finally {
        execFileSync('chattr', ['-i', stuck])
      }
      expect(bench.isDefined(spec.name)).toBe(false)
      expect(bench.filesOf(spec.name)).toEqual([`${spec.name}_0.img`])
    })
  })

  describe('takes what lies around', () => {
    it('as the disk of a new VM; an agent refuses, and says which file it is', async () => {
      const plain = bench.newName()
      const spec = aSpec()
      for (const vm of [plain, spec.name]) {
        const disk = join(lab.poolPath, `${vm}_0.img`)
        execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '3M'])
      }
      virsh('pool-refresh', lab.pool)
      const { code, output } = bench.plain(bench.create(plain))
      expect([code, output]).toEqual([0, expect.stringContaining('Using existing disk')])
      const disk = join(lab.poolPath, `${spec.name}_0.img`)
      await expect(anAgent().createVm(spec, control())).rejects.toMatchObject({
        code: 'orphan-disk',
        message: expect.stringContaining(disk),
      })
      expect(bench.isDefined(spec.name)).toBe(false)
      expect(existsSync(disk)).toBe(true)
    })

    it('as parameters, from the directory where it is called; an agent gives it a directory of its own', async () => {
      const folder = bench.newFolder()
      writeFileSync(join(folder, 'kcli_parameters.yml'), 'autostart: true\n')
      const plain = bench.newName()
      bench.plain(bench.create(plain), { cwd: folder })
      expect(startsByItself(plain)).toBe(true)

      const before = process.cwd()
      process.chdir(folder)
      try {
        const vm = await anAgent().createVm(aSpec(), control())
        expect(startsByItself(vm.name)).toBe(false)
      } finally {
        process.chdir(before)
      }
    })

    it('as a profile that has the name of the image; an agent means the image', async () => {
      const home = bench.newFolder()
      mkdirSync(join(home, '.kcli'))
      writeFileSync(
        join(home, '.kcli/profiles.yml'),
        `${lab.image}:\n  image: ${lab.image}\n  memory: 222\n  tpm: true\n`,
      )
      const plain = bench.newName()
      const { output } = bench.plain(bench.create(plain), { env: { HOME: home } })
      expect(output).toContain(`from profile ${lab.image}`)

      const said: string[] = []
      const path = bench.program(`HOME=${home} exec "$kcli" "$@"`)
      await anAgent({ path }).createVm(aSpec(), control({ progress: (line) => said.push(line) }))
      expect(said.join('\n')).toContain(`from image ${lab.poolPath}/${lab.image}`)
      expect(said.join('\n')).not.toContain('profile')
    })

    it('as an image from the net when no pool has it; an agent refuses without asking kcli', async () => {
      const proxy = 'http://127.0.0.1:9'
      const { output } = bench.plain(bench.create(bench.newName(), {}, 'cirros'), {
        env: { http_proxy: proxy, https_proxy: proxy },
      })
      expect(output).toContain('Downloading')

      const mark = join(bench.newFolder(), 'called')
      const agent = anAgent({ path: bench.program(`touch ${mark}`) })
      for (const image of ['cirros', '/etc/hostname', 'params.json', '../tiny.qcow2']) {
        await expect(agent.createVm(aSpec({ image }), control())).rejects.toMatchObject({
          code: 'unknown-image',
          message: expect.stringContaining(image),
          fix: expect.stringContaining('image list'),
        })
      }
      expect(existsSync(mark)).toBe(false)
    })
  })

  describe('gives a name to a shell', () => {
    it('which an agent never lets come so far', async () => {
      const folder = bench.newFolder()
      bench.plain(bench.create(`${bench.newName()};touch PWNED;`), { cwd: folder })
      expect(readdirSync(folder)).toContain('PWNED')

      const mark = join(bench.newFolder(), 'called')
      const agent = anAgent({ path: bench.program(`touch ${mark}`) })
      for (const name of ['x;touch PWNED;', '$(touch PWNED)', '-a', '', 'a b', 'x\n', `..'..`]) {
        await expect(agent.createVm(aSpec({ name }), control())).rejects.toMatchObject({ code: 'bad-name' })
      }
      expect(existsSync(mark)).toBe(false)
    })
  })

  describe('deletes by parts of names', () => {
    it('which takes the disk of another VM; an agent leaves it', async () => {
      const agent = anAgent()
      /** The disk of another VM, which this one uses too. */
      const sharedWith = async (vm: string): Promise<string> => {
        const other = await agent.createVm(aSpec({ name: `${bench.newName()}-${vm}` }), control())
        const disk = join(lab.poolPath, `${other.name}_0.img`)
        virsh('attach-disk', vm, disk, 'vdz', '--subdriver', 'qcow2', '--config')
        return disk
      }
      const plain = bench.newName()
      bench.plain(bench.create(plain))
      const lost = await sharedWith(plain)
      expect(bench.plain(['delete', 'vm', '-y', plain]).code).toBe(0)
      expect(existsSync(lost)).toBe(false)

      const vm = await agent.createVm(aSpec(), control())
      const kept = await sharedWith(vm.name)
      const plan = await agent.deletionOf(vm)
      expect(plan.keeps).toEqual([{ path: kept, why: expect.stringContaining(`-${vm.name} uses it too`) }])
      await agent.deleteVm(plan)
      nothingIsLeftOf(vm.name)
      expect(existsSync(kept)).toBe(true)
    })
  })

  describe('does not see a VM', () => {
    it('whose network card it cannot read; an agent lists and describes it', async () => {
      const agent = anAgent()
      const vm = await agent.createVm(aSpec({ networks: [] }), control())
      await expect(agent.detailOf(vm)).resolves.toMatchObject({ nics: [], addresses: [] })
      const xml = join(bench.newFolder(), 'vm.xml')
      writeFileSync(
        xml,
        virsh('dumpxml', '--inactive', vm.name).replace(
          '</devices>',
          "<interface type='ethernet'/></devices>",
        ),
      )
      virsh('define', xml)
      const listed = bench.plain(['list', 'vm', '-o', 'name'])
      expect(listed.code).toBe(0)
      expect(listed.output).not.toContain(vm.name)
      expect((await agent.vms()).map(({ name }) => name)).toContain(vm.name)
      await expect(agent.detailOf(vm)).resolves.toMatchObject({ nics: [{ addresses: [] }] })
    })
  })

  describe('waits for ever', () => {
    it('for a pool that cannot be read; an agent makes VMs past it', async () => {
      const agent = anAgent()
      const breakPool = (): string => {
        const pool = bench.newName()
        const folder = bench.newFolder()
        virsh('pool-define-as', pool, 'dir', '--target', folder)
        virsh('pool-start', pool)
        rmdirSync(folder)
        return pool
      }
      breakPool()
      const hanging = bench.plain(['list', 'images'], { timeoutMs: 5000 })
      expect(hanging.code).toBe(null)

      const pool = breakPool()
      await expect(agent.createVm(aSpec(), control())).resolves.toBeDefined()
      expect((await agent.pools()).find(({ name }) => name === pool)).toMatchObject({ state: 'inactive' })
      await expect(agent.createVm(aSpec({ pool }), control())).rejects.toMatchObject({
        code: expect.any(String),
      })
    })

    it('for a guest whose agent hangs; an agent answers without it', async () => {
      const agent = anAgent()
      const name = bench.newName()
      const guest = await bootFrozenGuest(lab, name)
      closing.push(guest.close)
      const hanging = bench.plain(['list', 'vm'], { timeoutMs: 5000 })
      expect(hanging.code).toBe(null)

      const began = performance.now()
      expect((await agent.vms()).find((vm) => vm.name === name)).toMatchObject({ state: 'running' })
      expect(performance.now() - began).toBeLessThan(2000)
      const vm = await agent.find(name)
      expect(vm).toBeDefined()
      if (vm === undefined) return
      await expect(agent.detailOf(vm)).resolves.toMatchObject({ state: 'running', addresses: [] })
      expect(performance.now() - began).toBeLessThan(8000)
      await agent.createVm(aSpec(), control())
      await agent.powerOff(vm)
    })
  })

  describe('locks nothing', () => {
    it('which an agent does: two bots make VMs one after the other, and of one name only one', async () => {
      const log = join(bench.newFolder(), 'log')
      const path = bench.program(`echo in >>${log}; "$kcli" "$@"; status=$?; echo out >>${log}; exit $status`)
      const bots = [anAgent({ path }), anAgent({ path })]
      const made = await Promise.all(bots.map((bot) => bot.createVm(aSpec(), control())))
      expect(made).toHaveLength(2)
      expect(readFileSync(log, 'utf8')).toBe('in\nout\nin\nout\n')

      const spec = aSpec()
      const [first, second] = await Promise.allSettled(bots.map((bot) => bot.createVm(spec, control())))
      expect([first?.status, second?.status].toSorted()).toEqual(['fulfilled', 'rejected'])
      const [won, lost] = first?.status === 'fulfilled' ? [first, second] : [second, first]
      expect(lost).toMatchObject({ reason: { code: expect.stringMatching(/name-taken|orphan-disk/) } })
      expect(won).toMatchObject({ value: { uuid: virsh('domuuid', spec.name).trim() } })
      expect(bench.filesOf(spec.name)).toHaveLength(2)
      virsh('start', spec.name)
    })
  })

  describe('gives up when something else on the host goes away while it looks', () => {
    const disturbed = (times: number): { path: string; calls: () => number } => {
      const count = join(bench.newFolder(), 'count')
      const gone = "libvirt.libvirtError: Network not found: no network with matching uuid '6f23' (other)"
      const path = bench.program(
        `echo x >>${count}; [ $(wc -l <${count}) -gt ${times} ] || { echo "${gone}" >&2; exit 1; }; exec "$kcli" "$@"`,
      )
      return { path, calls: () => readFileSync(count, 'utf8').length / 2 }
    }

    it('and is asked once more', async () => {
      const { path, calls } = disturbed(1)
      const spec = aSpec()
      const same = control()
      const vm = await anAgent({ path }).createVm(spec, same)
      expect(virsh('domuuid', spec.name).trim()).toBe(vm.uuid)
      // A bot that starts again in the middle finds the attempt that counts.
      await expect(anAgent({ path }).createVm(spec, same)).resolves.toEqual(vm)
      expect(calls()).toBe(2)
    })

    it('and is not asked for ever', async () => {
      const { path, calls } = disturbed(9)
      const spec = aSpec()
      await expect(anAgent({ path }).createVm(spec, control())).rejects.toMatchObject({
        code: 'kcli-failed',
        message: expect.stringContaining('no network with matching uuid'),
      })
      expect(calls()).toBe(2)
      nothingIsLeftOf(spec.name)
    })

    it('which other questions to the same agent do not make happen', async () => {
      const agent = anAgent()
      let over = false
      const asking = (async () => {
        while (!over) await Promise.all([agent.images(), agent.pools()])
      })()
      try {
        for (let n = 0; n < 4; n += 1) await agent.createVm(aSpec(), control())
      } finally {
        over = true
        await asking
      }
    })
  })

  describe('when it is ended in the middle', () => {
    /** A kcli that has made the VM and then hangs, with what it started, whatever it is told. */
    const hanging = (mark: string) =>
      bench.program(
        `"$kcli" "$@"; trap '' TERM; echo $$ >${mark}.new; mv ${mark}.new ${mark}; while :; do sleep 0.2; done`,
      )
    const pidIn = (mark: string) =>
      vi.waitFor(() => Number(readFileSync(mark, 'utf8')), { timeout: 30_000, interval: 50 })

    it('by somebody on the host, an agent says so and clears up', async () => {
      const mark = join(bench.newFolder(), 'pid')
      const spec = aSpec()
      const work = anAgent({ path: hanging(mark) }).createVm(spec, control())
      const failed = expect(work).rejects.toMatchObject({ code: 'kcli-failed' })
      const pid = await pidIn(mark)
      expect(bench.isDefined(spec.name)).toBe(true)
      process.kill(pid, 'SIGKILL')
      await failed
      nothingIsLeftOf(spec.name)
    })

    it('while a program that it started still writes, an agent ends that too and clears up', async () => {
      const folder = bench.newFolder()
      const mark = join(folder, 'pid')
      const late = join(lab.poolPath, 'late')
      // In the place of the program that writes ISOs.
      const tool = `#!/bin/sh\necho $PPID $$ >${mark}.new; mv ${mark}.new ${mark}\nsleep 20; touch ${late}\n`
      writeFileSync(join(folder, 'genisoimage'), tool, { mode: 0o755 })
      const path = bench.program(`echo $$ >${mark}-kcli; PATH=${folder}:$PATH exec "$kcli" "$@"`)
      const spec = aSpec()
      const failed = expect(anAgent({ path }).createVm(spec, control())).rejects.toMatchObject({
        code: 'kcli-failed',
      })
      const tools = await vi.waitFor(() => readFileSync(mark, 'utf8').trim().split(' ').map(Number), {
        timeout: 30_000,
        interval: 20,
      })
      process.kill(Number(readFileSync(`${mark}-kcli`, 'utf8')), 'SIGKILL')
      await failed
      expect(tools.map(hasEnded)).toEqual([true, true])
      expect(existsSync(late)).toBe(false)
      nothingIsLeftOf(spec.name)
    })

    it('only in that nobody watches it any more, an agent ends it before clearing up', async () => {
      const mark = join(bench.newFolder(), 'pid')
      const directory = bench.newFolder()
      const spec = aSpec()
      const { key, ...rest } = control()
      const agent = anAgent({ path: hanging(mark) }, { runDirectory: directory })
      const work = agent.createVm(spec, { key, ...rest })
      const failed = expect(work).rejects.toMatchObject({
        code: 'kcli-failed',
        message: expect.stringContaining('ended from outside'),
      })
      const pid = await pidIn(mark)
      const watcher = Number(
        readFileSync(join(directory, key.replace('/', '_'), 'pid'), 'utf8').split(' ')[0],
      )
      process.kill(watcher, 'SIGKILL')
      await failed
      expect(hasEnded(pid)).toBe(true)
      nothingIsLeftOf(spec.name)
    })

    it('by a cancellation, an agent ends all of it, and the next in line is not held up', async () => {
      const mark = join(bench.newFolder(), 'pid')
      const spec = aSpec()
      const path = bench.program(`[ -e ${mark} ] && exec "$kcli" "$@"; exec ${hanging(mark)} "$@"`)
      const agent = anAgent({ path })
      const cancelling = [new AbortController(), new AbortController()] as const
      const reason = new UserError('cancelled', 'Cancelled by U1.', { fix: 'Ask again.' })
      const first = agent.createVm(spec, control({ signal: cancelling[0].signal }))
      const firstEnds = expect(first).rejects.toBe(reason)
      const pid = await pidIn(mark)
      const waiting = agent.createVm(aSpec(), control({ signal: cancelling[1].signal }))
      const waitingEnds = expect(waiting).rejects.toBe(reason)
      const next = agent.createVm(aSpec(), control())
      cancelling[1].abort(reason)
      await waitingEnds
      expect(hasEnded(pid)).toBe(false)
      cancelling[0].abort(reason)
      await firstEnds
      expect(hasEnded(pid)).toBe(true)
      nothingIsLeftOf(spec.name)
      await expect(next).resolves.toBeDefined()
    })
  })

  describe('under another account', () => {
    const user = 'qnav-kcli-test'
    const home = `/home/${user}`
    const removeUser = (): void => {
      try {
        execFileSync('userdel', [user], { stdio: 'ignore' })
      } catch {
        // There was none.
      }
      rmSync(home, { recursive: true, force: true })
    }

    it('works with its files there, and is cancelled there', async () => {
      removeUser()
      const words = ['--create-home', '--home-dir', home, '--shell', '/bin/sh', '--groups', 'libvirt', user]
      execFileSync('useradd', words)
      closing.push(removeUser)
      const folder = bench.newFolder()
      execFileSync('chown', [user, folder])
      const path = bench.program(
        `id -un >${folder}/who; "$kcli" "$@" || exit; [ ! -e ${folder}/hang ] || { echo $$ >${folder}/pid; sleep 60; }`,
      )
      const agent = anAgent({ path, user }, { runDirectory: join(home, 'runs') })
      await expect(agent.createVm(aSpec(), control())).resolves.toBeDefined()
      expect(readFileSync(join(folder, 'who'), 'utf8')).toBe(`${user}\n`)
      expect(execFileSync('stat', ['-c', '%U', join(home, 'runs')], { encoding: 'utf8' })).toBe(`${user}\n`)

      writeFileSync(join(folder, 'hang'), '')
      const spec = aSpec()
      const cancelling = new AbortController()
      const reason = new UserError('cancelled', 'Cancelled by U1.', { fix: 'Ask again.' })
      const work = expect(agent.createVm(spec, control({ signal: cancelling.signal }))).rejects.toBe(reason)
      await vi.waitFor(() => expect(existsSync(join(folder, 'pid'))).toBe(true), { timeout: 30_000 })
      cancelling.abort(reason)
      await work
      nothingIsLeftOf(spec.name)
    })
  })

  describe('that cannot work', () => {
    it.each<[string, () => Partial<HostSettings['kcli']>, Partial<HostSettings>, string]>([
      ['because it is not there', () => ({ path: '/nowhere/kcli' }), {}, 'kcli-missing'],
      [
        'because its configuration is not there',
        () => ({ config: '/nowhere/config.yml' }),
        {},
        'kcli-failed',
      ],
      ['because nothing can be written', () => ({}), { runDirectory: '/proc/nowhere' }, 'run-failed'],
      [
        'because nothing writes ISOs',
        () => ({ path: bench.program('PATH=/nowhere exec "$kcli" "$@"') }),
        {},
        'kcli-failed',
      ],
    ])('is told %s, and leaves nothing behind', async (_, kcli, settings, code) => {
      const spec = aSpec()
      await expect(anAgent(kcli(), settings).createVm(spec, control())).rejects.toMatchObject({
        code,
        fix: expect.stringMatching(/./),
      })
      nothingIsLeftOf(spec.name)
    })

    it('for want of a profile is told so', async () => {
      const { image, ...spec } = aSpec()
      expect(image).toBe(lab.image)
      await expect(anAgent().createVm({ ...spec, profile: 'nothing' }, control())).rejects.toMatchObject({
        code: 'unknown-profile',
        message: expect.stringContaining('nothing'),
      })
    })
  })
})

/** Gone, or dead and not yet collected by its parent. */
function hasEnded(pid: number): boolean {
  try {
    return /\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true
  }
}
