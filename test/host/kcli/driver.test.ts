/** The driver against the real kcli: what it is told, and what it makes of kcli's own words. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, inject, it } from 'vitest'
import { createRuns } from '../../../src/agents/run-directory.js'
import { accountPrefix, type CreateRequest, createKcli, type Exec } from '../../../src/kcli/index.js'
import { LocalTransport } from '../../../src/local/index.js'
import { KcliBench, virsh } from './kcli-bench.js'

const lab = inject('lab')
const local = new LocalTransport()
const exec: Exec = (argv, options) => local.exec(argv, options)
type Settings = Parameters<typeof createKcli>[0]['settings']

describe.skipIf(lab === undefined)('the kcli driver with the real kcli', () => {
  if (lab === undefined) return
  const bench = new KcliBench(lab)
  const driver = (settings: Partial<Settings> = {}, directory = bench.newFolder()) => {
    const all = { ...lab.kcli, sudo: false, ...settings }
    const runs = createRuns({ transport: local, as: accountPrefix(all), directory })
    return createKcli({ host: 'kvm1', settings: all, exec, runs })
  }
  const aRequest = (change: Partial<CreateRequest> = {}, params: Partial<CreateRequest['params']> = {}) => {
    const name = bench.newName()
    return {
      key: `j-${name}/create`,
      name,
      image: lab.image,
      signal: new AbortController().signal,
      progress: () => {},
      ...change,
      params: {
        memory: 128,
        numcpus: 1,
        disks: [{ size: 1 }],
        nets: [{ name: lab.network }],
        pool: lab.pool,
        start: false,
        virttype: lab.virtType,
        ...params,
      },
    } satisfies CreateRequest
  }
  afterEach(() => bench.clear())
  afterAll(() => bench.close())

  it('finds it with its version and the tool that it writes ISOs with', async () => {
    const { path, version, isoTool } = await driver().probe()
    expect(path).toBe(lab.kcli.path)
    expect(version).toMatch(/^99\.\d/)
    expect(isoTool).toMatch(/isofs|isoimage/)
  })

  it('hands texts over as they are, and shows them to nobody who lists processes', async () => {
    const seen = join(bench.newFolder(), 'seen')
    const path = bench.program(`printf '%s\\n' "$@" >${seen}; env >>${seen}; exec "$kcli" "$@"`)
    const owner = `it's "U1" $HOME {{ 7 * 7 }} %s \\n`
    const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFi it's "me" $HOME`
    const said: string[] = []
    const request = aRequest({ progress: (line) => said.push(line) }, { owner, keys: [key] })
    await expect(driver({ path }).createVm(request)).resolves.toEqual({ outcome: 'created' })
    expect(said[0]).toBe(`Deploying vm ${request.name} from image ${lab.image}...`)
    expect(said.join('')).not.toContain('\x1b')
    expect(virsh('metadata', request.name, '--uri', 'kvirt')).toContain(`<owner>${owner}</owner>`)
    expect(readFileSync(join(lab.poolPath, `${request.name}.ISO`)).includes(key)).toBe(true)
    const argv = readFileSync(seen, 'utf8')
    expect(argv).toContain(request.name)
    expect(argv).not.toMatch(/AAAA|7 \* 7/)
  })

  it.each<[string, Partial<CreateRequest>, Partial<CreateRequest['params']>, string, RegExp]>([
    ['an unknown image', { image: 'nothing.qcow2' }, {}, 'image-not-found', /nothing\.qcow2 not found/],
    ['an unknown pool', {}, { pool: 'nowhere' }, 'pool-not-found', /Pool nowhere not found/],
    ['an unknown network', {}, { nets: [{ name: 'nowhere' }] }, 'network-invalid', /Invalid network nowhere/],
    ['too many processors', {}, { numcpus: 300 }, 'failed', /Maximum CPUs greater than/],
  ])('understands it about %s', async (_, change, params, outcome, line) => {
    await expect(driver().createVm(aRequest(change, params))).resolves.toEqual({
      outcome,
      line: expect.stringMatching(line),
    })
  })

  it('understands it about an unknown profile', async () => {
    const { image, ...request } = aRequest()
    expect(image).toBe(lab.image)
    await expect(driver().createVm({ ...request, profile: 'nothing' })).resolves.toMatchObject({
      outcome: 'image-not-found',
    })
  })

  it('understands it about a name that is taken', async () => {
    const request = aRequest()
    await driver().createVm(request)
    await expect(driver().createVm({ ...request, key: `${request.key}-2` })).resolves.toMatchObject({
      outcome: 'name-taken',
    })
  })

  it('understands it about a VM that does not start, which kcli leaves behind with all its files', async () => {
    const request = aRequest({}, { memory: 900_000_000, start: true })
    await expect(driver().createVm(request)).resolves.toEqual({
      outcome: 'start-failed',
      line: expect.stringContaining('cannot set up guest memory'),
    })
    expect(bench.isDefined(request.name)).toBe(true)
    expect(bench.filesOf(request.name)).toHaveLength(2)
  })

  it('understands it about an account that libvirt does not let in', async () => {
    const directory = bench.newFolder()
    execFileSync('chown', ['nobody', directory])
    await expect(driver({ user: 'nobody' }, directory).createVm(aRequest())).resolves.toMatchObject({
      outcome: 'no-permission',
    })
  })

  it('understands it where nothing writes ISOs, though kcli then may end with 0', async () => {
    const path = bench.program('PATH=/nowhere exec "$kcli" "$@"')
    const request = aRequest()
    await expect(driver({ path }).createVm(request)).resolves.toMatchObject({ outcome: 'iso-tool-missing' })
  })

  it.each([
    ['empty', '', /Couldn't parse empty/],
    ['broken', 'local: [', /./],
    ['without a body', 'default:\n  client: local\nlocal:\n', /./],
  ])('tells the cause when the configuration is %s', async (_, text, line) => {
    const config = join(bench.newFolder(), 'config.yml')
    writeFileSync(config, text)
    const outcome = await driver({ config }).createVm(aRequest())
    expect(outcome).toMatchObject({ outcome: 'failed', line: expect.stringMatching(line) })
    expect(outcome).not.toMatchObject({ line: expect.stringContaining('Traceback') })
  })

  it('needs no home that can be written to', async () => {
    const path = bench.program('HOME=/proc/nowhere exec "$kcli" "$@"')
    await expect(driver({ path }).createVm(aRequest())).resolves.toEqual({ outcome: 'created' })
  })

  it('gives names of profiles only, and never what is in them', async () => {
    const home = bench.newFolder()
    mkdirSync(join(home, '.kcli'))
    const profiles = `small:\n  image: ${lab.image}\n  rootpassword: hunter2\nbig:\n  image: ${lab.image}\n`
    writeFileSync(join(home, '.kcli', 'profiles.yml'), profiles)
    const path = bench.program(`HOME=${home} exec "$kcli" "$@"`)
    await expect(driver({ path }).profiles()).resolves.toEqual(['big', 'small'])
    expect(bench.plain(['list', 'profile', '-o', 'json'], { env: { HOME: home } }).output).toContain(
      'hunter2',
    )
  })

  it('says so where kcli is not, and when it went away', async () => {
    await expect(driver({ path: '/nowhere/kcli' }).createVm(aRequest())).rejects.toMatchObject({
      code: 'kcli-missing',
      message: expect.stringContaining('/nowhere/kcli'),
    })
    const path = bench.program('exec "$kcli" "$@"')
    const kcli = driver({ path })
    await kcli.probe()
    rmSync(path)
    const request = aRequest()
    await expect(kcli.createVm(request)).rejects.toMatchObject({
      code: 'kcli-missing',
      message: expect.stringContaining(path),
    })
    await expect(kcli.profiles()).rejects.toMatchObject({ code: 'kcli-missing' })
  })

  it('says so when sudo would ask for a password', async () => {
    const asNobody: typeof local.exec = ([program, ...words], options) =>
      local.exec(['runuser', '-u', 'nobody', '--', program, ...words], options)
    const transport = { exec: asNobody }
    const settings = { ...lab.kcli, sudo: true }
    const runs = createRuns({ transport, as: accountPrefix(settings), directory: bench.newFolder() })
    const kcli = createKcli({ host: 'kvm1', settings, exec: asNobody, runs })
    await expect(kcli.probe()).rejects.toMatchObject({
      code: 'kcli-missing',
      message: expect.stringContaining('sudo: a password is required'),
      fix: expect.stringContaining('without password'),
    })
    await expect(
      runs.run({ key: 'j-1/a', argv: ['true'], timeoutMs: 1000, signal: new AbortController().signal }),
    ).rejects.toMatchObject({
      code: 'run-failed',
      message: expect.stringContaining('sudo: a password is required'),
    })
  })
})
