import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/index.js'
import { UserError } from '../../src/errors.js'
import { aFolder } from './temporary-folder.js'

const example = fileURLToPath(new URL('../../qnav.example.yml', import.meta.url))
const oneHost = 'hosts:\n  kvm1:\n    transport: local\n'

async function load(text: string) {
  return loadConfig(join(await aFolder({ 'qnav.yml': text }), 'qnav.yml'))
}

async function refusal(text: string): Promise<UserError> {
  const error = await load(text).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof UserError))
    throw new Error(`not refused with a UserError: ${String(error)}\n${text}`)
  expect(error.code).toBe('bad-config')
  return error
}

describe('qnav.yml', () => {
  it('limits nothing unless it says so, and then in the units of the house', async () => {
    expect(await load(oneHost)).not.toHaveProperty('quotas')
    expect(await load(oneHost)).toMatchObject({
      rates: { commandsPerMinute: 120, changesPerHour: 300 },
      jobs: { keep: 1000, archiveMs: 400 * 86_400_000 },
    })
    expect((await load(oneHost)).auditMirror).toEqual({ journald: false })
    const mirrors = 'channel: C0AUDIT, journald: true, syslog: "udp://[::1]:514"'
    expect((await load(`${oneHost}audit: { mirror: { ${mirrors} } }\n`)).auditMirror).toEqual({
      channel: 'C0AUDIT',
      journald: true,
      syslog: { protocol: 'udp', host: '::1', port: 514 },
    })
    const text = `${oneHost}quotas:
  owners:
    - { users: [U1], memory: 1.5G, disk: 2T }
    - { vms: 0 }
  hosts:
    - { labels: { site: 1 }, vcpu_ratio: 4, memory: 512M }
  vm: { snapshots: 3 }
`
    expect((await load(text)).quotas).toEqual({
      owners: [{ users: ['U1'], limits: { memoryMiB: 1536, diskGiB: 2048 } }, { limits: { vms: 0 } }],
      hosts: [{ labels: { site: '1' }, cpuRatio: 4, limits: { memoryMiB: 512 } }],
      perVm: { snapshots: 3 },
    })
  })

  it('reads a rule of approval of older versions as it was meant then', async () => {
    const { policy } = await load(withRule('{ risk: change, approvers: 1, expires: 2h }'))
    expect(policy.approvals).toEqual([{ risks: ['change'], rule: { approvers: 1, expiresMs: 7_200_000 } }])
  })

  it('reads whom a rule asks, where, when and why', async () => {
    const { policy } = await load(
      `${withRule(
        '{ risk: change, over: { memory: 16GiB }, from: [approver], hours: mon 08:00-12:00, within: [sat 08:00-12:00], reason: required }',
      )}time_zone: Asia/Tokyo\n`,
    )
    const timeZone = 'Asia/Tokyo'
    expect(policy.approvals).toEqual([
      {
        risks: ['change'],
        over: { memoryMiB: 16_384 },
        hours: { windows: ['mon 08:00-12:00'], timeZone },
        rule: {
          approvers: 1,
          from: ['approver'],
          reason: 'required',
          within: { windows: ['sat 08:00-12:00'], timeZone },
          expiresMs: 4 * 3_600_000,
        },
      },
    ])
  })

  it('is what the example shows', async () => {
    const config = await loadConfig(example)
    expect(config).toMatchObject({
      path: example,
      approvalsChannel: 'C0APPROVE',
      policy: {
        roles: {
          operator: { users: ['U1', 'U2'], groups: ['S1'] },
          approver: { users: ['U3'], groups: [] },
          admin: { users: ['U4'], groups: [] },
        },
        approvals: [
          {
            risks: ['destructive'],
            commands: ['vm delete'],
            labels: { env: 'prod' },
            rule: { approvers: 2, from: ['operator', 'web-team'], reason: 'required' },
          },
          { risks: ['change'], over: { memoryMiB: 65_536, cpus: 16, diskGiB: 1024 } },
          { hours: { windows: ['mon-fri 18:00-24:00', 'sat,sun 00:00-24:00'], timeZone: 'UTC' } },
          { risks: ['change', 'destructive', 'host'], rule: { approvers: 1, expiresMs: 4 * 3_600_000 } },
        ],
      },
    })
    expect(config.hosts).toEqual([
      {
        name: 'kvm1',
        labels: { site: 'ams', env: 'lab' },
        connection: { transport: 'local' },
        libvirt: { uri: 'qemu:///system', readOnly: false },
        kcli: { sudo: false },
        virtType: 'auto',
        pool: 'default',
        network: 'default',
      },
      {
        name: 'kvm2',
        labels: {},
        connection: {
          transport: 'ssh',
          user: 'lab-user',
          host: 'kvm2.example.com',
          port: 22,
          identityFile: join(homedir(), '.ssh/id_ed25519'),
          knownHosts: join(homedir(), '.ssh/known_hosts'),
        },
        libvirt: { uri: 'qemu:///system', readOnly: false },
        kcli: { path: '/usr/bin/kcli', sudo: true },
        virtType: 'auto',
        pool: 'default',
        network: 'default',
      },
      expect.objectContaining({
        name: 'kvm3',
        connection: expect.objectContaining({ user: 'qnav', host: '192.0.2.13', port: 22 }),
      }),
    ])
  })

  it('needs no more than one host', async () => {
    expect(await load(oneHost)).toMatchObject({ hosts: [{ name: 'kvm1' }], policy: { approvals: [] } })
  })

  it('takes every optional key of a host', async () => {
    const { hosts } = await load(`hosts:
  kvm9:
    transport: ssh
    address: "root@[fe80::1]:2222"
    known_hosts: /etc/qnav/known_hosts
    labels: { rack: 12, spare: false }
    libvirt: { socket: /run/libvirt/libvirt-sock, uri: qemu:///system, read_only: true }
    kcli: { user: lab, config: /etc/kcli.yml }
    virttype: qemu
    pool: vms
    network: lab
    run_directory: /var/tmp/qnav
`)
    expect(hosts).toEqual([
      {
        name: 'kvm9',
        labels: { rack: '12', spare: 'false' },
        connection: {
          transport: 'ssh',
          user: 'root',
          host: 'fe80::1',
          port: 2222,
          knownHosts: '/etc/qnav/known_hosts',
        },
        libvirt: { socket: '/run/libvirt/libvirt-sock', uri: 'qemu:///system', readOnly: true },
        kcli: { sudo: false, user: 'lab', config: '/etc/kcli.yml' },
        virtType: 'qemu',
        pool: 'vms',
        network: 'lab',
        runDirectory: '/var/tmp/qnav',
      },
    ])
  })

  describe('with a host behind another and a key with a passphrase', () => {
    const text = `hosts:
  kvm9:
    transport: ssh
    address: root@kvm9
    jump: lab@bastion.example.com:2200
    identity_file: /etc/qnav/key
    identity_passphrase: KVM9_PASSPHRASE
`
    const passphraseFrom = async (env: Record<string, string>) => {
      const { hosts } = await loadConfig(join(await aFolder({ 'qnav.yml': text }), 'qnav.yml'), env)
      const connection = hosts[0]?.connection
      expect(JSON.stringify(hosts)).not.toContain('open sesame')
      return connection?.transport === 'ssh' ? connection.passphrase?.() : undefined
    }

    it('knows the way, and the passphrase from the environment or a file, with its spaces', async () => {
      const file = join(await aFolder({ phrase: ' open sesame \n' }), 'phrase')
      expect(await passphraseFrom({ KVM9_PASSPHRASE: ' open sesame ' })).toBe(' open sesame ')
      expect(await passphraseFrom({ KVM9_PASSPHRASE_FILE: file })).toBe(' open sesame ')
      const { hosts } = await loadConfig(join(await aFolder({ 'qnav.yml': text }), 'qnav.yml'), {
        KVM9_PASSPHRASE: 'x',
      })
      expect(hosts[0]?.connection).toMatchObject({
        jump: { user: 'lab', host: 'bastion.example.com', port: 2200 },
        identityFile: '/etc/qnav/key',
      })
    })

    it('is refused while the passphrase is set nowhere', async () => {
      const { message, fix } = await refusal(text)
      expect(message).toMatch(
        /qnav\.yml:7: hosts\.kvm9\.identity_passphrase names KVM9_PASSPHRASE, which is not set/,
      )
      expect(fix).toContain('KVM9_PASSPHRASE_FILE')
    })

    it('is refused without the key, and without repeating a passphrase that stands in the file itself', async () => {
      const { message } = await refusal(text.replace(/ +identity_file.*\n/, ''))
      expect(message).toMatch(/qnav\.yml:6: hosts\.kvm9\.identity_passphrase needs identity_file/)
      const leaked = await refusal(text.replace('KVM9_PASSPHRASE', 'open sesame'))
      expect(leaked.message).toMatch(/must be the name of an environment variable/)
      expect(leaked.message).not.toContain('sesame')
    })
  })

  it.each<[string, string, number, RegExp]>([
    [
      'an unknown key',
      `${oneHost}    transprot: ssh\n`,
      4,
      /hosts\.kvm1 has no key "transprot"; did you mean "transport"\?/,
    ],
    ['an unknown section', `${oneHost}role: {}\n`, 4, /the file has no key "role"; did you mean "roles"\?/],
    [
      'a key of the other transport',
      `${oneHost}    address: a@b\n`,
      4,
      /hosts\.kvm1 has no key "address".*Allowed: transport/,
    ],
    [
      'a wrong transport',
      'hosts:\n  kvm1:\n    transport: telnet\n',
      3,
      /hosts\.kvm1\.transport: "telnet" must be local.* or ssh/,
    ],
    ['a missing transport', 'hosts:\n  kvm1:\n    pool: x\n', 2, /hosts\.kvm1\.transport is missing/],
    [
      'a missing address',
      'hosts:\n  kvm1:\n    transport: ssh\n',
      2,
      /hosts\.kvm1\.address is missing; it must be user@host/,
    ],
    [
      'an address without user',
      'hosts:\n  kvm1:\n    transport: ssh\n    address: kvm1.example.com\n',
      4,
      /hosts\.kvm1\.address: "kvm1\.example\.com" must be user@host or user@host:port/,
    ],
    [
      'an address that ssh would take for an option',
      'hosts:\n  kvm1:\n    transport: ssh\n    address: a@-oProxyCommand=x\n',
      4,
      /must be user@host/,
    ],
    [
      'a port that is none',
      'hosts:\n  kvm1:\n    transport: ssh\n    address: a@b:99999\n',
      4,
      /hosts\.kvm1\.address: "a@b:99999" .*65535/,
    ],
    [
      'a relative path',
      'hosts:\n  k:\n    transport: ssh\n    address: a@b\n    identity_file: id\n',
      5,
      /absolute path/,
    ],
    [
      'a bad host name',
      'hosts:\n  "kvm 1":\n    transport: local\n',
      2,
      /"kvm 1" cannot be the name of a host/,
    ],
    ['no hosts', 'hosts: {}\n', 1, /hosts: .*must name at least one host/],
    ['hosts that are missing', 'roles: {}\n', 1, /hosts is missing/],
    [
      'text for a truth value',
      `${oneHost}    kcli: { sudo: yes }\n`,
      4,
      /kcli\.sudo: "yes" must be true or false/,
    ],
    ['a wrong virttype', `${oneHost}    virttype: tcg\n`, 4, /virttype: "tcg" must be auto, kvm or qemu/],
    [
      'a user by name',
      `${oneHost}roles:\n  operator: { users: ["@ada"] }\n`,
      5,
      /roles\.operator\.users\.0: "@ada" must be a Slack user id/,
    ],
    [
      'users that are no list',
      `${oneHost}roles:\n  admin: { users: U1 }\n`,
      5,
      /roles\.admin\.users: "U1" must be a list/,
    ],
    [
      'an unknown role',
      `${oneHost}roles:\n  operators: {}\n`,
      5,
      /roles has no key "operators"; did you mean "operator"/,
    ],
    [
      'a channel by name',
      `${oneHost}slack: { approvals_channel: "#ops" }\n`,
      4,
      /"#ops" must be a channel id/,
    ],
    ['a wrong risk', withRule('{ risk: [reboot] }'), 7, /approvals\.0\.risk.*change, destructive/],
    ['a rule for reading', withRule('{ risk: [read] }'), 7, /read commands never wait/],
    [
      'a wrong duration',
      withRule('{ risk: [change], expires: tomorrow }'),
      7,
      /expires: "tomorrow" must be a time from 1m to 30d/,
    ],
    ['a duration without unit', withRule('{ risk: [change], expires: 4 }'), 7, /expires: 4 must be a time/],
    ['no approvers', withRule('{ risk: [change], approvers: 0 }'), 7, /approvals\.0\.approvers: 0/],
    [
      'more approvers than there are',
      withRule('{ risk: [change], approvers: 2 }'),
      7,
      /asks for 2 .* names 1/,
    ],
    ['hours of no day', withRule('{ risk: [change], hours: 08:00-18:00 }'), 7, /hours.*mon-fri 08:00-18:00/],
    [
      'hours that end before',
      withRule('{ risk: [change], within: mon 18:00-08:00 }'),
      7,
      /within.*the day they begin/,
    ],
    ['a reason that is not required', withRule('{ risk: [change], reason: nice }'), 7, /must be required/],
    ['a size without a unit in a rule', withRule('{ risk: [change], over: { memory: 16 } }'), 7, /64G/],
    ['a role that is none', withRule('{ risk: [change], from: [security] }'), 7, /"security", which is none/],
    ['a role that nobody has', withRule('{ risk: [change], from: [operator] }'), 7, /nobody has that role/],
    [
      'more roles than approvers',
      withRule('{ risk: [change], from: [admin, approver], approvers: 1 }'),
      7,
      /names 2 roles in from, and asks for 1/,
    ],
    [
      'two of one person',
      withRule('{ risk: [change], from: [approver, approver] }'),
      7,
      /asks for 2 of approver and approver, and roles names 1/,
    ],
    [
      'a role that nobody knows for break-glass',
      `${oneHost}break_glass: { roles: [oncall] }\n`,
      4,
      /"oncall", which is none/,
    ],
    ['break-glass for nobody', `${oneHost}break_glass: { roles: [] }\n`, 4, /break_glass\.roles/],
    ['a time zone that is none', `${oneHost}time_zone: Mars\n`, 4, /Europe\/Amsterdam/],
    [
      'approvals without a channel',
      `${oneHost}approvals:\n  - { risk: [change] }\n`,
      4,
      /need slack\.approvals_channel/,
    ],
    ['a key that stands twice', `${oneHost}    transport: ssh\n`, 4, /stands twice/],
    ['a tab', 'hosts:\n\tkvm1:\n', 2, /tab/],
    ['an open bracket', 'hosts:\n  kvm1: { transport: local\n', 3, /flow|collection|\}/i],
    ['a lease that is too short', `${oneHost}leases: { default: 5m }\n`, 4, /leases\.default.*from 1h/],
    ['a lease beyond the longest', `${oneHost}leases: { default: 9d, longest: 8d }\n`, 4, /longer than/],
    ['a size without a unit', `${oneHost}quotas: { vm: { memory: 64 } }\n`, 4, /quotas\.vm\.memory.*64G/],
    ['a quota below nothing', `${oneHost}quotas:\n  owners:\n    - { vms: -1 }\n`, 6, /whole number from 0/],
    ['a ratio of nothing', `${oneHost}quotas:\n  hosts:\n    - { vcpu_ratio: 0 }\n`, 6, /above 0/],
    ['an unknown limit', `${oneHost}quotas:\n  owners:\n    - { cpus: 4 }\n`, 6, /did you mean "vcpus"/],
    [
      'a syslog without a port',
      `${oneHost}audit: { mirror: { syslog: tls://logs.example.com } }\n`,
      4,
      /syslog: .* must be udp:\/\/, tcp:\/\/ or tls:\/\/ with a host and a port/,
    ],
    [
      'a port that is none',
      `${oneHost}audit: { mirror: { syslog: 'udp://[::1]:70000' } }\n`,
      4,
      /with a host and a port/,
    ],
    ['no archive to speak of', `${oneHost}jobs: { archive: 12h }\n`, 4, /from 1d to 3650d/],
    ['no jobs kept at all', `${oneHost}jobs: { keep: 0 }\n`, 4, /from 1 to/],
    ['no commands at all', `${oneHost}rates: { commands_per_minute: 0 }\n`, 4, /from 1 to/],
    [
      'a list at the top',
      '- a\n',
      1,
      /must be a mapping with slack, hosts, roles, custom_roles, approvals, /,
    ],
  ])('with %s is refused, naming the line and what is allowed', async (_, text, line, message) => {
    const error = await refusal(text)
    expect(error.message).toMatch(message)
    expect(error.message).toMatch(new RegExp(`qnav\\.yml:${line}: `))
    expect(error.fix).not.toBe('')
  })

  it('names all mistakes at once', async () => {
    const { message } = await refusal(
      'hosts:\n  a:\n    transport: x\n  b:\n    transport: local\n    pol: y\n',
    )
    expect(message.split('\n')).toHaveLength(2)
  })

  it.each(['', '# only a comment\n', '---\n'])('that is empty says how to start: %j', async (text) => {
    const error = await refusal(text)
    expect(error.message).toContain('is empty')
    expect(error.fix).toContain('cp qnav.example.yml')
  })

  it('that is missing says how to start', async () => {
    const path = join(await aFolder(), 'qnav.yml')
    await expect(loadConfig(path)).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining(path),
      fix: expect.stringContaining('cp qnav.example.yml'),
    })
  })

  it('that cannot be read says why', async () => {
    await expect(loadConfig(await aFolder())).rejects.toMatchObject({
      message: expect.stringContaining('EISDIR'),
    })
  })

  it('does not explode by aliases', async () => {
    const bomb = Array.from({ length: 20 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}]`)
    const error = await refusal(`a0: &a0 [x]\n${bomb.join('\n')}\n`)
    expect(error.message).toMatch(/alias/i)
  })

  it('never repeats a token that was put into it', async () => {
    const error = await refusal(`${oneHost}slack:\n  approvals_channel: xoxb-1234567890-abcdefghij\n`)
    expect(error.message).not.toContain('1234567890')
  })

  it('is loaded or refused with a place, whatever it holds', async () => {
    const folder = await aFolder()
    const { writeFile } = await import('node:fs/promises')
    const word = fc.constantFrom(
      'hosts',
      'kvm1',
      'transport',
      'local',
      'ssh',
      'roles',
      'approvals',
      'risk',
      '1',
      'null',
    )
    const mark = fc.constantFrom(
      ': ',
      '\n',
      '\n  ',
      '\n    ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ', ',
      '"',
      '&a ',
      '*a',
      '!!x ',
      '\t',
      '#',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(word, mark), { maxLength: 30 }), async (parts) => {
        const path = join(folder, 'qnav.yml')
        await writeFile(path, parts.join(''))
        const outcome = await loadConfig(path).catch((error: unknown) => error)
        if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'bad-config' })
      }),
      { numRuns: 300 },
    )
  })
})

/** A configuration whose line 7 is the approval rule. */
function withRule(rule: string): string {
  return `slack: { approvals_channel: C1 }\nroles: { approver: { users: [U3] } }\n${oneHost}approvals:\n  - ${rule}\n`
}
