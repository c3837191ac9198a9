/** Lets `qnav run` reach the running bot: HTTP over a unix socket that only the bot's own user may open. */

import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  type ConversationParts,
  converse,
  explain,
  type TerminalEvent,
  terminalRequest,
} from './conversation.js'

const maxBodyBytes = 64 * 1024

/** Answers each `POST /run` with one JSON event a line. The data directory's lock makes sure there is one server. */
export async function serveTerminal(
  socketPath: string,
  parts: ConversationParts,
): Promise<{ stop(): Promise<void> }> {
  await rm(socketPath, { force: true })
  const stopping = new AbortController()
  const server = createServer((request, response) => {
    answer(request, response, parts, stopping.signal).catch((error: unknown) => {
      parts.log.warn({ err: error }, 'a terminal request could not be answered')
      response.destroy()
    })
  })
  server.listen(socketPath)
  await once(server, 'listening')
  await chmod(socketPath, 0o600)
  return {
    async stop() {
      stopping.abort()
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const hurry = setTimeout(() => server.closeAllConnections(), 1000)
      await closed
      clearTimeout(hurry)
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  parts: ConversationParts,
  stopping: AbortSignal,
): Promise<void> {
  if (request.method !== 'POST' || request.url !== '/run') {
    response.writeHead(404).end()
    return
  }
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const emit = (event: TerminalEvent) => {
    response.write(`${JSON.stringify(event)}\n`)
  }
  try {
    const asked = terminalRequest.parse(JSON.parse(await readBody(request)))
    const person =
      asked.person.name === undefined
        ? { id: asked.person.id }
        : { id: asked.person.id, name: asked.person.name }
    await converse(parts, { text: asked.text, person }, emit, AbortSignal.any([gone.signal, stopping]))
  } catch (error) {
    emit({ kind: 'error', error: explain(error, parts.log) })
  }
  response.end()
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = ''
  request.setEncoding('utf8')
  for await (const chunk of request) {
    body += chunk
    if (body.length > maxBodyBytes)
      throw new Error(`a terminal request has more than ${maxBodyBytes} characters`)
  }
  return body
}
