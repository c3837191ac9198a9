/** Checks the key a host shows against known_hosts, and words a refusal so that it can be mended with one line. */
import { readFile } from 'node:fs/promises'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import { UserError } from '../errors.js'
import { quoteWord } from './command-line.js'
import {
  fingerprint,
  heldKeyTypes,
  type KeyVerdict,
  type KnownHostsEntry,
  keyTypeOf,
  knownHostsName,
  otherNamesOf,
  parseKnownHosts,
  verdictOn,
} from './known-hosts.js'

export interface HostIdentity {
  host: string
  port: number
  /** Path of the known_hosts file. */
  knownHosts: string
  /** The host it is reached through, from where alone its key can be scanned. */
  jump?: { command: string }
}

// An RSA key signs with SHA-2 nowadays; servers no longer offer the old name.
const algorithmsOf: Record<string, ServerHostKeyAlgorithm[]> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}
const everyAlgorithm = Object.values(algorithmsOf).flat()

/** The keys that one host may show, as known_hosts has it at the time of reading. */
export class HostKeys {
  readonly #identity: HostIdentity
  readonly #entries: KnownHostsEntry[]
  readonly #name: string

  private constructor(identity: HostIdentity, entries: KnownHostsEntry[]) {
    this.#identity = identity
    this.#entries = entries
    this.#name = knownHostsName(identity.host, identity.port)
  }

  /** A file that does not exist holds no keys; one that cannot be read is `bad-config`. */
  static async read(identity: HostIdentity): Promise<HostKeys> {
    try {
      return new HostKeys(identity, parseKnownHosts(await readFile(identity.knownHosts, 'utf8')))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
        return new HostKeys(identity, [])
      throw new UserError('bad-config', `The known_hosts file ${identity.knownHosts} cannot be read.`, {
        fix: `Make it readable for the user that runs the bot: ls -l ${quoteIfNeeded(identity.knownHosts)}`,
        cause: error,
      })
    }
  }

  /** What to ask the host for: the types held for it, or all when none is (to show its fingerprint in the refusal). */
  algorithms(): ServerHostKeyAlgorithm[] {
    const held = heldKeyTypes(this.#entries, this.#name).flatMap((type) => algorithmsOf[type] ?? [])
    return held.length > 0 ? held : everyAlgorithm
  }

  /** undefined when the key is trusted, else why not. */
  refusalOf(key: Buffer): UserError | undefined {
    const verdict = verdictOn(this.#entries, this.#name, key)
    return verdict.kind === 'trusted' ? undefined : this.#refusal(verdict, key)
  }

  #refusal(verdict: Exclude<KeyVerdict, { kind: 'trusted' }>, key: Buffer): UserError {
    const { host, port, knownHosts, jump } = this.#identity
    const type = keyTypeOf(key)
    const shown = `${type in algorithmsOf ? `${type} ` : ''}key ${fingerprint(key)}`
    const file = quoteIfNeeded(knownHosts)
    const scanned = `ssh-keyscan -p ${port} -t ${scanTypeOf(key)} ${quoteIfNeeded(host)}`
    const scan = `${jump === undefined ? scanned : `${jump.command} ${quoteWord(scanned)}`} >> ${file}`
    const others = otherNamesOf(this.#entries, this.#name, key)
    switch (verdict.kind) {
      case 'unknown':
        return new UserError(
          'host-key-unknown',
          `${host}:${port} shows the ${shown}, and ${knownHosts} has none for it.${renamed(others)}`,
          {
            fix: `Compare the fingerprint with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub there), then: ${scan}`,
          },
        )
      case 'changed':
        return new UserError(
          'host-key-changed',
          `${host}:${port} shows the ${shown}; ${knownHosts} has another (${verdict.heldTypes.join(', ')}). ${
            others.length > 0
              ? `It is the key of ${others.join(', ')}: the name or address leads to another host now.`
              : 'The host was reinstalled, or somebody is in between.'
          }`,
          {
            fix: `Only if you know why it changed: ssh-keygen -R ${quoteIfNeeded(this.#name)} -f ${file} && ${scan}`,
          },
        )
      case 'revoked':
        return new UserError(
          'host-key-changed',
          `${host}:${port} shows the ${shown}, which ${knownHosts} marks as revoked.`,
          {
            fix: 'Do not trust this host: give it a new key, or take the @revoked line out if it is there by mistake.',
          },
        )
    }
  }
}

/** The host says the type itself: only one that we know gets into a line that may be copied. */
function scanTypeOf(key: Buffer): string {
  const type = keyTypeOf(key)
  if (!(type in algorithmsOf)) return 'ed25519,ecdsa,rsa'
  return type.replace(/^ssh-/, '').replace(/^ecdsa-.*/, 'ecdsa')
}

function renamed(others: readonly string[]): string {
  return others.length > 0 ? ` It is the key of ${others.join(', ')}: was that host renamed or moved?` : ''
}

// A line to copy reads better without quotes where none are needed.
function quoteIfNeeded(word: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(word) ? word : quoteWord(word)
}
