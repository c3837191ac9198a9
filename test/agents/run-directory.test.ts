import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRuns, type RunRequest, type Runs } from '../../src/agents/run-directory.js'
import { UserError } from '../../src/errors.js'
import type { ExecOptions, ExecResult } from '../../src/exec.js'
import { LocalTransport } from '../../src/local/index.js'

let scratch: string
let directory: string
let runs: Runs
let exec: (argv: readonly [string, ...string[]], options: ExecOptions) => Promise<ExecResult>
const transport = new LocalTransport()
/** A bot on this host: what it knows is on the host's disk only, so a second one is the same bot after a restart. */
const aBot = () =>
  createRuns({ transport: { exec: (argv, options) => exec(argv, options) }, directory, pollMs: 20 })
const aRun = (key: string, script: string, change: Partial<RunRequest> = {}): RunRequest => ({
  key,
  argv: ['sh', '-c', script],
  timeoutMs: 30_000,
  signal: new AbortController().signal,
  ...change,
})
const unreachable = () => new UserError('host-unreachable', 'kvm1 does not answer.', { fix: 'Wait.' })

/** Gone, or dead and not yet collected by its parent. */
async function hasEnded(pid: number): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') X')
  return /\) [ZX]/.test(line)
}

async function numberIn(file: string): Promise<number> {
  return vi.waitFor(async () => {
    const text = (await readFile(file, 'utf8')).trim()
    expect(text).not.toBe('')
    return Number(text.split(' ')[0])
  }, 10_000)
}

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'qnav-runs-'))
  directory = join(scratch, 'runs')
  exec = (argv, options) => transport.exec(argv, options)
  runs = aBot()
})
// A run may still be writing down how it ended.
afterEach(() => rm(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))

describe('a detached run', { timeout: 60_000 }, () => {
  it('gives back the exit status and all output, stdout and stderr in order', async () => {
    await expect(runs.run(aRun('j-1/a', 'echo out; echo err >&2; exit 7'))).resolves.toEqual({
      end: 'exited',
      exitCode: 7,
      output: 'out\nerr\n',
    })
    await expect(runs.run(aRun('j-1/b', '', { argv: ['/nowhere/kcli'] }))).resolves.toMatchObject({
      exitCode: 127,
    })
  })

  it('tells output while it comes, characters of several bytes whole, and gives back the end of very much', async () => {
    const chunks: string[] = []
    const much = await runs.run(
      aRun(
        'j-1/much',
        'i=0; while [ $i -lt 8000 ]; do echo "line $i €€€€€€€€€€€€€€€€€€€€€€€€€€"; i=$((i+1)); done',
        {
          onOutput: (chunk) => chunks.push(chunk),
        },
      ),
    )
    const all = chunks.join('')
    expect(all.split('\n')).toHaveLength(8001)
    expect(all).not.toContain('\uFFFD')
    expect(chunks.length).toBeGreaterThan(1)
    expect(much.output).toHaveLength(256 * 1024)
    expect(all.endsWith(much.output)).toBe(true)
  })

  it('fills no disk: what it says beyond a limit is dropped, and it goes on', async () => {
    const leaving = new AbortController()
    const script = 'echo begun; head -c 70000000 /dev/zero; echo whole >&2; exit 3'
    const request = aRun('j-1/flood', script, {
      signal: leaving.signal,
      onOutput: () => leaving.abort(new Error('seen')),
    })
    await expect(runs.run(request)).rejects.toThrow('seen')
    await vi.waitFor(async () => expect(await runs.state('j-1/flood')).toBe('exited'), 30_000)
    const { size } = await stat(join(directory, 'j-1_flood', 'output'))
    expect(size).toBeGreaterThan(1_000_000)
    expect(size).toBeLessThanOrEqual(64 * 1024 * 1024)
    expect(await readFile(join(directory, 'j-1_flood', 'end'), 'utf8')).toBe('exited 3\n')
  })

  it('runs a key once, and gives every asker the same result, during it and after it', async () => {
    const count = join(scratch, 'count')
    const request = aRun('j-1/once', `echo x >>${count}; sleep 0.3; wc -l <${count}`)
    const results = await Promise.all([runs.run(request), aBot().run(request), runs.run(request)])
    expect(results.map(({ output }) => output.trim())).toEqual(['1', '1', '1'])
    expect((await aBot().run(request)).output.trim()).toBe('1')
    expect(await readFile(count, 'utf8')).toBe('x\n')
  })

  it('tells keys apart that look alike', async () => {
    const keys = ['j/a', 'j_a', 'j.a', 'j a', 'j-a', 'j/a/', 'j=a'.replace('=', '_3d'), 'J/a']
    for (const key of keys) {
      expect(await runs.isKnown(key)).toBe(false)
      expect((await runs.run(aRun(key, '', { argv: ['echo', key] }))).output).toBe(`${key}\n`)
    }
  })

  it('goes on when the bot stops, and is found again with all its output', async () => {
    const leaving = new AbortController()
    const go = join(scratch, 'go')
    const request = aRun('j-2/go-on', `echo first; until [ -e ${go} ]; do sleep 0.05; done; echo second`)
    const first = runs.run({
      ...request,
      signal: leaving.signal,
      onOutput: () => leaving.abort(new Error('the bot stops')),
    })
    await expect(first).rejects.toThrow('the bot stops')
    expect(await runs.state('j-2/go-on')).toBe('running')
    await writeFile(go, '')
    await expect(aBot().run(request)).resolves.toMatchObject({ exitCode: 0, output: 'first\nsecond\n' })
    expect(await runs.state('j-2/go-on')).toBe('exited')
  })

  it('is followed on after the connection was lost, and that is said once', async () => {
    let calls = 0
    const ran: string[][] = []
    exec = async (argv, options) => {
      calls += 1
      if (calls === 1 || calls === 3 || calls === 4) throw unreachable()
      const result = await transport.exec(argv, options)
      ran.push([...argv])
      // The answer to the start is lost on the way: it is started, and we do not know.
      if (calls === 2) throw unreachable()
      return result
    }
    const onLost = vi.fn()
    const count = join(scratch, 'count')
    const result = await runs.run(aRun('j-2/lost', `echo x >>${count}; wc -l <${count}`, { onLost }))
    expect(result).toMatchObject({ end: 'exited', output: '1\n' })
    expect(onLost).toHaveBeenCalledOnce()
    expect(ran.length).toBeGreaterThan(2)
  })

  it('is given up when the host stays away for longer than it may last, and at once when nothing will mend it', async () => {
    let now = 0
    const clock = {
      now: () => now,
      wait: async (ms: number) => {
        now += ms
      },
    }
    const away = createRuns({
      transport: { exec: () => Promise.reject(unreachable()) },
      directory,
      pollMs: 1000,
      clock,
    })
    await expect(away.run(aRun('j-2/away', 'true'))).rejects.toMatchObject({ code: 'host-unreachable' })
    expect(now).toBeGreaterThan(30_000)
    expect(now).toBeLessThan(30 * 60_000)
    now = 0
    const changed = new UserError('host-key-changed', 'Another key.', { fix: 'Look.' })
    const refusing = createRuns({ transport: { exec: () => Promise.reject(changed) }, directory, clock })
    await expect(refusing.run(aRun('j-2/changed', 'true'))).rejects.toBe(changed)
    expect(now).toBe(0)
  })

  it('never starts on half a request', async () => {
    exec = (argv, options) =>
      transport.exec(argv, { ...options, stdin: String(options.stdin ?? '').replace(/end - -\n$/, '') })
    await expect(runs.run(aRun('j-2/half', `touch ${scratch}/ran`))).rejects.toMatchObject({
      code: 'run-failed',
      message: expect.stringContaining('the request was cut off'),
    })
    expect(await readdir(directory)).toEqual([])
    expect(await readdir(scratch)).not.toContain('ran')
  })

  it('is started by the next who asks when its start was cut off after its directory was there', async () => {
    let cut = true
    exec = (argv, options) => {
      const words = [...argv] as [string, ...string[]]
      // As if the connection went away right before the last command.
      if (cut && options.stdin !== undefined)
        words[2] = (words[2] ?? '').replace(/\(trap '' HUP; exec setsid[^\n]*/, 'exit 0')
      return transport.exec(words, options)
    }
    const leaving = new AbortController()
    const request = aRun('j-2/cut', 'echo started')
    cut = true
    const seen = runs.run({ ...request, signal: leaving.signal })
    await vi.waitFor(async () => expect(await readdir(directory)).toEqual(['j-2_cut']))
    expect(await readdir(join(directory, 'j-2_cut'))).not.toContain('started')
    cut = false
    await expect(seen).resolves.toMatchObject({ output: 'started\n' })
    await expect(runs.run(request)).resolves.toMatchObject({ output: 'started\n' })
  })

  it('is ended by its time limit on the host, which is told from an exit of its own', async () => {
    const late = await runs.run(aRun('j-3/slow', 'echo begun; sleep 60', { timeoutMs: 1000 }))
    expect(late).toEqual({ end: 'time-limit', exitCode: 124, output: 'begun\n' })
    await expect(runs.run(aRun('j-3/own', 'exit 124'))).resolves.toMatchObject({
      end: 'exited',
      exitCode: 124,
    })
  })

  it('is ended with its descendants at the time limit, also when they ignore TERM', async () => {
    const pidFile = join(scratch, 'pid')
    const script = `trap '' TERM; echo $$ >${pidFile}; while :; do sleep 1; done`
    const stubborn = await runs.run(aRun('j-3/stubborn', script, { timeoutMs: 1000 }))
    expect(stubborn).toMatchObject({ end: 'time-limit', exitCode: 137 })
    const pid = await numberIn(pidFile)
    await vi.waitFor(async () => expect(await hasEnded(pid)).toBe(true))
  })

  it('is cancelled with everything it started', async () => {
    const pidFile = join(scratch, 'pid')
    const run = runs.run(aRun('j-4/cancel', `sleep 60 & echo $! >${pidFile}; wait`))
    const pid = await numberIn(pidFile)
    await runs.cancel('j-4/cancel')
    expect(await hasEnded(pid)).toBe(true)
    await expect(run).resolves.toMatchObject({ end: 'cancelled' })
    expect(await runs.state('j-4/cancel')).toBe('cancelled')
  })

  it('is cancelled also when what it started ignores TERM or made a process group of its own', async () => {
    const pids = [join(scratch, 'pid-1'), join(scratch, 'pid-2')]
    const run = runs.run(
      aRun(
        'j-4/stubborn',
        `(trap '' TERM; exec sh -c 'echo $$ >${pids[0]}; while :; do sleep 1; done') &
         timeout 50 sh -c 'echo $$ >${pids[1]}; sleep 60' & wait`,
      ),
    )
    const started = await Promise.all(pids.map(numberIn))
    await runs.cancel('j-4/stubborn')
    for (const pid of started) expect(await hasEnded(pid)).toBe(true)
    await expect(run).resolves.toMatchObject({ end: 'cancelled' })
  })

  it('that has ended keeps its result when it is cancelled, and what it left running is ended', async () => {
    const pidFile = join(scratch, 'pid')
    const request = aRun('j-4/rest', `sleep 30 >/dev/null 2>&1 & echo $! >${pidFile}; exit 3`)
    await expect(runs.run(request)).resolves.toMatchObject({ end: 'exited', exitCode: 3 })
    const pid = await numberIn(pidFile)
    expect(await hasEnded(pid)).toBe(false)
    await runs.cancel('j-4/rest')
    expect(await hasEnded(pid)).toBe(true)
    await expect(runs.run(request)).resolves.toMatchObject({ end: 'exited', exitCode: 3 })
  })

  it('whose watcher was killed is ended with all that went on without it', async () => {
    const pidFile = join(scratch, 'pid')
    const run = runs.run(
      aRun('j-4/unwatched', `trap '' TERM; echo $$ >${pidFile}; while :; do sleep 0.2; done`),
    )
    const pid = await numberIn(pidFile)
    process.kill(await numberIn(join(directory, 'j-4_unwatched', 'pid')), 'SIGKILL')
    await expect(run).resolves.toMatchObject({ end: 'killed' })
    expect(await hasEnded(pid)).toBe(false)
    await runs.cancel('j-4/unwatched')
    expect(await hasEnded(pid)).toBe(true)
  })

  it('never starts once it was cancelled, and a finished one keeps its result', async () => {
    await runs.run(aRun('j-4/done', 'echo done'))
    await runs.cancel('j-4/done')
    await expect(runs.run(aRun('j-4/done', 'echo done'))).resolves.toMatchObject({
      end: 'exited',
      output: 'done\n',
    })
    await runs.cancel('j-4/unknown')
    expect(await runs.isKnown('j-4/unknown')).toBe(false)
  })

  it('is not started any more when it was cancelled while waiting for its turn', async () => {
    const mark = join(scratch, 'mark')
    const go = join(scratch, 'go')
    const first = runs.run(aRun('j-4/first', `until [ -e ${go} ]; do sleep 0.05; done`, { lock: 'kcli' }))
    await vi.waitFor(async () => expect(await readdir(join(directory, 'j-4_first'))).toContain('pipe'))
    const second = runs.run(aRun('j-4/second', `touch ${mark}`, { lock: 'kcli' }))
    await vi.waitFor(async () => expect(await runs.isKnown('j-4/second')).toBe(true))
    await numberIn(join(directory, 'j-4_second', 'pid'))
    await runs.cancel('j-4/second')
    await expect(second).resolves.toMatchObject({ end: 'cancelled' })
    await writeFile(go, '')
    await expect(first).resolves.toMatchObject({ exitCode: 0 })
    expect(await readdir(scratch)).not.toContain('mark')
  })

  it('works after another one with the same lock, whichever bot started that', async () => {
    const log = join(scratch, 'log')
    const script = (name: string) => `echo ${name} begins >>${log}; sleep 0.3; echo ${name} ends >>${log}`
    await Promise.all(
      ['a', 'b', 'c'].map((name) => aBot().run(aRun(`j-4/lock-${name}`, script(name), { lock: 'kcli' }))),
    )
    const lines = (await readFile(log, 'utf8')).trim().split('\n')
    expect(lines).toHaveLength(6)
    for (const index of [0, 2, 4]) {
      expect(lines[index]).toMatch(/begins$/)
      expect(lines[index + 1]?.split(' ')[0]).toBe(lines[index]?.split(' ')[0])
    }
  })

  it('is over when it left something running that holds its output open', async () => {
    const pidFile = join(scratch, 'pid')
    const result = await runs.run(aRun('j-4/left', `sleep 30 & echo $! >${pidFile}; echo done`))
    expect(result).toEqual({ end: 'exited', exitCode: 0, output: 'done\n' })
    process.kill(await numberIn(pidFile))
  })

  it('that was killed from outside is not taken for running, nor for ended by itself', async () => {
    const run = runs.run(aRun('j-5/killed', 'sleep 60'))
    process.kill(await numberIn(join(directory, 'j-5_killed', 'pid')), 'SIGKILL')
    await expect(run).resolves.toMatchObject({ end: 'killed', exitCode: null })
  })

  it('whose pid belongs to another process now is not running, and cancelling leaves that process alone', async () => {
    const run = runs.run(aRun('j-5/reused', 'sleep 60'))
    const pidFile = join(directory, 'j-5_reused', 'pid')
    const leader = await numberIn(pidFile)
    const [, , boot] = (await readFile(pidFile, 'utf8')).trim().split(' ')
    await writeFile(pidFile, `${process.pid} 1 ${boot}\n`)
    await expect(run).resolves.toMatchObject({ end: 'killed' })
    await runs.cancel('j-5/reused')
    expect(await hasEnded(leader)).toBe(false)
    process.kill(-leader, 'SIGKILL')
  })

  it('that a reboot of the host ended is called so', async () => {
    const run = runs.run(aRun('j-5/reboot', 'sleep 60'))
    const pidFile = join(directory, 'j-5_reboot', 'pid')
    const leader = await numberIn(pidFile)
    await writeFile(pidFile, `${leader} 1 00000000-0000-0000-0000-000000000000\n`)
    await expect(run).resolves.toMatchObject({ end: 'rebooted', exitCode: null })
    await runs.cancel('j-5/reboot')
    expect(await hasEnded(leader)).toBe(false)
    process.kill(-leader, 'SIGKILL')
  })

  it('keeps its files to its account', async () => {
    await runs.run(
      aRun('j-5/files', '', { argv: ['cat', 'params.json'], files: { 'params.json': '{"a":1}' } }),
    )
    const at = join(directory, 'j-5_files')
    for (const folder of [directory, at, join(at, 'work'), join(at, 'words')])
      expect((await stat(folder)).mode & 0o777).toBe(0o700)
    for (const file of ['work/params.json', 'words/1000', 'output', 'pid', 'end'])
      expect((await stat(join(at, file))).mode & 0o777).toBe(0o600)
  })

  it('refuses a directory that belongs to somebody else', async () => {
    if (process.getuid?.() === 0)
      await transport.exec(['install', '-d', '-o', 'nobody', directory], { timeoutMs: 5000 })
    else directory = '/usr'
    await expect(aBot().run(aRun('j-5/foreign', 'true'))).rejects.toMatchObject({
      code: 'run-failed',
      message: expect.stringContaining('belongs to another user'),
    })
  })

  it('works in an empty directory of its own with closed input', async () => {
    const { output } = await runs.run(aRun('j-5/empty', 'ls -A; cat; echo end'))
    expect(output).toBe('end\n')
  })

  it('hands every argument, variable and file over unchanged, whatever is in it', async () => {
    const anything = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0'))
    const nasty = fc.constantFrom(
      ';',
      '$(touch x)',
      '`id`',
      "'",
      '"',
      '\n',
      '-rf',
      '../..',
      '\\',
      '*',
      'a b',
      '',
      'x\n\n',
    )
    let n = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(anything, nasty), { minLength: 1, maxLength: 4 }), async (words) => {
        n += 1
        const first = words[0] ?? ''
        const { output } = await runs.run({
          ...aRun(`j-6/arguments-${n}`, ''),
          argv: ['sh', '-c', 'printf "%s\\0" "$@" "$FIRST"; cat file', 'sh', ...words],
          env: { FIRST: first },
          files: { file: first },
        })
        expect(output).toBe(`${[...words, first].map((word) => `${word}\0`).join('')}${first}`)
      }),
      { numRuns: 25 },
    )
  })

  it('refuses keys, names and words that are none, before anything reaches the host', async () => {
    exec = vi.fn()
    const plain = aRun('j-7/a', 'true')
    for (const key of ['../x', '', '-x', 'a\nb', 'a'.repeat(200), 'ä'])
      await expect(runs.run({ ...plain, key })).rejects.toThrow('no key')
    await expect(runs.run({ ...plain, files: { '../x': '' } })).rejects.toThrow('no plain file name')
    await expect(runs.run({ ...plain, lock: 'a/b' })).rejects.toThrow('no plain file name')
    await expect(runs.run({ ...plain, env: { 'A;B': '' } })).rejects.toThrow('no name')
    await expect(runs.run({ ...plain, argv: ['A=b', 'kcli'] })).rejects.toThrow('no program')
    await expect(runs.run({ ...plain, argv: ['echo', 'a\0b'] })).rejects.toThrow('cannot be passed')
    await expect(runs.run({ ...plain, argv: ['echo', '\ud800'] })).rejects.toThrow('cannot be passed')
    expect(exec).not.toHaveBeenCalled()
  })

  it('is forgotten after a while, when it has ended, and not before', async () => {
    const old = new Date(Date.now() - 40 * 24 * 3600_000)
    await runs.run(aRun('j-8/old', 'true'))
    await runs.run(aRun('j-8/new', 'true'))
    const running = runs.run(aRun('j-8/running', 'sleep 60'))
    await numberIn(join(directory, 'j-8_running', 'pid'))
    await mkdir(join(directory, '.new-cut-off'))
    for (const name of ['j-8_old', 'j-8_running', '.new-cut-off'])
      await utimes(join(directory, name), old, old)
    await runs.clean(30)
    expect((await readdir(directory)).toSorted()).toEqual(['j-8_new', 'j-8_running'])
    await runs.cancel('j-8/running')
    await running
    await utimes(join(directory, 'j-8_running'), old, old)
    await utimes(join(directory, 'j-8_new'), old, old)
    // A start cleans up too, and spares what it was asked for.
    await expect(runs.run(aRun('j-8/new', 'true'))).resolves.toMatchObject({ end: 'exited' })
    expect(await readdir(directory)).toEqual(['j-8_new'])
  })
})

describe('sudo', () => {
  it('that refuses is named with what to change', async () => {
    const refusing = createRuns({
      as: ['sudo', '-n'],
      transport: {
        exec: async (argv) => {
          expect(argv.slice(0, 3)).toEqual(['sudo', '-n', '/bin/sh'])
          return { exitCode: 1, stdout: '', stderr: 'sudo: a password is required\n', truncated: false }
        },
      },
    })
    await expect(refusing.run(aRun('j-9/sudo', 'true'))).rejects.toMatchObject({
      code: 'run-failed',
      message: expect.stringContaining('sudo: a password is required'),
      fix: expect.stringContaining('NOPASSWD'),
    })
  })
})
