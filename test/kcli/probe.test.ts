import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type KcliFound, probeScript, readProbe } from '../../src/kcli/probe.js'

describe('what the probe printed', () => {
  const read = (stdout: string, change: { exitCode?: number | null; stderr?: string; path?: string } = {}) =>
    readProbe('kvm1', change.path, { exitCode: 0, stderr: '', ...change, stdout })

  it('is kcli, its version and its ISO tool', () => {
    expect(read('path /usr/bin/kcli\nversion 99.0\niso genisoimage\n')).toEqual({
      path: '/usr/bin/kcli',
      version: '99.0',
      isoTool: 'genisoimage',
    })
    expect(read('path /opt/my tools/kcli\nversion unknown\n')).toEqual({
      path: '/opt/my tools/kcli',
      version: 'unknown',
    })
  })

  it('is read past what a login shell says first', () => {
    expect(read('Welcome\n\npath /usr/bin/kcli\nversion 99.0\n')).toMatchObject({ path: '/usr/bin/kcli' })
  })

  it.each([
    [undefined, 'it is not in PATH'],
    ['/opt/kcli', '/opt/kcli is no program there'],
  ])('is a missing kcli when %s was looked for, with what to do', (path, words) => {
    const reading = () => read('', { exitCode: 127, ...(path === undefined ? {} : { path }) })
    expect(reading).toThrow(
      expect.objectContaining({
        code: 'kcli-missing',
        message: expect.stringContaining(words),
        fix: expect.stringMatching(/genisoimage.*hosts\.kvm1\.kcli\.path/),
      }),
    )
  })

  it('is a missing kcli when it was cut off', () => {
    expect(() => read('path /usr/bin/kcli\n', { exitCode: null })).toThrow(
      expect.objectContaining({ code: 'kcli-missing' }),
    )
  })

  it('names sudo when that is what stands in the way', () => {
    expect(() => read('', { exitCode: 1, stderr: 'sudo: a password is required\n' })).toThrow(
      expect.objectContaining({
        code: 'kcli-missing',
        message: expect.stringContaining('sudo: a password is required'),
        fix: expect.stringContaining('without password'),
      }),
    )
  })
})

describe('the probe', () => {
  let scratch: string
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), 'qnav-probe-'))
  })
  afterEach(() => rmSync(scratch, { recursive: true, force: true }))

  const program = (path: string, text = '#!/bin/sh\n', mode = 0o755): string => {
    const at = join(scratch, path)
    mkdirSync(dirname(at), { recursive: true })
    writeFileSync(at, text)
    chmodSync(at, mode)
    return at
  }
  /** PATH with the few tools that the script needs, and nothing else of this machine. */
  const bareTools = (): string => {
    const folder = join(scratch, 'tools')
    mkdirSync(folder)
    for (const tool of ['sed', 'head']) {
      const at = execFileSync('sh', ['-c', 'command -v "$1"', 'sh', tool], { encoding: 'utf8' }).trim()
      symlinkSync(at, join(folder, tool))
    }
    return folder
  }
  const probe = (
    configured: string,
    { path, home = join(scratch, 'home') }: { path: string; home?: string },
  ) =>
    spawnSync('/bin/sh', ['-c', probeScript, 'qnav-probe', configured], {
      env: { PATH: path, HOME: home },
      encoding: 'utf8',
    })
  const found = (configured: string, where: { path: string; home?: string }): KcliFound => {
    const { status, stdout, stderr } = probe(configured, where)
    return readProbe('kvm1', configured, { exitCode: status, stdout, stderr })
  }

  it('finds kcli in PATH, and in the home where PATH of a command over SSH lacks it', () => {
    const tools = bareTools()
    const own = program('home/.local/bin/kcli')
    const installed = ['/usr/bin/kcli', '/usr/local/bin/kcli'].find((path) => existsSync(path))
    expect(found('', { path: tools }).path).toBe(installed ?? own)
    const first = program('bin/kcli')
    expect(found('', { path: `${tools}:${dirname(first)}` })).toEqual({ path: first, version: 'unknown' })
  })

  it('looks only where it was told to look', () => {
    const tools = bareTools()
    program('home/.local/bin/kcli')
    const folder = dirname(program('bin/kcli'))
    for (const wrong of [
      join(scratch, 'nothing'),
      folder,
      program('plain', '', 0o644),
      'kcli',
      '-x',
      '$HOME',
    ]) {
      const { status, stdout } = probe(wrong, { path: `${tools}:${folder}` })
      expect({ wrong, status, stdout }).toEqual({ wrong, status: 127, stdout: '' })
    }
  })

  it('takes the path for a path, whatever is in it', () => {
    const path = program('a $(touch pwned); "b"/kcli')
    expect(found(path, { path: bareTools() })).toEqual({ path, version: 'unknown' })
  })

  it('asks the Python that kcli itself runs in for the version, never kcli', () => {
    const python = program('venv/bin/python3', '#!/bin/sh\necho 99.0.1\n')
    const asked = program('kcli', `#!${python}\nraise SystemExit\n`)
    expect(found(asked, { path: bareTools() }).version).toBe('99.0.1')
    // As pip writes it where the interpreter's path is too long for a first line.
    const long = program('long', `#!/bin/sh\n'''exec' "${python}" "$0" "$@"\n' '''\n`)
    const short = program('short', `#!/bin/sh\n'''exec' ${python} "$0" "$@"\n' '''\n`)
    rmSync(join(scratch, 'tools'), { recursive: true })
    const path = bareTools()
    expect(found(long, { path }).version).toBe('99.0.1')
    expect(found(short, { path }).version).toBe('99.0.1')
  })

  it('names the first tool that writes ISOs', () => {
    const path = bareTools()
    const kcli = program('kcli')
    expect(found(kcli, { path })).not.toHaveProperty('isoTool')
    program('tools/xorrisofs')
    expect(found(kcli, { path }).isoTool).toBe('xorrisofs')
    program('tools/genisoimage')
    expect(found(kcli, { path }).isoTool).toBe('genisoimage')
  })
})
