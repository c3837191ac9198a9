/**
 * Secrets in every place where some may be, a session of real commands, and then a look into everything that the bot said,
 * wrote or started: they are only where they were put.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  attempt,
  type LoopbackSshd,
  readAppManifest,
  run,
  startLoopbackSshd,
} from '../../../src/demo/index.js'
import { type Sandbox, startSandbox } from '../../../src/sandbox/index.js'

const lab = inject('lab')
const cli = fileURLToPath(new URL('../../../dist/src/cli.js', import.meta.url))
const vm = 'qnav-planted'

/** Put together here, so that this file does not look like one that leaks. */
const key = `${'-'.repeat(5)}BEGIN RSA PRIVATE KEY${'-'.repeat(5)}\nMIIEplantedplantedplantedplantedplantedplantedplantedplantedplan\nQ29ntplantedplantedplantedplantedplantedplantedplantedplantedpla\n${'-'.repeat(5)}END RSA PRIVATE KEY${'-'.repeat(5)}\n`

/** What the bot is given: nothing but the bot may hold it. */
const given = {
  passphrase: 'plantedPassphrase&<7>',
  otherVariable: 'plantedVariable4711',
  description: 'plantedDescription01',
  reason: 'plantedReason55aa',
  label: 'plantedLabel9cc1',
  vmName: 'plantedName-0a1b2c3d4e',
}
/** What hosts, guests and kcli say: it stays where it was said. */
const said = {
  title: 'plantedTitle77xx',
  snapshot: 'plantedSnapshot31',
  kcliPassword: 'plantedKcli+pw/42',
  kcliUrl: 'plantedUrlPw88',
  kcliToken: 'xoxp-99887766554433-plantedToken00112233',
  kcliHash: '$6$plantedsalt$plantedhashplantedhashplantedhashplantedhashplantedhash',
  keyLine: 'plantedplantedplanted',
}

/** kcli as it fails at its worst: with everything that it knows. */
const kcli = `#!/bin/sh
case "$*" in
  'list profile'*) echo "small  password ${said.kcliPassword}"; exit 0 ;;
esac
cat <<'END'
Deploying vm from image...
cloud-init: {"password":"${said.kcliPassword}"}
chpasswd:
  list: |
    root:${said.kcliPassword}
    cloud:${said.kcliHash}
curl: (22) https://mirror:${said.kcliUrl}@mirror.example.com/x.qcow2 403
token is
  ${said.kcliToken}
END
printf '%s' '${key.slice(0, 100)}'
sleep 0.3
printf '%s' '${key.slice(100)}'
echo 'Exception: could not register with --password ${said.kcliPassword} at https://mirror:${said.kcliUrl}@rhsm.example.com'
exit 1
`

describe.skipIf(lab === undefined)('planted secrets', () => {
  let directory = ''
  let sshd: LoopbackSshd
  let sandbox: Sandbox
  let bot: ChildProcess
  let log = ''
  /** Command lines of all processes during the run; environments of those that the bot started, here and on the host. */
  const commandLines = new Set<string>()
  const environments = new Set<string>()
  let sampling: NodeJS.Timeout
  let uid = ''

  const sample = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        commandLines.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
        const status = readFileSync(`/proc/${pid}/status`, 'utf8')
        const isOurs = status.includes(`\nPPid:\t${bot.pid}\n`) || status.includes(`\nUid:\t${uid}\t`)
        if (isOurs) environments.add(readFileSync(`/proc/${pid}/environ`, 'utf8'))
      } catch {
        // It has ended meanwhile.
      }
    }
  }
  const type = (user: string, text: string, channel = 'C0VMS') =>
    sandbox.control.command({ user, channel, text: `/qnav ${text}` })
  /** Types it and waits until the bot has said something about it. */
  async function ask(user: string, text: string, answer: RegExp, channel = 'C0VMS'): Promise<void> {
    await type(user, text, channel)
    const { control } = sandbox
    await control.waitFor(
      `an answer to ${text}: ${answer}`,
      () =>
        [...control.messages(channel), ...control.ephemerals(user)].some((each) =>
          answer.test(JSON.stringify(each)),
        )
          ? true
          : undefined,
      60_000,
    )
  }

  beforeAll(async () => {
    if (lab === undefined) return
    directory = mkdtempSync(join(tmpdir(), 'qnav-planted-'))
    sshd = await startLoopbackSshd('qnav-planted')
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', given.passphrase, '-f', sshd.identityFile])
    sandbox = await startSandbox({ port: 0, manifest: await readAppManifest() })
    const path = (name: string) => join(directory, name)
    writeFileSync(path('kcli'), kcli)
    chmodSync(directory, 0o755)
    chmodSync(path('kcli'), 0o755)
    for (const [name, text] of Object.entries({
      bot: sandbox.botToken,
      app: sandbox.appToken,
      '.env': `KVM1_PASSPHRASE="${given.passphrase}"\n`,
      'qnav.yml': `slack:
  approvals_channel: C0APPROVE
hosts:
  kvm1:
    transport: ssh
    address: ${sshd.user}@127.0.0.1:${sshd.port}
    identity_file: ${sshd.identityFile}
    identity_passphrase: KVM1_PASSPHRASE
    known_hosts: ${sshd.knownHosts}
    labels: { mirror: "https://mirror:${given.label}@mirror.example.com/" }
    virttype: ${lab.virtType}
    pool: ${lab.pool}
    network: ${lab.network}
    kcli: { path: ${path('kcli')} }
roles:
  operator: { users: [U0ANN] }
  approver: { users: [U0BEN] }
  admin: { users: [U0OLU] }
approvals:
  - { risk: [change], approvers: 1, expires: 4h }
`,
    }))
      writeFileSync(path(name), text, { mode: 0o600 })
    await attempt('virsh', ['-c', 'qemu:///system', 'undefine', vm, '--snapshots-metadata'])
    writeFileSync(
      path('domain.xml'),
      `<domain type='qemu'><name>${vm}</name><title>password=${said.title}</title><description>db password: ${said.title}</description><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`,
    )
    await run('virsh', ['-c', 'qemu:///system', 'define', path('domain.xml')])
    await run('virsh', [
      ...['-c', 'qemu:///system', 'snapshot-create-as', vm, 'before'],
      ...['--description', `api_key=${said.snapshot}`],
    ]).catch(() => undefined)

    bot = spawn(process.execPath, [cli, 'start'], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: directory,
        SLACK_BOT_TOKEN_FILE: path('bot'),
        SLACK_APP_TOKEN_FILE: path('app'),
        SLACK_API_URL: sandbox.apiUrl,
        SOME_PASSWORD: given.otherVariable,
        LOG_LEVEL: 'debug',
      },
    })
    bot.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
    })
    uid = execFileSync('id', ['-u', sshd.user]).toString().trim()
    sampling = setInterval(sample, 15)
    await sandbox.control.waitForConnections(2, 30_000).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${log}`)
    })
  }, 120_000)

  afterAll(async () => {
    clearInterval(sampling)
    if (bot !== undefined && bot.exitCode === null) {
      const gone = once(bot, 'exit')
      bot.kill('SIGTERM')
      await gone
    }
    await sandbox?.stop()
    await attempt('virsh', ['-c', 'qemu:///system', 'undefine', vm, '--snapshots-metadata'])
    await sshd?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  it('are met by a session of real commands', async () => {
    await ask('U0ANN', 'host list', /kvm1/)
    await ask('U0ANN', 'host show kvm1', /libvirt/)
    await ask('U0ANN', `vm show ${vm}`, new RegExp(vm))
    await ask('U0ANN', `snapshot list ${vm}`, /snapshot/)
    await ask('U0ANN', `vm show xoxb-1234567890-${given.vmName}`, /no VM|There is/)
    await ask('U0ANN', `snapshot create ${vm} --description "password=${given.description}"`, /kept nowhere/)
    await ask(
      'U0ANN',
      `vm create web7 --image ${lab?.image} --ssh-key "${key.replaceAll('\n', ' ')}"`,
      /public SSH key/,
    )
    await ask('U0ANN', `vm create web7 --image ${lab?.image} --memory 128M --disk 1G`, /waiting for approval/)
    const card = await sandbox.control.waitForMessage(
      'C0APPROVE',
      ({ text }) => text.includes('Approval needed'),
      30_000,
    )
    const place = { channel: 'C0APPROVE', ts: card.ts }
    await sandbox.control.click({ user: 'U0BEN', ...place, text: 'Approve & deploy' })
    await sandbox.control.waitForMessage('C0VMS', ({ text }) => /vm create web7: failed/.test(text), 90_000)
    await ask(
      'U0ANN',
      `vm create web8 --image ${lab?.image} --memory 128M --disk 1G`,
      /web8.*waiting for approval/,
    )
    const job = /j-[a-z0-9]+/.exec(
      JSON.stringify(sandbox.control.messages('C0APPROVE').findLast(({ text }) => text.includes('web8'))),
    )?.[0]
    await ask('U0BEN', `job deny ${job} --reason "the password: ${given.reason} is wrong"`, /denied|Denied/)
    await ask('U0ANN', `job show ${job}`, /denied|Denied/)
    await ask('U0OLU', 'job list', /web7/)
    await sandbox.control.home({ user: 'U0ANN' })
    await sandbox.control.waitForHome('U0ANN', (view) => JSON.stringify(view).includes('web7'), 30_000)
    const qnav = await attempt(process.execPath, [cli, 'run', `vm show ${vm}`], {
      cwd: directory,
      env: { LOG_LEVEL: 'error', HOME: directory },
    })
    expect(qnav.output).toContain(vm)
    appendFileSync(join(directory, 'terminal'), qnav.output)
  }, 240_000)

  /** Everything that was looked at, by its name, and what of the secrets is in it. */
  function found(
    secrets: Readonly<Record<string, string>>,
    places: Readonly<Record<string, string>>,
  ): string[] {
    return Object.entries(secrets).flatMap(([name, secret]) => {
      const forms = [
        secret,
        Buffer.from(secret).toString('base64').slice(0, -4),
        encodeURIComponent(secret),
        secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
      ]
      return Object.entries(places).flatMap(([place, text]) =>
        forms.some((form) => text.includes(form)) ? [`${name} in ${place}`] : [],
      )
    })
  }
  function filesBelow(path: string): Record<string, string> {
    const names = readdirSync(path, { recursive: true }).map((name) => join(path, String(name)))
    return Object.fromEntries(
      names
        .filter((name) => statSync(name).isFile())
        .map((name) => [name, readFileSync(name).toString('latin1')]),
    )
  }

  it('are in no message, log line, file, command line or environment of another process', () => {
    const tokens = { bot: sandbox.botToken, app: sandbox.appToken }
    const { control } = sandbox
    const messages = {
      messages: JSON.stringify(['C0VMS', 'C0APPROVE'].map((channel) => control.messages(channel))),
      ephemerals: JSON.stringify(['U0ANN', 'U0BEN', 'U0OLU'].map((user) => control.ephemerals(user))),
      'Home tabs': JSON.stringify(
        ['U0ANN', 'U0BEN', 'U0OLU'].map((user) => [control.homeOf(user), control.modals(user)]),
      ),
      'what Slack was told': JSON.stringify(
        control
          .traffic()
          .filter(({ kind }) => kind === 'web-api')
          .map(({ name, request }) => [name, request]),
      ),
      terminal: readFileSync(join(directory, 'terminal'), 'utf8'),
      log,
    }
    // That there was something to look at.
    expect(control.messages('C0VMS').length).toBeGreaterThan(5)
    expect(messages['what Slack was told']).toContain('[redacted]')
    expect(log.split('\n').length).toBeGreaterThan(3)
    expect(commandLines.size).toBeGreaterThan(20)
    expect(environments.size).toBeGreaterThan(0)
    const data = filesBelow(join(directory, 'data'))
    expect(Object.keys(data).length).toBeGreaterThan(3)
    const host = filesBelow(join(homedir(), '..', 'home', sshd.user, '.qnav', 'runs'))
    expect(Object.keys(host).some((name) => name.endsWith('params.json'))).toBe(true)
    const processes = {
      'command lines': [...commandLines].join('\n'),
      environments: [...environments].join('\n'),
    }

    expect(found({ ...given, ...tokens }, { ...messages, ...data, ...host })).toEqual([])
    // What is said stays on the host that said it: in the run's own directory, which only its account may read.
    expect(found(said, { ...messages, ...data })).toEqual([])
    expect(found({ ...given, ...tokens, ...said }, processes)).toEqual([])
  })

  it('can be read by nobody else where they must be: in the data directory and in that of the run', () => {
    const runs = join('/home', sshd.user, '.qnav', 'runs')
    for (const path of [join(directory, 'data'), runs]) {
      expect((statSync(path).mode & 0o777).toString(8)).toBe('700')
      for (const name of readdirSync(path, { recursive: true }))
        expect(statSync(join(path, String(name))).mode & 0o077, String(name)).toBe(0)
    }
  })
})
