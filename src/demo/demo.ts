/** `qnav demo`: a hypervisor on this machine, a local Slack, and the bot between them, until Ctrl-C. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadSettings } from '../config/index.js'
import { UserError } from '../errors.js'
import { createLog } from '../log.js'
import { type Bot, startBot } from '../main.js'
import { type Sandbox, startSandbox } from '../sandbox/index.js'
import { readAppManifest } from './app-manifest.js'
import { type Lab, labCache, prepareLab } from './lab.js'
import { installMissing } from './system-parts.js'

const defaultPort = 4390

export interface DemoOptions {
  /** TCP port of the page on 127.0.0.1; 0 takes a free one. */
  port: number | undefined
  say?: (line: string) => void
}

export interface Demo {
  url: string
  sandbox: Sandbox
  lab: Lab
  stop(): Promise<void>
}

/** Starts everything. Rejects with a UserError that says what to install where it cannot install it itself. */
export async function startDemo({ port = defaultPort, say = print }: DemoOptions): Promise<Demo> {
  const missing = await installMissing(['hypervisor', 'image'], say)
  if (missing !== undefined) {
    throw new UserError(
      'unsupported',
      `The demo needs what is not on this machine: ${missing.names.join(', ')}.`,
      {
        fix: `Install it and start again: ${missing.command}`,
      },
    )
  }
  if (process.getuid?.() !== 0) {
    throw new UserError('unsupported', 'The demo makes a storage pool and a network, which needs root.', {
      fix: 'Start it as root: sudo npm run demo',
    })
  }
  const stops: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const each of stops.splice(0).reverse())
      await each().catch((error: unknown) => say(`Stopping: ${String(error)}`))
  }
  try {
    const lab = await prepareLab({ name: 'qnav-demo', say, vmsAtEnd: 'power off' })
    stops.push(() => lab.stop())
    say('Starting the local Slack')
    const sandbox = await startSandbox({ port, manifest: await readAppManifest() })
    stops.push(() => sandbox.stop())
    say('Starting the bot')
    const bot = await startDemoBot(sandbox, lab)
    stops.push(() => bot.stop())
    return { url: sandbox.url, sandbox, lab, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startDemoBot(sandbox: Sandbox, lab: Lab): Promise<Bot> {
  const directory = join(labCache(), 'demo')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const config = join(directory, 'qnav.yml')
  await writeFile(config, demoConfig(lab))
  const environment = {
    SLACK_BOT_TOKEN: sandbox.botToken,
    SLACK_APP_TOKEN: sandbox.appToken,
    SLACK_API_URL: sandbox.apiUrl,
    QNAV_CONFIG: config,
    QNAV_DATA_DIR: join(directory, 'data'),
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
  }
  const load = (warn?: (sentence: string) => void) =>
    loadSettings(environment, { slack: 'required', cwd: directory, ...(warn === undefined ? {} : { warn }) })
  const { slack, ...settings } = await load()
  if (slack === undefined) throw new Error('settings for Slack are required and were not loaded')
  return startBot({ ...settings, slack }, createLog({ level: settings.logLevel }), load)
}

/** People and channels are those of the sandbox's default workspace. */
function demoConfig({ kcli, pool, network, virtType }: Lab): string {
  return `# Written by qnav demo at every start.
slack:
  approvals_channel: C0APPROVE
hosts:
  kvm1:
    transport: local
    labels: { env: demo }
    virttype: ${virtType}
    pool: ${pool}
    network: ${network}
    kcli: { path: ${kcli.path}, config: ${kcli.config} }
roles:
  operator: { users: [U0ANN] }
  approver: { users: [U0BEN] }
  admin: { users: [U0OLU] }
approvals:
  - { risk: [change, destructive, host], approvers: 1, expires: 4h }
`
}

/** Runs the demo until SIGINT or SIGTERM. */
export async function demoCommand({ port }: { port: number | undefined }): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  const demo = await startDemo({ port })
  print(`
qnav is up: ${demo.url}

Try, in #vms as Ann:
  /qnav host check
  /qnav vm create web1 --image ${demo.lab.image} --memory 256M --cpus 1 --disk 1G
  (then act as Ben in #approvals and press Approve & deploy)
  /qnav vm list

Ctrl-C stops everything that was started here.`)
  await stopped
  print('Stopping')
  await demo.stop()
  print(`Stopped. Kept for the next start: packages, ${labCache()}, and the VMs of the demo, powered off.`)
  return 0
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
