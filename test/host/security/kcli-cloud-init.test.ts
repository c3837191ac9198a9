/** What we let through to kcli, through kcli's own code: the parameter file as it reads it, the user data as it writes it. */
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, inject, it } from 'vitest'
import { type CreateParams, createArguments, createParameters } from '../../../src/kcli/params.js'
import { hostileText, manyOf } from '../../security/hostile-text.js'

const lab = inject('lab')

/** Reads cases as JSON; of each it gives what kcli's own YAML reader makes of both. */
const script = `
import contextlib, io, json, sys, tempfile, os, yaml
from kvirt.common import cloudinit, get_overrides
os.environ['HOME'] = tempfile.mkdtemp()
os.chdir(os.environ['HOME'])
out = []
for case in json.load(sys.stdin):
    with open('params.json', 'w', encoding='utf-8') as f:
        f.write(case['parameters'])
    with contextlib.redirect_stdout(io.StringIO()):
        parameters = get_overrides(paramfile='params.json')
        userdata = cloudinit(case['name'], keys=parameters.get('keys', []), nets=parameters['nets'])[0]
    out.append({'parameters': parameters, 'userdata': yaml.safe_load(userdata)})
json.dump(out, sys.stdout)
`

interface Read {
  parameters: unknown
  userdata: Record<string, unknown>
}

function throughKcli(cases: readonly { name: string; parameters: string }[]): Read[] {
  const python = join(dirname(lab?.kcli.path ?? ''), 'python')
  const printed = execFileSync(python, ['-c', script], {
    input: JSON.stringify(cases),
    maxBuffer: 256 * 1024 * 1024,
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
  })
  return JSON.parse(printed.toString())
}

function isTaken(write: () => unknown): boolean {
  try {
    write()
    return true
  } catch {
    return false
  }
}

const common: CreateParams = {
  memory: 1024,
  numcpus: 1,
  disks: [{ size: 10 }],
  nets: [{ name: 'default' }],
  pool: 'default',
  start: true,
  virttype: 'qemu',
}
const anyCase = fc.record({
  name: fc.oneof(
    hostileText,
    fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/),
    fc.constantFrom('on', 'null', 'y'),
  ),
  owner: fc.oneof(hostileText, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })),
  comment: fc.oneof(hostileText, fc.stringMatching(/^[\w@.: #'"!&*{}[\],|>%`-]{0,30}$/)),
})

describe.skipIf(lab === undefined)('what gets through to kcli', () => {
  it('is read by it as it was meant, and becomes no other line of the first configuration', () => {
    let owners = 0
    let comments = 0
    fc.assert(
      fc.property(manyOf(anyCase, 600), (all) => {
        const cases = all.map(({ name, owner, comment }) => {
          const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFi ${comment}`
          const good: CreateParams = { ...common }
          if (isTaken(() => createParameters({ ...common, owner }))) good.owner = owner
          if (isTaken(() => createParameters({ ...common, keys: [key] }))) good.keys = [key]
          owners += good.owner === undefined ? 0 : 1
          comments += good.keys === undefined ? 0 : 1
          const isName = isTaken(() => createArguments(name, { image: 'a' }, 'p'))
          return { name: isName ? name : 'web1', good, parameters: createParameters(good) }
        })
        for (const [index, read] of throughKcli(cases).entries()) {
          const { name, good } = cases[index] ?? { name: '', good: common }
          expect(read.parameters).toEqual(good)
          const { hostname, ssh_authorized_keys: keys, ...rest } = read.userdata
          // cloud-init makes text of what YAML takes for something else.
          if (typeof hostname === 'string') expect(hostname).toBe(name)
          expect(keys ?? []).toEqual((good.keys ?? []).map((each) => each.replace(/[ \t]+$/, '')))
          expect(Object.keys(rest).toSorted()).toEqual(
            ['create_hostname_file', 'disable_root', 'final_message', 'ssh_pwauth'].toSorted(),
          )
        }
      }),
      { numRuns: 2 },
    )
    expect(owners).toBeGreaterThan(80)
    expect(comments).toBeGreaterThan(80)
  })
})
