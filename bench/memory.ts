/** Resident memory of the running bot with 200 VMs defined on its host, after it has listed them a few times. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepareLab } from '../src/demo/index.js'
import { startSandbox } from '../src/sandbox/index.js'
import { defineDomains, undefineDomains } from './domains.js'
import type { Comparison } from './measure.js'

const vms = 200
const limitMB = 150
const listings = 20

export async function measureMemory(): Promise<Comparison[]> {
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const lab = await prepareLab({ name: 'qnav-bench', say, vmsAtEnd: 'delete' })
  const sandbox = await startSandbox({ port: 0 })
  const directory = await mkdtemp(join(tmpdir(), 'qnav-bench-'))
  await defineDomains(vms)
  await writeFile(
    join(directory, 'qnav.yml'),
    'slack: { approvals_channel: C0APPROVE }\nhosts:\n  kvm1: { transport: local }\nrates: { commands_per_minute: 100000 }\n',
  )
  const bot = spawn(process.execPath, [fileURLToPath(new URL('../src/cli.js', import.meta.url)), 'start'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: directory,
    env: {
      ...process.env,
      SLACK_BOT_TOKEN: sandbox.botToken,
      SLACK_APP_TOKEN: sandbox.appToken,
      SLACK_API_URL: sandbox.apiUrl,
      LOG_LEVEL: 'error',
    },
  })
  try {
    await sandbox.control.waitForConnections(1, 20_000)
    for (let n = 1; n <= listings; n++) {
      const before = sandbox.control.messages('C0VMS').length
      await sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text: '/qnav vm list' })
      await sandbox.control.waitFor(
        'the list',
        () => (sandbox.control.messages('C0VMS').length > before ? true : undefined),
        20_000,
      )
    }
    const status = await readFile(`/proc/${bot.pid}/status`, 'utf8')
    const ours = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1000
    return [
      {
        name: `resident memory with ${vms} VMs`,
        ours,
        other: limitMB,
        against: 'the limit we set ourselves',
        unit: 'MB',
        ratio: limitMB / ours,
        target: '≥ 1',
        met: ours <= limitMB,
      },
    ]
  } finally {
    const gone = new Promise((resolve) => bot.once('exit', resolve))
    bot.kill('SIGTERM')
    await gone
    await undefineDomains()
    await rm(directory, { recursive: true, force: true })
    await sandbox.stop()
    await lab.stop()
  }
}
