/** Slash command to acknowledgement and to first post, at 50 commands a second: qnav beside a bare Bolt echo app. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import bolt from '@slack/bolt'
import { loadSettings } from '../src/config/index.js'
import { createLog } from '../src/log.js'
import { startBot } from '../src/main.js'
import { type Sandbox, startSandbox } from '../src/sandbox/index.js'
import { atLeast, type Comparison, percentile } from './measure.js'

const commandsPerSecond = 50
const commands = 200
const rounds = 3
const channel = 'C0VMS'
const user = 'U0ANN'

interface Latency {
  ackMs: number[]
  postMs: number[]
}

export async function compareSlackLatency(): Promise<Comparison[]> {
  const bare: Latency = { ackMs: [], postMs: [] }
  const ours: Latency = { ackMs: [], postMs: [] }
  // In turns, so that whatever else the machine does meets both.
  for (let round = 0; round < rounds; round++) {
    add(bare, await withBareBolt(fire))
    add(ours, await withQnav(fire))
  }
  const row = (name: string, mine: number, other: number) =>
    atLeast(1 / 1.5, { name, ours: mine, other, against: 'bare Bolt echo app', unit: 'ms' })
  return [
    row('ack p99', percentile(ours.ackMs, 99), percentile(bare.ackMs, 99)),
    { ...row('ack p50', percentile(ours.ackMs, 50), percentile(bare.ackMs, 50)), target: '', met: true },
    {
      ...row('first post p50', percentile(ours.postMs, 50), percentile(bare.postMs, 50)),
      target: '',
      met: true,
    },
    {
      ...row('first post p99', percentile(ours.postMs, 99), percentile(bare.postMs, 99)),
      target: '',
      met: true,
    },
  ]
}

function add(all: Latency, { ackMs, postMs }: Latency): void {
  all.ackMs.push(...ackMs)
  all.postMs.push(...postMs)
}

/** Sends the commands at the steady rate and waits until each has its post. */
async function fire(sandbox: Sandbox): Promise<Latency> {
  await wait(1000)
  await send(sandbox, 50)
  return send(sandbox, commands)
}

async function send(sandbox: Sandbox, howMany: number): Promise<Latency> {
  const seen = sandbox.control.messages(channel).length
  const begun: number[] = []
  const postMs: number[] = []
  const ackMs: number[] = []
  let posts = 0
  const collecting = sandbox.control.waitFor(
    `${howMany} posts`,
    () => {
      const now = performance.now()
      for (const total = sandbox.control.messages(channel).length - seen; posts < total; posts++) {
        postMs.push(now - (begun[posts] ?? now))
      }
      return posts >= howMany ? true : undefined
    },
    60_000,
  )
  const acknowledged: Promise<void>[] = []
  const start = performance.now()
  for (let n = 0; n < howMany; n++) {
    await wait(Math.max(0, start + (n * 1000) / commandsPerSecond - performance.now()))
    begun.push(performance.now())
    acknowledged.push(
      sandbox.control.command({ user, channel, text: '/qnav job list' }).then((delivery) => {
        if (!delivery.acknowledged) throw new Error(`a command was not acknowledged: ${delivery.reason}`)
        ackMs.push(delivery.durationMs)
      }),
    )
  }
  await Promise.all([...acknowledged, collecting])
  return { ackMs, postMs }
}

async function withBareBolt(measure: (sandbox: Sandbox) => Promise<Latency>): Promise<Latency> {
  const sandbox = await startSandbox({ port: 0 })
  const app = new bolt.App({
    token: sandbox.botToken,
    appToken: sandbox.appToken,
    socketMode: true,
    clientOptions: { slackApiUrl: sandbox.apiUrl },
    logLevel: bolt.LogLevel.ERROR,
  })
  app.command('/qnav', async ({ ack, client, body }) => {
    await ack()
    await client.chat.postMessage({ channel: body.channel_id, text: body.text })
  })
  try {
    await app.start()
    await sandbox.control.waitForConnections(1)
    return await measure(sandbox)
  } finally {
    await app.stop()
    await sandbox.stop()
  }
}

async function withQnav(measure: (sandbox: Sandbox) => Promise<Latency>): Promise<Latency> {
  const sandbox = await startSandbox({ port: 0 })
  const directory = await mkdtemp(join(tmpdir(), 'qnav-bench-'))
  try {
    await writeFile(
      join(directory, 'qnav.yml'),
      'slack: { approvals_channel: C0APPROVE }\nhosts:\n  kvm1: { transport: local }\n',
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
      return await measure(sandbox)
    } finally {
      await bot.stop()
    }
  } finally {
    await sandbox.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
