import { execFileSync } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HostKeys } from '../../src/ssh/host-keys.js'
import {
  fingerprint,
  heldKeyTypes,
  knownHostsName,
  parseKnownHosts,
  verdictOn,
} from '../../src/ssh/known-hosts.js'

const keyOf = (type: string, seed: string): Buffer => {
  const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
  return Buffer.concat([field(Buffer.from(type)), field(Buffer.from(seed.padEnd(32, '.')))])
}
const mine = keyOf('ssh-ed25519', 'mine')
const other = keyOf('ssh-ed25519', 'other')
const rsa = keyOf('ssh-rsa', 'rsa')
const line = (names: string, key = mine): string =>
  `${names} ${key.subarray(4, 4 + (key[3] ?? 0)).toString()} ${key.toString('base64')}`
const verdict = (file: string, name: string, key = mine): string =>
  verdictOn(parseKnownHosts(file), name, key).kind

function hashed(name: string): string {
  const salt = randomBytes(20)
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

describe('known_hosts', () => {
  it.each([
    ['a name', line('kvm1'), 'kvm1', 'trusted'],
    ['another name', line('kvm1'), 'kvm2', 'unknown'],
    ['a part of a name', line('kvm'), 'kvm1', 'unknown'],
    ['a name in other case', line('KVM1.Example.com'), 'kvm1.example.com', 'trusted'],
    ['one of several names', line('kvm1,10.0.0.1'), '10.0.0.1', 'trusted'],
    ['a port', line('[kvm1]:2222'), '[kvm1]:2222', 'trusted'],
    ['another port', line('[kvm1]:2222'), 'kvm1', 'unknown'],
    ['the bare name where a port is asked', line('kvm1'), '[kvm1]:2222', 'unknown'],
    ['*', line('*.example.com'), 'kvm1.example.com', 'trusted'],
    ['* in the middle', line('kvm*.com'), 'kvm1.example.com', 'trusted'],
    ['?', line('kvm?'), 'kvm1', 'trusted'],
    ['? that needs one character', line('kvm1?'), 'kvm1', 'unknown'],
    ['a negated name after a wildcard', line('*.example.com,!bad.example.com'), 'bad.example.com', 'unknown'],
    [
      'a negated name before a wildcard',
      line('!bad.example.com,*.example.com'),
      'bad.example.com',
      'unknown',
    ],
    [
      'a wildcard beside a negated name',
      line('!bad.example.com,*.example.com'),
      'good.example.com',
      'trusted',
    ],
    ['a hashed name', line(hashed('kvm1')), 'kvm1', 'trusted'],
    ['a hashed name with port', line(hashed('[kvm1]:2222')), '[kvm1]:2222', 'trusted'],
    ['another hashed name', line(hashed('kvm1')), 'kvm2', 'unknown'],
    ['a hash of an unknown kind', line('|2|AAAA|AAAA'), 'kvm1', 'unknown'],
    ['another key', line('kvm1', other), 'kvm1', 'changed'],
    ['a second key for the same host', `${line('kvm1', other)}\n${line('kvm1')}`, 'kvm1', 'trusted'],
    ['a comment', `# ${line('kvm1')}`, 'kvm1', 'unknown'],
    ['Windows line ends and comments at the end', `${line('kvm1')} root@there\r\n`, 'kvm1', 'trusted'],
    ['a revoked key', `${line('kvm1')}\n@revoked ${line('*')}`, 'kvm1', 'revoked'],
    ['a revoked key of another host', `${line('kvm1')}\n@revoked ${line('kvm2')}`, 'kvm1', 'trusted'],
    ['a certificate authority', `@cert-authority ${line('*')}`, 'kvm1', 'unknown'],
    ['a marker it does not know', `@trusted ${line('kvm1')}`, 'kvm1', 'unknown'],
    ['a damaged key', 'kvm1 ssh-ed25519 !!!', 'kvm1', 'unknown'],
  ])('with %s', (_, file, name, expected) => {
    expect(verdict(file, name)).toBe(expected)
  })

  it('names the key types held for a host', () => {
    const entries = parseKnownHosts(
      [line('kvm1', rsa), line('kvm1'), line('kvm2', keyOf('ssh-dss', 'x'))].join('\n'),
    )
    expect(heldKeyTypes(entries, 'kvm1')).toEqual(['ssh-rsa', 'ssh-ed25519'])
  })

  it('writes the port into the name unless it is 22', () => {
    expect(knownHostsName('KVM1', 22)).toBe('kvm1')
    expect(knownHostsName('kvm1', 2222)).toBe('[kvm1]:2222')
  })

  it('survives any text and never trusts by accident', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.string({ maxLength: 20 }),
        (file, name) => {
          expect(['unknown', 'changed']).toContain(verdict(file, name))
        },
      ),
    )
  })

  it('finds what ssh-keygen -F finds', () => {
    const directory = mkdtempSync(join(tmpdir(), 'qnav-known-'))
    const path = join(directory, 'known_hosts')
    try {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'key')])
      const [type = '', encoded = ''] = readFileSync(join(directory, 'key.pub'), 'utf8').split(' ')
      const key = Buffer.from(encoded, 'base64')
      const patterns = [
        'kvm1',
        'kvm2,*.lab',
        '!x.lab,*.lab',
        '[kvm1]:2222',
        'k?m*',
        hashed('kvm3'),
        hashed('[kvm3]:99'),
        '*',
      ]
      const names = ['kvm1', 'kvm2', 'kvm3', 'x.lab', 'y.lab', '[kvm1]:2222', '[kvm3]:99', 'other']
      for (const pattern of patterns) {
        writeFileSync(path, `${pattern} ${type} ${encoded}\n`)
        const entries = parseKnownHosts(readFileSync(path, 'utf8'))
        for (const name of names) {
          const ours = verdictOn(entries, name, key).kind === 'trusted'
          expect([pattern, name, ours]).toEqual([pattern, name, keygenFinds(path, name)])
        }
      }
      const shown = execFileSync('ssh-keygen', ['-lf', join(directory, 'key.pub')], { encoding: 'utf8' })
      expect(shown).toContain(fingerprint(key))
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

function keygenFinds(path: string, name: string): boolean {
  try {
    execFileSync('ssh-keygen', ['-F', name, '-f', path], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

describe('the refusal of a host key', () => {
  const directory = mkdtempSync(join(tmpdir(), 'qnav-known-'))
  const knownHosts = join(directory, 'known hosts')
  const refusal = async (file: string, port = 22) => {
    writeFileSync(knownHosts, file)
    return (await HostKeys.read({ host: 'kvm1', port, knownHosts })).refusalOf(mine)
  }

  it('of an unknown host shows the fingerprint and the line that adds the key', async () => {
    const refused = await refusal('', 2222)
    expect(refused?.code).toBe('host-key-unknown')
    expect(refused?.message).toContain(fingerprint(mine))
    expect(refused?.fix).toContain(`ssh-keyscan -p 2222 -t ed25519 kvm1 >> '${knownHosts}'`)
  })

  it('of a changed key shows the line that removes the old one', async () => {
    const refused = await refusal(line('[kvm1]:2222', other), 2222)
    expect(refused?.code).toBe('host-key-changed')
    expect(refused?.fix).toContain(`ssh-keygen -R '[kvm1]:2222' -f '${knownHosts}'`)
  })

  it('of a host that was renamed names what its key is known by', async () => {
    const refused = await refusal([line('kvm1-old,10.0.0.1'), line(hashed('secret.lab'))].join('\n'))
    expect(refused?.code).toBe('host-key-unknown')
    expect(refused?.message).toContain(
      'It is the key of kvm1-old, 10.0.0.1, (hashed): was that host renamed or moved?',
    )
  })

  it('of an address that leads to another known host names that host', async () => {
    const refused = await refusal([line('kvm1', other), line('kvm7')].join('\n'))
    expect(refused?.code).toBe('host-key-changed')
    expect(refused?.message).toContain(
      'It is the key of kvm7: the name or address leads to another host now.',
    )
  })

  it('of a host behind another scans the key from there', async () => {
    writeFileSync(knownHosts, '')
    const keys = await HostKeys.read({
      host: 'kvm1',
      port: 22,
      knownHosts,
      jump: { command: 'ssh -p 2200 lab@bastion' },
    })
    expect(keys.refusalOf(mine)?.fix).toContain(
      `ssh -p 2200 lab@bastion 'ssh-keyscan -p 22 -t ed25519 kvm1' >> '${knownHosts}'`,
    )
  })

  it('of a revoked key offers no way to trust it', async () => {
    const refused = await refusal(`@revoked ${line('*')}`)
    expect(refused).toMatchObject({ code: 'host-key-changed', message: expect.stringContaining('revoked') })
    expect(refused?.fix).not.toContain('ssh-keyscan')
  })

  it('does not come for the right key, whatever else the file holds', async () => {
    expect(await refusal(`${line('kvm1', rsa)}\n${line('kvm1')}`)).toBeUndefined()
  })

  it('treats a missing file as empty', async () => {
    const keys = await HostKeys.read({ host: 'kvm1', port: 22, knownHosts: join(directory, 'missing') })
    expect(keys.refusalOf(mine)?.code).toBe('host-key-unknown')
  })

  it('asks the host only for key types it knows, RSA by its SHA-2 names', async () => {
    writeFileSync(knownHosts, line('kvm1', rsa))
    const keys = await HostKeys.read({ host: 'kvm1', port: 22, knownHosts })
    expect(keys.algorithms()).toEqual(['rsa-sha2-512', 'rsa-sha2-256'])
  })
})
