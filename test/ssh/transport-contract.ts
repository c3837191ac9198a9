/** What every transport does, whatever lies between. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { HostTransport } from '../../src/agents/transport.js'
import { UserError } from '../../src/errors.js'

// Writes its arguments NUL-separated as hexadecimal: nothing between can change them unseen.
const echoArguments =
  'process.stdout.write(process.argv.slice(1).map((a) => Buffer.from(a).toString("hex")).join(" "))'

export function transportContract(
  name: string,
  open: () => Promise<{ transport: HostTransport; close(): Promise<void> }>,
): void {
  describe(`${name} transport`, () => {
    let transport: HostTransport
    let close: () => Promise<void>
    beforeAll(async () => {
      ;({ transport, close } = await open())
    })
    afterAll(() => close())

    it('gives every argument to the program byte for byte', async () => {
      const words = fc.array(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 40 }).map((word) => word.replaceAll('\0', '')),
          fc.constantFrom(
            '',
            ' ',
            '-n',
            '--',
            '$(id)',
            '`id`',
            '"',
            "'",
            "'\\''",
            '\\',
            '\n',
            'a\n\nb',
            '~',
            '*',
            '!!',
            '💥',
            '#',
          ),
        ),
        { maxLength: 8 },
      )
      await fc.assert(
        fc.asyncProperty(words, async (args) => {
          const wellFormed = args.map((arg) => Buffer.from(arg).toString())
          const { stdout } = await transport.exec(
            [process.execPath, '-e', echoArguments, '--', ...wellFormed],
            { timeoutMs: 20_000 },
          )
          expect(stdout).toBe(wellFormed.map((arg) => Buffer.from(arg).toString('hex')).join(' '))
        }),
        { numRuns: 15 },
      )
    })

    it('refuses an argument that cannot be passed on', async () => {
      for (const bad of ['a\0b', '\ud800']) {
        await expect(transport.exec(['true', bad], { timeoutMs: 5000 })).rejects.toMatchObject({
          code: 'bad-argument',
        })
      }
    })

    it('runs the program, not a builtin of a shell with the same name', async () => {
      const { stdout } = await transport.exec(['echo', 'a\\nb'], { timeoutMs: 5000 })
      expect(stdout).toBe('a\\nb\n')
    })

    it('keeps exit code, output and errors apart', async () => {
      await expect(
        transport.exec(['sh', '-c', 'echo out; echo err >&2; exit 3'], { timeoutMs: 5000 }),
      ).resolves.toEqual({
        exitCode: 3,
        stdout: 'out\n',
        stderr: 'err\n',
        truncated: false,
      })
    })

    it('names the signal that ended a program', async () => {
      const result = await transport.exec(['sh', '-c', 'kill -TERM $$'], { timeoutMs: 5000 })
      expect(result).toMatchObject({ exitCode: null, signal: 'TERM' })
    })

    it('answers 127 for a program that does not exist', async () => {
      const result = await transport.exec(['no-such-program'], { timeoutMs: 5000 })
      expect(result).toMatchObject({ exitCode: 127, stderr: expect.stringContaining('not found') })
    })

    it('closes standard input at once, or after what was given', async () => {
      await expect(transport.exec(['cat'], { timeoutMs: 5000 })).resolves.toMatchObject({
        exitCode: 0,
        stdout: '',
      })
      const long = 'x'.repeat(300_000)
      const { stdout } = await transport.exec(['cat'], { timeoutMs: 5000, stdin: long })
      expect(stdout.length).toBe(long.length)
    })

    it('passes variables to the program', async () => {
      const { stdout } = await transport.exec(['sh', '-c', 'printf %s "$GREETING"'], {
        timeoutMs: 5000,
        env: { GREETING: "it's $HOME" },
      })
      expect(stdout).toBe("it's $HOME")
    })

    it('keeps no more output than asked and says so', async () => {
      const result = await transport.exec(['sh', '-c', 'yes | head -c 500000'], {
        timeoutMs: 5000,
        maxOutputBytes: 1000,
      })
      expect(result).toMatchObject({ exitCode: 0, truncated: true })
      expect(result.stdout.length).toBe(1000)
    })

    it('kills a program that takes too long', async () => {
      const mark = `qnav-test-${process.pid}-${Math.random()}`
      await expect(
        transport.exec(['sh', '-c', 'sleep 60; true', mark], { timeoutMs: 300 }),
      ).rejects.toMatchObject({ code: 'timeout' })
      await gone(mark)
    })

    it('kills a program whose work was cancelled and rejects with the reason', async () => {
      const mark = `qnav-test-${process.pid}-${Math.random()}`
      const controller = new AbortController()
      const running = transport.exec(['sh', '-c', 'sleep 60; true', mark], {
        timeoutMs: 30_000,
        signal: controller.signal,
      })
      await vi.waitFor(async () => expect(await isRunning(mark)).toBe(true), { timeout: 5000 })
      const reason = new UserError('cancelled', 'Cancelled.', { fix: 'Ask again.' })
      controller.abort(reason)
      await expect(running).rejects.toBe(reason)
      await gone(mark)
    })

    it('runs many programs at once, and all get their turn', async () => {
      const all = await Promise.all(
        Array.from({ length: 25 }, (_, index) =>
          transport.exec(['echo', String(index)], { timeoutMs: 20_000 }),
        ),
      )
      expect(all.map(({ stdout }) => Number(stdout))).toEqual([...Array(25).keys()])
    })

    it('opens streams to unix sockets', async () => {
      const directory = mkdtempSync(join(tmpdir(), 'qnav-socket-'))
      const path = join(directory, 'echo.sock')
      const server = await listen(path)
      try {
        const stream = await transport.openSocket(path)
        stream.end('hello')
        await expect(text(stream)).resolves.toBe('HELLO')
      } finally {
        await new Promise((resolve) => server.close(resolve))
        rmSync(directory, { recursive: true })
      }
    })

    it('says which socket cannot be opened', async () => {
      await expect(transport.openSocket('/nonexistent/libvirt-sock')).rejects.toMatchObject({
        code: 'libvirt-unavailable',
        message: expect.stringContaining('/nonexistent/libvirt-sock'),
      })
    })

    async function isRunning(mark: string): Promise<boolean> {
      // The bracket keeps the search from finding itself.
      const pattern = `[${mark[0]}]${mark.slice(1)}`
      return (await transport.exec(['pgrep', '-f', pattern], { timeoutMs: 5000 })).exitCode === 0
    }

    async function gone(mark: string): Promise<void> {
      await vi.waitFor(async () => expect(await isRunning(mark)).toBe(false), { timeout: 5000 })
    }
  })
}

function listen(path: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (chunk) => socket.write(chunk.toString().toUpperCase()))
    socket.on('end', () => socket.end())
  })
  return new Promise((resolve) => server.listen(path, () => resolve(server)))
}
