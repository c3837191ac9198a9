/** Private keys, read from their files and decrypted. */
import { readFile } from 'node:fs/promises'
import ssh2, { type ParsedKey } from 'ssh2'

export interface IdentityFile {
  /** Absolute. */
  path: string
  /** Asked only when the key is encrypted. A function, so that nothing prints it in passing. */
  passphrase?: () => string
}

/** Why a key cannot be used, in words that name no secret. */
export class PrivateKeyError extends Error {
  override readonly name = 'PrivateKeyError'
  readonly problem: 'unreadable' | 'locked' | 'wrong-passphrase' | 'unsupported'

  constructor(problem: PrivateKeyError['problem'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.problem = problem
  }
}

/**
 * One for all hosts: decrypting a key keeps the processor busy for a fifth of a second, which a hundred hosts with the
 * same key must not pay one by one. A file that changes is read anew.
 */
export class PrivateKeys {
  readonly #known = new Map<string, { text: string; key: ParsedKey }>()

  /** Rejects with a PrivateKeyError. */
  async read({ path, passphrase }: IdentityFile): Promise<ParsedKey> {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      throw new PrivateKeyError('unreadable', 'the file cannot be read', error)
    })
    const known = this.#known.get(path)
    if (known?.text === text) return known.key
    const key = decrypted(text, passphrase)
    this.#known.set(path, { text, key })
    return key
  }
}

function decrypted(text: string, passphrase: (() => string) | undefined): ParsedKey {
  const plain = ssh2.utils.parseKey(text)
  if (!(plain instanceof Error)) return privateOnly(plain)
  if (!/no passphrase given/i.test(plain.message)) {
    throw new PrivateKeyError('unsupported', `it holds no private key we can read (${plain.message})`)
  }
  if (passphrase === undefined) throw new PrivateKeyError('locked', 'the key has a passphrase')
  const opened = ssh2.utils.parseKey(text, passphrase())
  if (opened instanceof Error) {
    throw new PrivateKeyError('wrong-passphrase', 'the passphrase given does not open the key')
  }
  return privateOnly(opened)
}

function privateOnly(key: ParsedKey): ParsedKey {
  if (key.isPrivateKey()) return key
  throw new PrivateKeyError('unsupported', 'it holds a public key; the private one has no “.pub”')
}
