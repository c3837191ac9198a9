/** What a command of the terminal prints. */
import { Writable } from 'node:stream'
import { vi } from 'vitest'

/** What `command` wrote on standard output, and its exit code. */
export async function printedBy(command: () => Promise<number>): Promise<{ text: string; code: number }> {
  let text = ''
  const terminal = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  })
  const stdout = vi.spyOn(process, 'stdout', 'get').mockReturnValue(terminal as typeof process.stdout)
  try {
    return { code: await command(), text }
  } finally {
    stdout.mockRestore()
  }
}
