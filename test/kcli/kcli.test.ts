import { describe, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import {
  accountPrefix,
  type CreateRequest,
  createKcli,
  type DetachedRuns,
  type Exec,
} from '../../src/kcli/index.js'

type Run = Parameters<DetachedRuns['run']>[0]
type Ended = Awaited<ReturnType<DetachedRuns['run']>>
type Answer = Awaited<ReturnType<Exec>>
type Settings = Parameters<typeof createKcli>[0]['settings']

const created: Ended = { end: 'exited', exitCode: 0, output: 'web1 created on local\n' }
const isProbe = (argv: readonly string[]) => argv.includes('qnav-probe')
const answer = (change: Partial<Answer>): Answer => ({ exitCode: 0, stdout: '', stderr: '', ...change })
const probed = answer({ stdout: 'path /opt/kcli\nversion 99.0\niso genisoimage\n' })

/** A host that answers as it is told to, and what reached it. */
function aHost(
  options: {
    settings?: Partial<Settings>
    read?: () => Answer
    probe?: () => Answer
    run?: (run: Run) => Promise<Ended>
  } = {},
) {
  const { settings, read = () => answer({}), probe = () => probed, run = async () => created } = options
  const exec = vi.fn<Exec>(async (argv) => (isProbe(argv) ? probe() : read()))
  const runs = vi.fn<DetachedRuns['run']>(run)
  const kcli = createKcli({ host: 'kvm1', settings: { sudo: false, ...settings }, exec, runs: { run: runs } })
  return { kcli, exec, runs, probes: () => exec.mock.calls.filter(([argv]) => isProbe(argv)).length }
}

const aRequest = (change: Partial<CreateRequest> = {}): CreateRequest => ({
  key: 'j-1/create',
  name: 'web1',
  image: 'rocky9.qcow2',
  params: {
    memory: 2048,
    numcpus: 2,
    disks: [{ size: 20 }],
    nets: [{ name: 'default' }],
    pool: 'default',
    owner: 'U0ASKER',
    keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFi ada'],
    start: true,
    virttype: 'kvm',
  },
  signal: new AbortController().signal,
  progress: () => {},
  ...change,
})

describe('the account of kcli', () => {
  it.each<[Parameters<typeof accountPrefix>[0], string[]]>([
    [{ sudo: false }, []],
    [{ sudo: true }, ['sudo', '-n', '-H']],
    [{ sudo: false, user: 'kcli' }, ['sudo', '-n', '-H', '-u', 'kcli']],
    [{ sudo: true, user: 'kcli' }, ['sudo', '-n', '-H', '-u', 'kcli']],
  ])('%j is reached by %j', (settings, prefix) => {
    expect(accountPrefix(settings)).toEqual(prefix)
  })
})

describe('making a VM with kcli', () => {
  it('says everything in a file, and to kcli only names', async () => {
    const { kcli, runs } = aHost({ settings: { config: '/etc/kcli/config.yml' } })
    const request = aRequest()
    await expect(kcli.createVm(request)).resolves.toEqual({ outcome: 'created' })
    expect(runs).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        key: 'j-1/create',
        argv: ['/opt/kcli', 'create', 'vm', '-i', 'rocky9.qcow2', '--pf', 'params.json', 'web1'],
        env: { PYTHONUNBUFFERED: '1', LC_ALL: 'C.UTF-8', KCLI_CONFIG: '/etc/kcli/config.yml' },
        lock: 'kcli',
        timeoutMs: expect.any(Number),
        signal: request.signal,
      }),
    )
    const [run] = runs.mock.calls[0] ?? []
    expect(Object.keys(run?.files ?? {})).toEqual(['params.json'])
    expect(JSON.parse(run?.files['params.json'] ?? '')).toEqual(request.params)
    expect(run?.timeoutMs).toBeGreaterThanOrEqual(120_000)
    expect(run?.timeoutMs).toBeLessThanOrEqual(3_600_000)
  })

  it('shows no key and no owner to who lists the processes of the host', async () => {
    const { kcli, runs, exec } = aHost()
    await kcli.createVm(aRequest())
    const words = [...exec.mock.calls.flatMap(([argv]) => argv), ...(runs.mock.calls[0]?.[0].argv ?? [])]
    expect(words.join(' ')).not.toMatch(/AAAA|U0ASKER|2048/)
    expect(Object.values(runs.mock.calls[0]?.[0].env ?? {}).join(' ')).not.toMatch(/AAAA|U0ASKER/)
  })

  it('leaves the configuration to kcli when none is set', async () => {
    const { kcli, runs } = aHost()
    await kcli.createVm(aRequest())
    expect(runs.mock.calls[0]?.[0].env).not.toHaveProperty('KCLI_CONFIG')
  })

  it('takes a profile instead of an image', async () => {
    const { kcli, runs } = aHost()
    const { image, ...rest } = aRequest()
    expect(image).toBeDefined()
    await kcli.createVm({ ...rest, profile: 'small' })
    expect(runs.mock.calls[0]?.[0].argv).toEqual([
      ...['/opt/kcli', 'create', 'vm', '-p', 'small', '--pf', 'params.json', 'web1'],
    ])
    await expect(kcli.createVm(aRequest({ profile: 'small' }))).rejects.toThrow('an image or a profile')
    await expect(kcli.createVm(rest)).rejects.toMatchObject({ code: 'bad-argument' })
  })

  it.each<[string, Partial<CreateRequest>, string]>([
    ['a name for a shell', { name: 'web1;reboot' }, 'bad-name'],
    ['a name for an option', { name: '-a' }, 'bad-name'],
    // kcli would take the last VM that it made.
    ['no name', { name: '' }, 'bad-name'],
    ['an address as image', { image: 'http://x' }, 'bad-argument'],
    ['an unknown key', { params: { ...aRequest().params, cmds: ['reboot'] } as never }, 'bad-argument'],
  ])('refuses %s before anything reaches the host', async (_, change, code) => {
    const { kcli, runs, exec } = aHost()
    await expect(kcli.createVm(aRequest(change))).rejects.toMatchObject({ code })
    expect(runs).not.toHaveBeenCalled()
    expect(exec).not.toHaveBeenCalled()
  })

  it('makes one at a time, in the order asked, and passes over who gave up', async () => {
    const waiting: (() => void)[] = []
    const { kcli, runs } = aHost({
      run: ({ key }) =>
        new Promise((resolve) =>
          waiting.push(() => resolve({ ...created, output: `${key} created on local` })),
        ),
    })
    const leaving = new AbortController()
    const first = kcli.createVm(aRequest({ key: 'j-1/a' }))
    const second = kcli.createVm(aRequest({ key: 'j-1/b', signal: leaving.signal }))
    const third = kcli.createVm(aRequest({ key: 'j-1/c' }))
    await vi.waitFor(() => expect(runs).toHaveBeenCalledTimes(1))
    const reason = new Error('the bot stops')
    leaving.abort(reason)
    await expect(second).rejects.toBe(reason)
    expect(runs).toHaveBeenCalledTimes(1)
    waiting[0]?.()
    await first
    await vi.waitFor(() => expect(runs).toHaveBeenCalledTimes(2))
    waiting[1]?.()
    await third
    expect(runs.mock.calls.map(([{ key }]) => key)).toEqual(['j-1/a', 'j-1/c'])
  })

  it('tells what kcli says, each line once, short and without colours', async () => {
    const said: string[] = []
    const { kcli } = aHost({
      run: async ({ onOutput, onLost }) => {
        onOutput('\x1b[36mDeploying vm web1\x1b[0m\nDeploying vm web1\n')
        onOutput(`${'x'.repeat(1000)}\n`)
        onLost()
        onLost()
        return created
      },
    })
    await kcli.createVm(aRequest({ progress: (line) => said.push(line) }))
    expect(said).toEqual([
      'Deploying vm web1',
      'x'.repeat(200),
      'kvm1 does not answer; the work goes on there, trying to reach it again',
    ])
  })

  it('gives back a time limit, an interruption and a refusal as such', async () => {
    const ends: [Ended, string][] = [
      [{ end: 'time-limit', exitCode: 124, output: 'curl: 3%\n' }, 'timed-out'],
      [{ end: 'killed', exitCode: null, output: '' }, 'interrupted'],
      [{ end: 'exited', exitCode: 1, output: 'Invalid network dmz' }, 'network-invalid'],
      [{ end: 'exited', exitCode: 0, output: 'web11 created on local' }, 'failed'],
    ]
    for (const [ended, outcome] of ends) {
      const { kcli } = aHost({ run: async () => ended })
      await expect(kcli.createVm(aRequest())).resolves.toMatchObject({ outcome })
    }
  })

  it('passes on why a run could not be followed, and goes on with the next', async () => {
    const lost = new UserError('host-unreachable', 'kvm1 does not answer.', { fix: 'Wait.' })
    const run = vi.fn<DetachedRuns['run']>().mockRejectedValueOnce(lost).mockResolvedValue(created)
    const { kcli } = aHost({ run })
    await expect(kcli.createVm(aRequest())).rejects.toBe(lost)
    await expect(kcli.createVm(aRequest())).resolves.toEqual({ outcome: 'created' })
  })

  it('says where kcli was when it is gone, and looks for it anew the next time', async () => {
    const run = vi
      .fn<DetachedRuns['run']>()
      .mockResolvedValueOnce({ end: 'exited', exitCode: 127, output: "env: '/opt/kcli': No such file" })
      .mockResolvedValue(created)
    const { kcli, probes } = aHost({ run })
    await expect(kcli.createVm(aRequest())).rejects.toMatchObject({
      code: 'kcli-missing',
      message: expect.stringContaining('/opt/kcli'),
      fix: expect.stringContaining('host check kvm1'),
    })
    await kcli.createVm(aRequest())
    await kcli.createVm(aRequest())
    expect(probes()).toBe(2)
  })

  it('starts nothing where there is no kcli', async () => {
    const { kcli, runs } = aHost({ probe: () => answer({ exitCode: 127 }) })
    await expect(kcli.createVm(aRequest())).rejects.toMatchObject({ code: 'kcli-missing' })
    expect(runs).not.toHaveBeenCalled()
  })
})

describe('looking for kcli', () => {
  it('is done under the account that will run it, at the configured path only', async () => {
    const { kcli, exec } = aHost({ settings: { user: 'kcli', path: '/opt/kcli' } })
    await expect(kcli.probe()).resolves.toEqual({
      path: '/opt/kcli',
      version: '99.0',
      isoTool: 'genisoimage',
    })
    const [argv] = exec.mock.calls[0] ?? []
    expect(argv?.slice(0, 7)).toEqual(['sudo', '-n', '-H', '-u', 'kcli', '/bin/sh', '-c'])
    expect(argv?.at(-1)).toBe('/opt/kcli')
  })

  it('is repeated after a failure', async () => {
    const probe = vi.fn(() => probed).mockReturnValueOnce(answer({ exitCode: 127 }))
    const { kcli } = aHost({ probe })
    await expect(kcli.createVm(aRequest())).rejects.toMatchObject({ code: 'kcli-missing' })
    await expect(kcli.createVm(aRequest())).resolves.toEqual({ outcome: 'created' })
  })
})

describe('reading from kcli', () => {
  it('has a limit on the host itself, and a fixed directory', async () => {
    const { kcli, exec } = aHost({
      settings: { sudo: true, config: '/etc/kcli/config.yml' },
      read: () => answer({ stdout: 'small\n\x1b[36mUsing default parameter file\x1b[0m\nbig-2.x\n' }),
    })
    await expect(kcli.profiles()).resolves.toEqual(['big-2.x', 'small'])
    const [argv, options] = exec.mock.calls.at(-1) ?? []
    expect(argv).toEqual([
      ...['sudo', '-n', '-H', 'env', '-C', '/'],
      ...['PYTHONUNBUFFERED=1', 'LC_ALL=C.UTF-8', 'KCLI_CONFIG=/etc/kcli/config.yml'],
      ...['timeout', '-k', '5', '15', '/opt/kcli', 'list', 'profile', '-o', 'name'],
    ])
    expect(options?.timeoutMs).toBeGreaterThan(20_000)
  })

  it.each([124, 137])(
    'that hangs is a timeout with the two things that make kcli hang (%i)',
    async (exitCode) => {
      const { kcli } = aHost({ read: () => answer({ exitCode }) })
      await expect(kcli.profiles()).rejects.toMatchObject({
        code: 'timeout',
        message: expect.stringContaining('15 s'),
        fix: expect.stringMatching(/agent.*pool.*host check kvm1/),
      })
    },
  )

  it('that fails is told by its last line on stderr, never by its data, which hold passwords', async () => {
    const { kcli } = aHost({
      read: () =>
        answer({
          exitCode: 1,
          stdout: 'rootpassword: hunter2\n',
          stderr: "Traceback\n\x1b[31mCouldn't connect to client local. Leaving...\x1b[0m\n",
        }),
    })
    const error = await kcli.profiles().catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'kcli-failed',
      message: "kcli list profile -o name failed on kvm1: Couldn't connect to client local. Leaving...",
    })
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2')
  })

  it('says when kcli is gone since', async () => {
    const { kcli, probes } = aHost({ read: () => answer({ exitCode: 127 }) })
    await expect(kcli.profiles()).rejects.toMatchObject({ code: 'kcli-missing' })
    await expect(kcli.profiles()).rejects.toMatchObject({ code: 'kcli-missing' })
    expect(probes()).toBe(2)
  })
})
