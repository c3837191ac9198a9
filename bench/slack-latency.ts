/** Slash command to acknowledgement and to first post, at 50 commands a second: qnav beside a bare Bolt echo app. */
import { setTimeout as wait } from 'node:timers/promises'
import bolt from '@slack/bolt'
import { type Sandbox, startSandbox } from '../src/sandbox/index.js'
import { atLeast, type Comparison, percentile } from './measure.js'
import { withWholeBot } from './whole-bot.js'

const commandsPerSecond = 50
const commands = 200
const rounds = 3
const channel = 'C0VMS'
const user = 'U0ANN'

/** Written down and synced before it is acknowledged; refused afterwards, so that nothing but that is measured. */
const changing = '/qnav vm stop web1'
const reading = '/qnav job list'

interface Latency {
  ackMs: number[]
  postMs: number[]
  /** Of commands that may change something. */
  changeAckMs: number[]
}

export async function compareSlackLatency(): Promise<Comparison[]> {
  const bare: Latency = { ackMs: [], postMs: [], changeAckMs: [] }
  const ours: Latency = { ackMs: [], postMs: [], changeAckMs: [] }
  // In turns, so that whatever else the machine does meets both.
  for (let round = 0; round < rounds; round++) {
    add(bare, await withBareBolt(fire))
    add(ours, await withWholeBot(fire))
  }
  const row = (name: string, mine: number, other: number) =>
    atLeast(1 / 1.5, { name, ours: mine, other, against: 'bare Bolt echo app', unit: 'ms' })
  return [
    row('ack p99', percentile(ours.ackMs, 99), percentile(bare.ackMs, 99)),
    atLeast(1 / 2, {
      name: 'ack p99 of a change, on disk first',
      ours: percentile(ours.changeAckMs, 99),
      other: percentile(bare.changeAckMs, 99),
      against: 'bare Bolt echo app',
      unit: 'ms',
    }),
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

function add(all: Latency, { ackMs, postMs, changeAckMs }: Latency): void {
  all.ackMs.push(...ackMs)
  all.postMs.push(...postMs)
  all.changeAckMs.push(...changeAckMs)
}

/** Sends the commands at the steady rate and waits until each has its post. */
async function fire(sandbox: Sandbox): Promise<Latency> {
  await wait(1000)
  await send(sandbox, 50)
  const latency = await send(sandbox, commands)
  const { ackMs } = await steadily(sandbox, changing, commands)
  return { ...latency, changeAckMs: ackMs }
}

async function send(sandbox: Sandbox, howMany: number): Promise<Omit<Latency, 'changeAckMs'>> {
  const seen = sandbox.control.messages(channel).length
  const begun: number[] = []
  const postMs: number[] = []
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
  const [{ ackMs }] = await Promise.all([steadily(sandbox, reading, howMany, begun), collecting])
  return { ackMs, postMs }
}

/** Sends a command at the steady rate and waits until each was acknowledged; notes when each was sent. */
async function steadily(
  sandbox: Sandbox,
  text: string,
  howMany: number,
  begun: number[] = [],
): Promise<{ ackMs: number[] }> {
  const ackMs: number[] = []
  const acknowledged: Promise<void>[] = []
  const start = performance.now()
  for (let n = 0; n < howMany; n++) {
    await wait(Math.max(0, start + (n * 1000) / commandsPerSecond - performance.now()))
    begun.push(performance.now())
    acknowledged.push(
      sandbox.control.command({ user, channel, text }).then((delivery) => {
        if (!delivery.acknowledged) throw new Error(`a command was not acknowledged: ${delivery.reason}`)
        ackMs.push(delivery.durationMs)
      }),
    )
  }
  await Promise.all(acknowledged)
  return { ackMs }
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
