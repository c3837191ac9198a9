/** The other end of socket-server.ts, used by `qnav run`. */
import { request as httpRequest } from 'node:http'
import { createInterface } from 'node:readline'
import type { Person } from '../jobs/index.js'
import type { TerminalEvent } from './conversation.js'

/**
 * Sends one command line to the running bot. Resolves with `false` when no bot listens on the socket (nothing was
 * sent), with `true` when the answer is complete. Rejects when the bot goes away in the middle.
 */
export function askRunningBot(
  socketPath: string,
  question: { text: string; person: Person },
  hear: (event: TerminalEvent) => void,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, path: '/run', method: 'POST' }, (response) => {
      const lines = createInterface({ input: response })
      lines.on('line', (line) => {
        // The line comes from our own process behind a 0600 socket; its types are those of conversation.ts.
        hear(JSON.parse(line) as TerminalEvent)
      })
      lines.on('close', () => resolve(true))
      response.on('error', reject)
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(false)
      else reject(error)
    })
    request.end(JSON.stringify(question))
  })
}
