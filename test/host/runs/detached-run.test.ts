/**
 * A long command on an SSH host, with the connection cut again and again and the bot killed twice: complete output, true
 * exit status, executed once. It lasts a minute and is cut every two seconds; QNAV_RUN_SECONDS=600 makes that ten minutes
 * with a cut every twenty seconds, on average.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { FaultProxy } from '../ssh/fault-proxy.js'
import { type Sshd, startSshd } from '../ssh/sshd.js'

const asker = fileURLToPath(new URL('asker.mjs', import.meta.url))
const build = fileURLToPath(new URL('../../../dist/src/agents/run-directory.js', import.meta.url))
const seconds = Number(process.env.QNAV_RUN_SECONDS ?? 60)
const cuts = 29
const killedAtCuts = [10, 20]
const lines = 300
const exitCode = 7

/** Prints its lines evenly over the time, and writes down each time that it is executed. */
const script = `
  echo executed >>"$1"
  i=0
  while [ $i -lt ${lines} ]; do
    i=$((i+1))
    echo "line $i of ${lines}: äöü €, as much as fits in an ordinary line of output"
    [ $((i % 50)) -ne 0 ] || echo "and line $i on stderr" >&2
    sleep ${(seconds / lines).toFixed(3)}
  done
  exit ${exitCode}
`

function expectedOutput(): string {
  return Array.from({ length: lines }, (_, n) => n + 1)
    .flatMap((i) => [
      `line ${i} of ${lines}: äöü €, as much as fits in an ordinary line of output\n`,
      ...(i % 50 === 0 ? [`and line ${i} on stderr\n`] : []),
    ])
    .join('')
}

interface Asker {
  process: ChildProcess
  /** All that was told as it came. */
  output: string
  timesLost: number
  /** Resolves when the process has ended, by itself or killed. */
  ended: Promise<unknown>
  result?: unknown
}

let sshd: Sshd
let proxy: FaultProxy
let scratch: string
beforeAll(async () => {
  if (!existsSync(build)) throw new Error('npm run build first: the asking process runs what is in dist/')
  sshd = await startSshd()
  proxy = await FaultProxy.before(sshd)
  scratch = await mkdtemp(join(tmpdir(), 'qnav-run-'))
})
afterAll(async () => {
  await proxy.close()
  await sshd.stop()
  await rm(scratch, { recursive: true, force: true })
})

function ask(): Asker {
  const child = fork(asker)
  const asked: Asker = { process: child, output: '', timesLost: 0, ended: once(child, 'exit') }
  child.on('message', (told: { output?: string; lost?: true; result?: unknown }) => {
    asked.output += told.output ?? ''
    if (told.lost) asked.timesLost += 1
    if (told.result !== undefined) asked.result = told.result
  })
  const { host, user, identityFile } = sshd
  child.send({
    ssh: { host, user, identityFile, port: proxy.port, knownHosts: sshd.knownHostsAt(proxy.port) },
    directory: join(scratch, 'runs'),
    request: {
      key: 'j-long/work',
      argv: ['sh', '-c', script, 'work', join(scratch, 'executed')],
      timeoutMs: seconds * 3000,
    },
  })
  return asked
}

describe.skipIf(inject('lab') === undefined)('a long command on an SSH host', () => {
  it(`ends well after ${cuts} cuts of the connection and two deaths of the bot`, {
    timeout: seconds * 4000,
  }, async () => {
    const begin = performance.now()
    let bot = ask()
    const bots = [bot]
    let made = 0
    // Not in step with the pauses of those who ask.
    const pauseMs = () => ((seconds * 1000) / (cuts + 1)) * (0.6 + Math.random() * 0.8)
    const cut = (): void => {
      made += 1
      proxy.cut()
      if (killedAtCuts.includes(made)) {
        bot.process.kill('SIGKILL')
        bot = ask()
        bots.push(bot)
      }
      if (made < cuts) cutting = setTimeout(cut, pauseMs())
    }
    let cutting = setTimeout(cut, pauseMs())
    try {
      for (const each of bots) await each.ended
    } finally {
      clearTimeout(cutting)
      for (const each of bots) each.process.kill('SIGKILL')
    }
    expect(bots).toHaveLength(3)
    // The clock of a busy machine may leave out the last ones.
    expect(made).toBeGreaterThan(cuts - 5)
    expect(performance.now() - begin).toBeGreaterThan(seconds * 1000)
    expect(bots.map(({ result }) => result)).toEqual([
      undefined,
      undefined,
      { end: 'exited', exitCode, output: expectedOutput() },
    ])
    // Each bot was told everything from the beginning, as far as it lived.
    expect(bot.output).toBe(expectedOutput())
    for (const { output } of bots) expect(expectedOutput().startsWith(output)).toBe(true)
    expect(bots[0]?.output).not.toBe('')
    expect(await readFile(join(scratch, 'executed'), 'utf8')).toBe('executed\n')
    expect(await readdir(join(scratch, 'runs'))).toEqual(['j-long_work'])
    // Some cuts meet nothing, while those who ask wait for the next attempt.
    expect(proxy.accepted).toBeGreaterThan(cuts / 4)
    process.stderr.write(
      `[runs] ${seconds} s: ${made} cuts, ${proxy.accepted} connections, told of a loss ${bots.map(({ timesLost }) => timesLost).join('+')} times\n`,
    )
  })
})
