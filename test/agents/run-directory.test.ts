import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRuns, type Runs } from '../../src/agents/run-directory.js'
import { LocalTransport } from '../../src/local/index.js'

let directory: string
let runs: Runs
const transport = new LocalTransport()
const following = () => new AbortController().signal

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'qnav-runs-'))
  runs = createRuns({ transport, directory: join(directory, 'runs'), pollMs: 20 })
})
afterEach(() => rm(directory, { recursive: true, force: true }))

describe('a detached run', () => {
  it('gives back the exit status and all output, stdout and stderr in order', async () => {
    const result = await runs.run({
      key: 'j-1/a',
      argv: ['sh', '-c', 'echo out; echo err >&2; exit 7'],
      timeoutMs: 10_000,
      signal: following(),
    })
    expect(result).toEqual({ exitCode: 7, output: 'out\nerr\n' })
  })

  it('runs a key once, and gives the second asker the same result', async () => {
    const count = join(directory, 'count')
    const request = {
      key: 'j-1/once',
      argv: ['sh', '-c', `echo x >>${count}; sleep 0.3; wc -l <${count}`] as [string, ...string[]],
      timeoutMs: 10_000,
      signal: following(),
    }
    const results = await Promise.all([runs.run(request), runs.run(request), runs.run(request)])
    expect(results.map(({ output }) => output.trim())).toEqual(['1', '1', '1'])
    expect((await runs.run(request)).output.trim()).toBe('1')
  })

  it('goes on when nobody follows it, and is found again', async () => {
    const leaving = new AbortController()
    const request = {
      key: 'j-2/go-on',
      argv: ['sh', '-c', 'sleep 0.5; echo done'] as [string, ...string[]],
      timeoutMs: 10_000,
    }
    const first = runs.run({ ...request, signal: leaving.signal })
    const gone = expect(first).rejects.toThrow()
    await vi.waitFor(async () => expect(await readdir(join(directory, 'runs'))).toContain('j-2_go-on'))
    leaving.abort()
    await gone
    const again = createRuns({ transport, directory: join(directory, 'runs'), pollMs: 20 })
    expect(await again.run({ ...request, signal: following() })).toEqual({ exitCode: 0, output: 'done\n' })
  })

  it('is ended by its time limit on the host', async () => {
    const result = await runs.run({
      key: 'j-3/slow',
      argv: ['sleep', '60'],
      timeoutMs: 1000,
      signal: following(),
    })
    expect(result.exitCode).toBe(124)
  })

  it('is cancelled with everything it started', async () => {
    const pidFile = join(directory, 'pid')
    const run = runs.run({
      key: 'j-4/cancel',
      argv: ['sh', '-c', `sleep 60 & echo $! >${pidFile}; wait`],
      timeoutMs: 60_000,
      signal: following(),
    })
    const pid = await vi.waitFor(async () => {
      const text = await readFile(pidFile, 'utf8')
      expect(text.trim()).not.toBe('')
      return Number(text)
    })
    await runs.cancel('j-4/cancel')
    expect((await run).exitCode).not.toBe(0)
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow())
  })

  it('keeps its files to itself', async () => {
    await runs.run({
      key: 'j-5/files',
      argv: ['cat', 'params.json'],
      files: { 'params.json': '{"a":1}' },
      timeoutMs: 10_000,
      signal: following(),
    })
    const at = join(directory, 'runs', 'j-5_files')
    expect((await stat(at)).mode & 0o777).toBe(0o700)
    expect((await stat(join(at, 'work', 'params.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(join(at, 'output'))).mode & 0o777).toBe(0o600)
  })

  it('hands every argument and file over unchanged, whatever is in it', async () => {
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
    )
    let n = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(anything, nasty), { minLength: 1, maxLength: 4 }), async (words) => {
        const { output } = await runs.run({
          key: `j-6/arguments-${n++}`,
          argv: ['printf', '%s\\0', ...words],
          timeoutMs: 10_000,
          signal: following(),
        })
        expect(output).toBe(words.map((word) => `${word}\0`).join(''))
      }),
      { numRuns: 25 },
    )
  }, 60_000)

  it('refuses keys and names that are no plain names', async () => {
    const request = { argv: ['true'] as [string], timeoutMs: 1000, signal: following() }
    await expect(runs.run({ ...request, key: '../x' })).rejects.toThrow('no key')
    await expect(runs.run({ ...request, key: 'j-7/a', files: { '../x': '' } })).rejects.toThrow(
      'no plain file name',
    )
    await expect(runs.run({ ...request, key: 'j-7/a', env: { 'A;B': '' } })).rejects.toThrow('no name')
  })
})
