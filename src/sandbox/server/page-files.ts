/** The page's own files: HTML and CSS from the sources, scripts from the build. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sendText } from './answers.js'

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Blocks may show pictures from anywhere, as in Slack.
  "img-src 'self' data: http: https:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const kinds: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/** The folder with package.json, from the sources as from the build. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('the sandbox cannot find its package.json')
    folder = parent
  }
  return folder
}

export async function sendPageFile(response: ServerResponse, pathname: string): Promise<void> {
  const name = pathname === '/' ? 'index.html' : pathname.slice('/page/'.length)
  const extension = /^[a-z0-9-]+(?:\/[a-z0-9-]+)*\.(html|css|js|svg)$/.exec(name)?.[1]
  if (extension === undefined) return sendText(response, 404, 'no such file')
  const folder = extension === 'js' ? 'dist/src/sandbox/page' : 'src/sandbox/page'
  try {
    const content = await readFile(join(packageRoot(), folder, name))
    response.writeHead(200, {
      'content-type': kinds[extension] ?? 'text/plain',
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    })
    response.end(content)
  } catch {
    const hint = extension === 'js' ? ' The page is not built: run `npm run build`.' : ''
    sendText(response, 404, `no such file.${hint}`)
  }
}
