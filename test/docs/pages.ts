/** The written pages of the repository, and what stands in them. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Page {
  /** Path from the root. */
  path: string
  text: string
  /** Fenced blocks with the word behind the fence. */
  blocks: { language: string; text: string }[]
  /** Text between single backticks, outside blocks. */
  spans: string[]
  /** Everything outside blocks and spans. */
  prose: string
}

/** Files that git knows and that are there. */
export function trackedFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  return listed.split('\n').filter((path) => path !== '' && existsSync(join(root, path)))
}

export function readPage(path: string): Page {
  const text = readFileSync(join(root, path), 'utf8')
  const fence = /^( *)```(\w*)\n(.*?)^ *```$/gms
  const blocks = [...text.matchAll(fence)].map(([, indent = '', language = '', body = '']) => ({
    language,
    text: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }))
  const outside = text.replaceAll(fence, '')
  const span = /`([^`\n]+)`/g
  return {
    path,
    text,
    blocks,
    spans: [...outside.matchAll(span)].map(([, body = '']) => body),
    prose: outside.replaceAll(span, '`'),
  }
}

export const pages: Page[] = trackedFiles()
  .filter((path) => path.endsWith('.md'))
  .map(readPage)
