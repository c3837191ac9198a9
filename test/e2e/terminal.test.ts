import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { attempt } from '../../src/demo/index.js'

const lab = inject('lab')
const cli = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url))

describe.skipIf(lab === undefined)('qnav in a terminal', () => {
  let directory: string
  const qnav = (...words: string[]) =>
    attempt(process.execPath, [cli, ...words], {
      cwd: directory,
      env: { SLACK_BOT_TOKEN: '', LOG_LEVEL: 'error' },
    })
  const configure = (text: string) => writeFile(join(directory, 'qnav.yml'), text)
  const good = () => `hosts:
  kvm1:
    transport: local
    virttype: ${lab?.virtType}
    pool: ${lab?.pool}
    network: ${lab?.network}
    kcli: { path: ${lab?.kcli.path}, config: ${lab?.kcli.config} }
  kvm2:
    transport: ssh
    address: nobody@127.0.0.1:1
    known_hosts: /dev/null
    identity_file: /nonexistent
`

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'qnav-terminal-'))
    await configure(good())
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('runs a command on the hosts that answer, and names the one that does not', async () => {
    const { exitCode, output } = await qnav('run', 'image list')
    expect(output).toContain(lab?.image)
    expect(output).toContain('kvm2 did not answer')
    expect(exitCode).toBe(0)
  })

  it('answers with JSON for programs', async () => {
    const { output } = await qnav('run', 'vm list kvm1', '--json')
    expect(JSON.parse(output)).toMatchObject({
      kind: 'report',
      report: { title: expect.stringContaining('VM') },
    })
  })

  it.each([
    ['vm strat web1', 'Did you mean: vm start web1'],
    ['vm show web1 --bogus', 'has no flag --bogus'],
    ['vm create Web1 --image x', 'Web1'],
    ['vm start nobody-has-this', 'nobody-has-this'],
  ])('refuses "%s" in words, and changes nothing', async (line, words) => {
    const { exitCode, output } = await qnav('run', line)
    expect(output).toContain(words)
    expect(exitCode).not.toBe(0)
  })

  it('says which token is missing, and where it comes from', async () => {
    const { exitCode, output } = await qnav('start')
    expect(output).toMatch(/SLACK_BOT_TOKEN is not set.*OAuth & Permissions/)
    expect(exitCode).toBe(2)
  })

  it('names file, line, key and what is allowed when qnav.yml is malformed', async () => {
    await configure(good().replace('virttype: ', 'virttype: x'))
    const { exitCode, output } = await qnav('run', 'vm list')
    expect(output).toMatch(/qnav\.yml:4: hosts\.kvm1\.virttype: .* must be auto, kvm or qemu/)
    expect(exitCode).toBe(2)
    await configure(good())
  })

  it('verifies the audit log that it has written', async () => {
    const { exitCode, output } = await qnav('audit', 'verify')
    expect(output).toMatch(/The audit log is intact: \d+ entr/)
    expect(exitCode).toBe(0)
  })
})
