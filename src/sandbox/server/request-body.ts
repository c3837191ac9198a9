/** Reading what came, with a bound. */
import type { IncomingMessage } from 'node:http'
import type { Json } from '../protocol.js'

export class BodyTooLarge extends Error {}

/** @throws BodyTooLarge beyond `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw new BodyTooLarge(`more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Arguments of a Web API call: a form or JSON, in the body or in the query. */
export function argumentsOf(request: IncomingMessage, url: URL, body: Buffer): Json {
  const fromQuery = Object.fromEntries(url.searchParams)
  const type = request.headers['content-type'] ?? ''
  if (body.length === 0) return fromQuery
  if (type.includes('application/json')) return { ...fromQuery, ...(JSON.parse(body.toString()) as Json) }
  if (type.includes('multipart/form-data')) return { ...fromQuery, ...textParts(body, type) }
  return { ...fromQuery, ...Object.fromEntries(new URLSearchParams(body.toString())) }
}

interface Part {
  name: string
  content: Buffer
}

/** The parts of a multipart body; enough of RFC 7578 for what Slack's clients send. */
export function partsOf(body: Buffer, contentType: string): Part[] {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1]
  if (boundary === undefined) return []
  const marker = Buffer.from(`--${boundary}`)
  const parts: Part[] = []
  let from = body.indexOf(marker)
  while (from >= 0) {
    const start = from + marker.length + 2
    const end = body.indexOf(marker, start)
    if (end < 0) break
    const headEnd = body.indexOf('\r\n\r\n', start)
    if (headEnd >= 0 && headEnd < end) {
      const head = body.subarray(start, headEnd).toString()
      parts.push({
        name: /name="([^"]*)"/.exec(head)?.[1] ?? '',
        content: body.subarray(headEnd + 4, end - 2),
      })
    }
    from = end
  }
  return parts
}

function textParts(body: Buffer, contentType: string): Json {
  return Object.fromEntries(partsOf(body, contentType).map(({ name, content }) => [name, content.toString()]))
}
