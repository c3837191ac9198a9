import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Catalogue, loadCatalogue } from '../../src/command/index.js'
import { loadConfig } from '../../src/config/index.js'
import { UserError } from '../../src/errors.js'
import { type Page, pages, readPage, root, trackedFiles } from './pages.js'

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[`*]/g, '')
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

function anchorsIn({ text }: Page): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))
}

function brokenLinks(page: Page): string[] {
  const links = [...page.prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false
    const [file = '', anchor] = link.split('#')
    const path = file === '' ? page.path : normalize(join(dirname(page.path), file))
    if (!existsSync(join(root, path))) return true
    return anchor !== undefined && !anchorsIn(readPage(path)).includes(anchor)
  })
}

/** Command lines that a page shows; one with `<`, `[` or `…` leaves a place open. */
function commandLines({ blocks, spans }: Page): string[] {
  const shown = [...blocks.flatMap(({ text }) => text.split('\n')), ...spans]
  return shown
    .map((line) => /^\/qnav (.+)$|\bqnav run "([^"]+)"/.exec(line.trim()))
    .map((match) => match?.[1] ?? match?.[2] ?? '')
    .filter((line) => line !== '' && !/[<[…]/.test(line))
}

/** Names of commands may stand without what they need. */
function isUnderstood(catalogue: Catalogue, line: string): boolean {
  try {
    catalogue.parse(line)
    return true
  } catch (error) {
    return error instanceof UserError && error.code === 'missing-argument'
  }
}

const scripts = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts)

describe.each(pages.map((page) => [page.path, page] as const))('%s', (_, page) => {
  it('has links that lead somewhere', () => {
    expect(brokenLinks(page)).toEqual([])
  })

  it('shows command lines that qnav understands', async () => {
    const catalogue = await loadCatalogue(join(root, 'commands'))
    // The guide to a new command shows one that is not there yet.
    const isNew = (line: string) => page.path === 'CONTRIBUTING.md' && line.includes('network list')
    const wrong = commandLines(page).filter((line) => !isNew(line) && !isUnderstood(catalogue, line))
    expect(wrong).toEqual([])
  })

  it('names npm scripts that exist', () => {
    const named = [...page.text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name)
    expect(named.filter((name) => !scripts.includes(name))).toEqual([])
  })

  it('shows configurations that qnav accepts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qnav-docs-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'qnav.yml')
    for (const { language, text } of page.blocks) {
      if (!/^ya?ml$/.test(language) || !/^hosts:/m.test(text)) continue
      await writeFile(file, text)
      await expect(loadConfig(file), text).resolves.toBeDefined()
    }
  })
})

describe('the pages together', () => {
  it('tell every error code, and none that does not exist', () => {
    const source = readFileSync(join(root, 'src/errors.ts'), 'utf8')
    const union = source.slice(source.indexOf('ErrorCode ='), source.indexOf('UserErrorOptions'))
    const codes = [...union.matchAll(/\| '([\w-]+)'/g)].map(([, code = '']) => code)
    expect(codes.length).toBeGreaterThan(40)
    const table = readPage('docs/errors.md').text.matchAll(/^\| (`.+?) \|/gm)
    const told = [...table].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([\w-]+)`/g)].map(([, code = '']) => code),
    )
    expect(told.toSorted()).toEqual(codes.toSorted())
  })

  it('tell of every room, and of none that does not exist', () => {
    const rooms = trackedFiles().flatMap((path) => /^src\/[\w.-]+/.exec(path)?.[0] ?? [])
    const architecture = readPage('docs/architecture.md').spans.filter((span) => span.startsWith('src/'))
    expect(architecture.toSorted()).toEqual([...new Set(rooms)].toSorted())
  })

  it('list every decision', () => {
    const index = readPage('docs/adr/README.md').text
    const decisions = pages.filter(({ path }) => /^docs\/adr\/\d/.test(path))
    expect(decisions.filter(({ path }) => !index.includes(`(${path.slice('docs/adr/'.length)})`))).toEqual([])
  })
})

describe('the files', () => {
  it('know nothing of the machine that they were written on', () => {
    // Put together here, so that this file does not hold what it looks for.
    const traces = [
      ['', 'work', 'main'].join('/'),
      ['', 'work', 'shared'].join('/'),
      ['', 'work', '.library'].join('/'),
      ['', 'home', 'runner'].join('/'),
      ['', 'bash_jobs'].join('/'),
      ['registry', 'npmjs', 'org'].join('.'),
      ['npm', 'pkg', 'github', 'com'].join('.'),
      ['files', 'pythonhosted', 'org'].join('.'),
    ]
    const text = (path: string) => readFileSync(join(root, path)).toString('latin1')
    const found = trackedFiles().filter((path) => traces.some((trace) => text(path).includes(trace)))
    expect(found).toEqual([])
  })

  it('speak of no home of root, unless as a value that a test refuses', () => {
    const home = ['', 'root', ''].join('/')
    const text = (path: string) => readFileSync(join(root, path)).toString('latin1')
    const found = trackedFiles().filter((path) => !path.startsWith('test/') && text(path).includes(home))
    expect(found).toEqual([])
  })

  it('of packages name no place that they were fetched from', () => {
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
    expect(lock).not.toMatch(/"resolved": "(?!file:)/)
  })
})

describe('the command in CONTRIBUTING.md', () => {
  it('works as it stands there', async () => {
    const [definition = '', test = ''] = readPage('CONTRIBUTING.md')
      .blocks.filter(({ language }) => language === 'ts')
      .map(({ text }) => text)
    const folder = await mkdtemp(join(root, 'test', 'example-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await writeFile(join(folder, 'list.ts'), definition)
    const { default: command } = await import(join(folder, 'list.ts'))
    expect(test).toContain('network list kvm1')
    const { aFleet } = await import('../fakes/fleet.js')
    const { fleet } = aFleet({ hosts: [{ name: 'kvm1' }] })
    const report = await command.run({ host: 'kvm1' }, { fleet })
    expect(report).toMatchObject({
      title: '1 network',
      tone: 'info',
      table: { rows: [[expect.any(String), 'kvm1', 'active', expect.any(String), expect.any(String)]] },
    })
  })
})
