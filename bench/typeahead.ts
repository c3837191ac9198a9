/** What a form offers while somebody types the name of a VM, with 1,000 VMs: from the key to the options, as Slack sees it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadSettings } from '../src/config/index.js'
import { prepareLab } from '../src/demo/index.js'
import { createLog } from '../src/log.js'
import { startBot } from '../src/main.js'
import { type Sandbox, startSandbox } from '../src/sandbox/index.js'
import { defineDomains, undefineDomains } from './domains.js'
import { atLeast, type Comparison, percentile, time } from './measure.js'

const vms = 1000
const limitMs = 20
const runs = 200
const user = 'U0ANN'
/** Everything, what all begin with, one, and nothing. */
const queries = ['', 'qnav-bench-', '77', 'bench-999', 'none']

export async function measureTypeahead(): Promise<Comparison[]> {
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const lab = await prepareLab({ name: 'qnav-bench', say, vmsAtEnd: 'delete' })
  const sandbox = await startSandbox({ port: 0 })
  const directory = await mkdtemp(join(tmpdir(), 'qnav-bench-'))
  try {
    await defineDomains(vms)
    await writeFile(
      join(directory, 'qnav.yml'),
      'slack: { approvals_channel: C0APPROVE }\nhosts:\n  kvm1: { transport: local }\nrates: { commands_per_minute: 100000 }\n',
    )
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
      const samples = await suggestions(sandbox)
      const row = (name: string, ours: number) =>
        atLeast(1, { name, ours, other: limitMs, against: 'the limit we set ourselves', unit: 'ms' })
      return [
        row(`typeahead among ${vms} VMs, median`, percentile(samples, 50)),
        { ...row(`typeahead among ${vms} VMs, p99`, percentile(samples, 99)), target: '', met: true },
      ]
    } finally {
      await bot.stop()
    }
  } finally {
    await undefineDomains()
    await rm(directory, { recursive: true, force: true })
    await sandbox.stop()
    await lab.stop()
  }
}

async function suggestions({ control }: Sandbox): Promise<number[]> {
  await control.command({ user, channel: 'C0VMS', text: '/qnav vm show' })
  const { id } = await control.waitForModal(user, ({ callbackId }) => callbackId === 'form')
  let asked = 0
  return time(runs, async () => {
    const query = queries[asked++ % queries.length] ?? ''
    const { delivery } = await control.suggest({ user, viewId: id, actionId: 'field', query })
    if (!delivery.acknowledged) throw new Error(`a query was not answered: ${delivery.reason}`)
  })
}
