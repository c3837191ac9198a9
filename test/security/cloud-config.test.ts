/** kcli writes hostname and keys into cloud-init's YAML as they are: what we let through must read back as it was. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createArguments, createParameters } from '../../src/kcli/params.js'
import { hostileText } from './hostile-text.js'

/** As kcli's common.cloudinit writes it: values are put in without quotes. */
function userData(name: string, keys: readonly string[]): string {
  return `#cloud-config\nhostname: ${name}\nfqdn: ${name}\ncreate_hostname_file: true\nssh_authorized_keys:\n${keys.map((key) => `- ${key}\n`).join('')}ssh_pwauth: True\n`
}

const body = fc.stringMatching(/^[A-Za-z0-9+/]{20,68}={0,3}$/)
const comment = fc.oneof(hostileText, fc.stringMatching(/^[\w@.: #'"!&*{}[\],|>%`-]{0,30}$/))
const kind = fc.constantFrom('ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256', 'ssh-dss')
const keys = fc.tuple(kind, body, comment).map(([type, text, more]) => `${type} ${text} ${more}`)

function isTaken(write: () => unknown): boolean {
  try {
    write()
    return true
  } catch {
    return false
  }
}

describe('the first configuration of a guest', () => {
  it('has the hostname and the keys that were asked for, and not a key or command more', () => {
    const common = { memory: 1, numcpus: 1, disks: [{ size: 1 }], nets: [], pool: 'default' } as const
    let taken = 0
    fc.assert(
      fc.property(
        fc.oneof(hostileText, fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/)),
        fc.array(keys, { maxLength: 3 }),
        (name, asked) => {
          const hostname = isTaken(() => createArguments(name, { image: 'a' }, 'p')) ? name : 'web1'
          const good = asked.filter((key) =>
            isTaken(() =>
              createParameters({
                ...common,
                disks: [{ size: 1 }],
                nets: [],
                keys: [key],
                start: true,
                virttype: 'kvm',
              }),
            ),
          )
          taken += good.length
          for (const version of ['1.1', '1.2'] as const) {
            const { hostname: readName, ...read } = parse(userData(hostname, good), { version })
            // "on", "null" and their like are fine names of hosts; cloud-init makes text of them.
            if (typeof readName === 'string') expect(readName).toBe(hostname)
            expect(Object.keys(read)).toEqual([
              'fqdn',
              'create_hostname_file',
              'ssh_authorized_keys',
              'ssh_pwauth',
            ])
            expect(read.ssh_authorized_keys ?? []).toEqual(good.map((key) => key.replace(/[ \t]+$/, '')))
          }
        },
      ),
      { numRuns: 6000 },
    )
    expect(taken).toBeGreaterThan(500)
  })
})
