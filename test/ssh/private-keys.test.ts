import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { PrivateKeyError, PrivateKeys } from '../../src/ssh/private-keys.js'

const phrase = 'a phrase, with "quotes" and ünïcode '
const directory = mkdtempSync(join(tmpdir(), 'qnav-keys-'))
afterAll(() => rmSync(directory, { recursive: true }))

let made = 0
/** A key made by ssh-keygen; with a passphrase unless that is empty. */
function aKey(options: string[] = ['-t', 'ed25519'], passphrase = phrase): string {
  const path = join(directory, `key-${made++}`)
  execFileSync('ssh-keygen', ['-q', ...options, '-N', passphrase, '-C', 'test', '-f', path])
  return path
}
const publicOf = (path: string) => readFileSync(`${path}.pub`, 'utf8').split(' ')[1]

describe('private keys', () => {
  it.each([
    ['ed25519', ['-t', 'ed25519']],
    ['ECDSA', ['-t', 'ecdsa', '-b', '521']],
    ['RSA', ['-t', 'rsa', '-b', '2048']],
    ['RSA in PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
  ])('of kind %s are opened with their passphrase', async (_, options) => {
    const path = aKey(options)
    const key = await new PrivateKeys().read({ path, passphrase: () => phrase })
    expect(key.getPublicSSH().toString('base64')).toBe(publicOf(path))
  })

  it('without passphrase are read without asking for one', async () => {
    const passphrase = vi.fn(() => phrase)
    const path = aKey(undefined, '')
    await new PrivateKeys().read({ path, passphrase })
    expect(passphrase).not.toHaveBeenCalled()
  })

  it('are decrypted once for all hosts, and anew when the file changes', async () => {
    const passphrase = vi.fn(() => phrase)
    const keys = new PrivateKeys()
    const path = aKey()
    const first = await keys.read({ path, passphrase })
    expect(await keys.read({ path, passphrase })).toBe(first)
    expect(passphrase).toHaveBeenCalledOnce()
    const other = aKey()
    writeFileSync(path, readFileSync(other))
    const changed = await keys.read({ path, passphrase })
    expect(changed.getPublicSSH().toString('base64')).toBe(publicOf(other))
  })

  it.each([
    ['a missing file', () => ({ path: join(directory, 'missing') }), 'unreadable'],
    ['an encrypted key without passphrase', () => ({ path: aKey() }), 'locked'],
    ['a wrong passphrase', () => ({ path: aKey(), passphrase: () => 'wr0ng-phrase' }), 'wrong-passphrase'],
    [
      'a wrong passphrase of a PEM file',
      () => ({ path: aKey(['-t', 'rsa', '-b', '2048', '-m', 'PEM']), passphrase: () => 'wr0ng-phrase' }),
      'wrong-passphrase',
    ],
    ['a public key', () => ({ path: `${aKey()}.pub` }), 'unsupported'],
    ['something else', () => ({ path: join(directory, '..', '..', 'etc/hostname') }), 'unsupported'],
  ])('with %s are refused in words without the passphrase', async (_, identity, problem) => {
    const error = await new PrivateKeys().read(identity()).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(PrivateKeyError)
    expect(error).toMatchObject({ problem })
    expect(inspect(error, { depth: 9 })).not.toContain('wr0ng')
  })
})
