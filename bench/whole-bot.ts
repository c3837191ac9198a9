/** The whole bot in this process, before a sandbox, on the machine's own hypervisor. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSettings } from '../src/config/index.js'
import { createLog } from '../src/log.js'
import { startBot } from '../src/main.js'
import { type Sandbox, startSandbox } from '../src/sandbox/index.js'

const configuration = `slack: { approvals_channel: C0APPROVE }
hosts:
  kvm1: { transport: local }
rates: { commands_per_minute: 100000 }
`

/** Runs the work and stops the bot and its sandbox again. */
export async function withWholeBot<T>(work: (sandbox: Sandbox) => Promise<T>): Promise<T> {
  const sandbox = await startSandbox({ port: 0 })
  const directory = await mkdtemp(join(tmpdir(), 'qnav-bench-'))
  try {
    await writeFile(join(directory, 'qnav.yml'), configuration)
    const { slack, ...settings } = await loadSettings(
      {
        SLACK_BOT_TOKEN: sandbox.botToken,
        SLACK_APP_TOKEN: sandbox.appToken,
        SLACK_API_URL: sandbox.apiUrl,
        QNAV_CONFIG: join(directory, 'qnav.yml'),
        QNAV_DATA_DIR: join(directory, 'data'),
      },
      { slack: 'required', cwd: directory },
    )
    if (slack === undefined) throw new Error('Slack settings are required and were not loaded')
    const bot = await startBot({ ...settings, slack }, createLog({ level: 'error' }))
    try {
      return await work(sandbox)
    } finally {
      await bot.stop()
    }
  } finally {
    await sandbox.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
