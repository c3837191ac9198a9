/** The rules, sudoers lines, units and key options of docs/security.md, as they stand there, against the real programs. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { createFleet } from '../../../src/agents/index.js'
import { attempt, run, startLoopbackSshd } from '../../../src/demo/index.js'
import { createLog } from '../../../src/log.js'
import { readPage } from '../../docs/pages.js'

const lab = inject('lab')
const page = readPage('docs/security.md')
const account = 'qnav-narrow'
const other = 'qnav-narrow-2'
const system = 'qemu:///system'

function block(language: string, holding: string): string {
  const found = page.blocks.find((each) => each.language === language && each.text.includes(holding))
  if (found === undefined) throw new Error(`docs/security.md has no ${language} about ${holding}`)
  return found.text
}

/** What the account gets from virsh. */
const asAccount = (words: string, name = account) =>
  attempt('su', [name, '-s', '/bin/sh', '-c', `virsh ${words}`])

describe.skipIf(lab === undefined)('the rights that docs/security.md names', () => {
  const rules = '/etc/polkit-1/rules.d/48-qnav-test.rules'
  let directory = ''

  /** Puts the rule in force for the account of this test; polkitd has seen it when `isSeen` passes. */
  async function obey(holding: string, isSeen: () => Promise<void>): Promise<void> {
    writeFileSync(rules, block('js', holding).replaceAll('"qnav"', `"${account}"`), { mode: 0o644 })
    await vi.waitFor(isSeen, { timeout: 20_000, interval: 200 })
  }

  beforeAll(async () => {
    if (lab === undefined) return
    directory = mkdtempSync(join(tmpdir(), 'qnav-narrow-'))
    for (const name of [account, other])
      await attempt('useradd', ['--no-create-home', '--shell', '/bin/sh', name])
  })
  afterEach(() => rmSync(rules, { force: true }))
  afterAll(async () => {
    for (const name of [account, other]) await attempt('userdel', [name])
    if (directory !== '') rmSync(directory, { recursive: true, force: true })
  })

  it('without any, an account looks and changes nothing', async () => {
    expect((await asAccount(`-r -c ${system} list --all`)).exitCode).toBe(0)
    expect((await asAccount(`-c ${system} list`)).output).toMatch(/authentication|denied/)
    expect((await asAccount(`-r -c ${system} net-destroy ${lab?.network}`)).output).toMatch(
      /read only|denied/i,
    )
  })

  it('let one account manage libvirt, and no other', async () => {
    await obey('this account manages libvirt', async () => {
      expect((await asAccount(`-c ${system} list --all`)).exitCode).toBe(0)
    })
    expect((await asAccount(`-c ${system} list --all`, other)).output).toMatch(/authentication|denied/)
  })

  it('let one account look, and no other', async () => {
    await obey('this account looks', async () => {
      expect((await asAccount(`-r -c ${system} list`, other)).output).toMatch(/authentication|denied/)
    })
    expect((await asAccount(`-r -c ${system} list --all`)).exitCode).toBe(0)
    expect((await asAccount(`-c ${system} list`)).output).toMatch(/authentication|denied/)
    expect((await asAccount(`-r -c ${system} list --all`, other)).output).toMatch(/authentication|denied/)
  })

  describe('with access_drivers = [ "polkit" ]', () => {
    let daemon: ChildProcess
    let uri = ''

    // A second libvirtd in a world of its own: the first one is everybody's.
    beforeAll(async () => {
      const at = (name: string) => join(directory, name)
      mkdirSync(at('sock'), { mode: 0o755 })
      await run('chmod', ['755', directory])
      expect(page.text).toContain('access_drivers = [ "polkit" ]')
      writeFileSync(
        at('libvirtd.conf'),
        [
          `unix_sock_dir = "${at('sock')}"`,
          'unix_sock_rw_perms = "0777"',
          'auth_unix_rw = "polkit"',
          'auth_unix_ro = "polkit"',
          'access_drivers = [ "polkit" ]',
        ].join('\n'),
      )
      const places = ['/run/libvirt', '/var/lib/libvirt', '/var/cache/libvirt', '/etc/libvirt']
      const script = `for d in ${places.join(' ')}; do mkdir -p $d; mount -t tmpfs qnav $d; done
mkdir -p /etc/libvirt/qemu; exec libvirtd -f ${at('libvirtd.conf')} -p ${at('pid')}`
      daemon = spawn('unshare', ['--mount', 'sh', '-c', script], { stdio: 'ignore' })
      uri = `qemu+unix:///system?socket=${at('sock')}/libvirt-sock`
      await vi.waitFor(async () => expect((await attempt('virsh', ['-c', uri, 'list'])).exitCode).toBe(0), {
        timeout: 30_000,
        interval: 300,
      })
      for (const name of ['lab-1', 'prod-1']) {
        const xml = `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><os><type>hvm</type></os></domain>`
        writeFileSync(at(`${name}.xml`), xml, { mode: 0o644 })
        await run('virsh', ['-c', uri, 'define', at(`${name}.xml`)])
      }
    })
    afterAll(() => {
      daemon?.kill('SIGTERM')
    })

    it('let one account change some VMs, and look at all', async () => {
      const virsh = (words: string) => asAccount(`-c '${uri}' ${words}`)
      await obey('this account works on lab-* only', async () => {
        expect((await virsh('list --all')).output).toMatch(/lab-1.*prod-1/s)
      })
      expect((await virsh('dumpxml prod-1')).output).toContain('<name>prod-1</name>')
      for (const change of ['start', 'undefine', 'autostart']) {
        expect((await virsh(`${change} prod-1`)).output).toMatch(/access denied/)
      }
      expect((await virsh('desc lab-1 --config words')).exitCode).toBe(0)
      writeFileSync(
        join(directory, 'other.xml'),
        readFileSync(join(directory, 'lab-1.xml'), 'utf8').replace('lab-1', 'prod-2'),
        { mode: 0o644 },
      )
      expect((await virsh(`define ${join(directory, 'other.xml')}`)).output).toMatch(/access denied/)
      expect((await virsh('undefine lab-1')).exitCode).toBe(0)
      expect((await asAccount(`-c '${uri}' list`, other)).output).toMatch(/authentication|denied/)
    })
  })

  it.skipIf(!existsSync('/usr/sbin/visudo')).each(['kcli: { user: lab }', 'kcli: { sudo: true }'])(
    'are sudoers files that visudo takes: %s',
    async (holding) => {
      const file = join(directory, 'sudoers')
      writeFileSync(file, block('sudoers', holding), { mode: 0o440 })
      expect(await attempt('visudo', ['-c', '-f', file])).toMatchObject({ exitCode: 0 })
      rmSync(file)
    },
  )

  it.skipIf(!existsSync('/usr/bin/sudo'))('let sudo work as that account and as no other', async () => {
    const file = '/etc/sudoers.d/qnav-test-narrow'
    const text = block('sudoers', 'kcli: { user: lab }')
    writeFileSync(
      file,
      text.replaceAll(':qnav', `:${account}`).replace(/^qnav/m, account).replaceAll('(lab)', `(${other})`),
      {
        mode: 0o440,
      },
    )
    try {
      const sudo = (words: string) => attempt('su', [account, '-s', '/bin/sh', '-c', `sudo -n -H ${words}`])
      expect((await sudo(`-u ${other} /bin/sh -c 'id -un'`)).output.trim()).toBe(other)
      expect((await sudo('id -un')).output).toMatch(/password is required|not allowed/)
    } finally {
      rmSync(file, { force: true })
    }
  })

  it('are enough for a key that may only run commands and reach the socket', async () => {
    const sshd = await startLoopbackSshd('qnav-narrow-ssh')
    try {
      const keys = join(dirname(sshd.identityFile), 'authorized_keys')
      const [line = ''] = /^restrict,.*$/m.exec(page.text) ?? []
      const options = line.slice(0, line.indexOf(' ssh-ed25519')).replace('192.0.2.10', '127.0.0.1')
      expect(options).toBe('restrict,port-forwarding,from="127.0.0.1"')
      writeFileSync(keys, `${options} ${readFileSync(keys, 'utf8')}`)
      const { fleet, close } = createFleet({
        hosts: [
          {
            name: 'kvm1',
            labels: {},
            connection: {
              transport: 'ssh',
              user: sshd.user,
              host: sshd.host,
              port: sshd.port,
              identityFile: sshd.identityFile,
              knownHosts: sshd.knownHosts,
            },
            libvirt: { uri: 'qemu:///system' },
            kcli: { sudo: false },
            virtType: 'auto',
            pool: lab?.pool ?? '',
            network: lab?.network ?? '',
          },
        ],
        log: createLog({ level: 'silent' }),
      })
      try {
        expect((await fleet.agent('kvm1').detail()).libvirtVersion).toMatch(/^\d/)
        expect((await fleet.agent('kvm1').check()).length).toBeGreaterThan(3)
      } finally {
        await close()
      }
    } finally {
      await sshd.stop()
    }
  })

  it.skipIf(!existsSync('/usr/bin/systemd-analyze'))(
    'are a service that systemd reads, and finds well closed',
    async () => {
      const unit =
        readPage('docs/install.md').blocks.find(({ text }) => text.includes('ExecStart='))?.text ?? ''
      const limits = block('ini', 'NoNewPrivileges').replace('[Service]', '')
      const file = join(directory, 'qnav.service')
      writeFileSync(
        file,
        unit
          .replace('[Install]', `${limits}\n[Install]`)
          .replace('/usr/bin/node', process.execPath)
          .replace('WorkingDirectory=/opt/qnav', `WorkingDirectory=${directory}`),
      )
      const verified = await attempt('systemd-analyze', ['verify', '--man=no', file])
      expect(verified.output.split('\n').filter((line) => line.includes('qnav.service:'))).toEqual([])
      const judged = await attempt('systemd-analyze', ['security', '--offline=true', '--no-pager', file])
      const exposure = Number(/Overall exposure level for qnav.service: ([\d.]+)/.exec(judged.output)?.[1])
      expect(exposure).toBeLessThan(3)
    },
  )
})
