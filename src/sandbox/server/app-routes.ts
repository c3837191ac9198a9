/** What an app calls: the Web API, response URLs, uploads and files. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Json } from '../protocol.js'
import { maxUploadBytes } from '../web-api/content.js'
import type { WebApi } from '../web-api/web-api.js'
import type { ResponseUrls } from '../world/response-urls.js'
import type { World } from '../world/world.js'
import { sendJson, sendText } from './answers.js'
import { argumentsOf, partsOf, readBody } from './request-body.js'

/** Slack's own limit is not documented; messages and views are far below this. */
const maxBodyBytes = 4_000_000

interface AppRoutes {
  world: World
  webApi: WebApi
  responseUrls: ResponseUrls
}

export async function callWebApi(
  { webApi }: AppRoutes,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const body = await readBody(request, maxBodyBytes)
  let args: Json
  try {
    args = argumentsOf(request, url, body)
  } catch {
    return sendJson(response, 200, { ok: false, error: 'invalid_json' })
  }
  const bearer = /^Bearer\s+(.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const token = bearer ?? (typeof args.token === 'string' ? args.token : undefined)
  const answer = await webApi.call({ method: url.pathname.slice('/api/'.length), token, args })
  if (answer.drop) {
    request.socket.destroy()
    return
  }
  await answer.delayed
  sendJson(response, answer.status, answer.body, answer.headers)
}

export async function answerResponseUrl(
  { world, responseUrls }: AppRoutes,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const text = (await readBody(request, maxBodyBytes)).toString()
  const body = parse(text, request.headers['content-type'])
  const settle = world.traffic.begin({
    direction: 'from-app',
    kind: 'response-url',
    name: 'response_url',
    summary: String(body?.text ?? '').slice(0, 60),
    request: body,
  })
  if (body === undefined) {
    settle('invalid_payload')
    return sendText(response, 400, 'invalid_payload')
  }
  const answer = responseUrls.use(url.pathname.slice('/response/'.length), body)
  settle(answer.status === 200 ? 'ok' : String(answer.body.error), answer.body)
  // Slack answers a used response URL with the bare word ok.
  if (answer.status === 200) sendText(response, 200, 'ok')
  else sendJson(response, answer.status, answer.body)
}

function parse(text: string, contentType = ''): Json | undefined {
  try {
    const json = contentType.includes('urlencoded') ? (new URLSearchParams(text).get('payload') ?? '') : text
    const value = JSON.parse(json) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined
  } catch {
    return undefined
  }
}

export async function takeUpload(
  { world }: AppRoutes,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const file = world.files.get(url.pathname.slice('/upload/'.length))
  if (file === undefined) return sendText(response, 404, 'no such upload')
  const body = await readBody(request, maxUploadBytes + 10_000)
  const type = request.headers['content-type'] ?? ''
  const content = type.includes('multipart/form-data') ? partsOf(body, type)[0]?.content : body
  if (content === undefined) return sendText(response, 400, 'no file in the request')
  file.content = content
  sendText(response, 200, `OK - ${content.length}`)
}

/** Pictures and text open in the browser, everything else is saved; nothing is ever run as a page. */
export function sendFile({ world }: AppRoutes, response: ServerResponse, url: URL): void {
  const file = world.files.get(url.pathname.split('/')[2] ?? '')
  if (file?.content === undefined || !file.shared) {
    sendText(response, 404, 'no such file')
    return
  }
  const inline = /^image\/(png|jpeg|gif)$|^text\/plain$/.test(file.mimetype)
  response.writeHead(200, {
    'content-type': file.mimetype === 'text/plain' ? 'text/plain; charset=utf-8' : file.mimetype,
    'content-disposition': `${inline ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeURIComponent(file.name)}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  })
  response.end(file.content)
}
