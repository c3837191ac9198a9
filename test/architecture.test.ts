import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Which rooms a room may import; `type:` allows types only. Files directly in src/ that are not listed are nobody's. */
const mayImport: Record<string, readonly string[]> = {
  errors: [],
  exec: [],
  redact: [],
  'redact-stream': ['redact'],
  log: ['redact'],
  report: ['errors'],
  libvirt: [],
  ssh: ['errors', 'exec', 'log'],
  local: ['errors', 'exec', 'log'],
  kcli: ['errors', 'log', 'redact', 'redact-stream'],
  agents: ['errors', 'exec', 'log', 'report', 'ssh', 'local', 'libvirt', 'kcli'],
  store: ['errors', 'log', 'redact'],
  'audit-mirror': ['errors', 'log', 'store', 'jobs'],
  preferences: ['errors', 'log', 'policy', 'store'],
  policy: ['errors', 'log', 'report', 'type:jobs', 'type:command'],
  jobs: ['errors', 'log', 'redact', 'report', 'store', 'policy'],
  command: ['errors', 'log', 'report', 'preferences', 'type:agents', 'type:jobs'],
  commands: ['errors', 'report', 'command', 'type:agents', 'type:jobs', 'jobs'],
  leases: ['errors', 'log', 'report', 'store', 'jobs', 'command', 'type:agents'],
  config: ['errors', 'log', 'redact', 'policy', 'type:agents', 'type:jobs'],
  request: [
    'errors',
    'log',
    'redact',
    'report',
    'command',
    'policy',
    'jobs',
    'type:agents',
    'type:store',
    'type:preferences',
  ],
  slack: [
    'errors',
    'log',
    'redact',
    'report',
    'command',
    'policy',
    'jobs',
    'store',
    'preferences',
    'type:audit-mirror',
    'type:leases',
    'type:request',
    'type:agents',
  ],
  terminal: ['errors', 'log', 'redact', 'report', 'jobs', 'type:request'],
  sandbox: ['errors'],
}
/** The composition roots know every room; demo is the composition root of a whole lab. */
const roots = new Set([
  'main',
  'cli',
  'start',
  'run',
  'doctor',
  'audit-command',
  'audit-search',
  'migrate-command',
  'demo',
])

interface Import {
  file: string
  from: string
  to: string
  typeOnly: boolean
  target: string
}

function sourceFiles(directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}

function roomOf(file: string): string {
  const [top = '', second = ''] = file.split('/')
  return top === 'src' ? second.replace(/\.[jt]s$/, '') : top
}

const statement = /^(?:import|export)\s+(type\s+)?(?:[\w*{][^'"]*?\sfrom\s+)?['"](\.[^'"]+)['"]/gm
const dynamic = /\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/g

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = [
    ...[...text.matchAll(statement)].map((match) => ({
      path: match[2] ?? '',
      typeOnly: match[1] !== undefined,
    })),
    ...[...text.matchAll(dynamic)].map((match) => ({ path: match[1] ?? '', typeOnly: false })),
  ]
  return found.map(({ path, typeOnly }) => {
    const target = normalize(join(dirname(file), path))
    return { file, from: roomOf(file), to: roomOf(target), typeOnly, target }
  })
}

const crossing = [...sourceFiles('src'), ...sourceFiles('commands')]
  .flatMap(importsOf)
  .filter(({ from, to }) => from !== to)

describe('the house', () => {
  it('has rooms that import only the rooms they may import', () => {
    const wrong = crossing.filter(({ from, to, typeOnly }) => {
      if (roots.has(from)) return false
      const allowed = mayImport[from] ?? []
      return !(allowed.includes(to) || (typeOnly && allowed.includes(`type:${to}`)))
    })
    expect(wrong.map(({ file, target }) => `${file} → ${target}`)).toEqual([])
  })

  it('is entered through doors: index files, or files directly in src', () => {
    const past = crossing.filter(({ typeOnly, target }) => {
      const parts = target.split('/')
      const isDoor = parts.length === 2 || parts.at(-1) === 'index.js' || typeOnly
      return !isDoor
    })
    expect(past.map(({ file, target }) => `${file} → ${target}`)).toEqual([])
  })

  it('never lets the bot import the sandbox', () => {
    const inside = crossing.filter(({ from, to }) => to === 'sandbox' && from !== 'demo' && from !== 'cli')
    expect(inside.map(({ file }) => file)).toEqual([])
  })
})
