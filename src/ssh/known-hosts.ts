/** known_hosts as OpenSSH writes it: which keys a host may show. Format: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export interface KnownHostsEntry {
  marker?: 'revoked' | 'cert-authority'
  /** The first field as written: patterns, or one hashed name. */
  names: string
  keyType: string
  key: Buffer
}

/** What known_hosts says of a key that a host shows. */
export type KeyVerdict =
  | { kind: 'trusted' }
  | { kind: 'unknown' }
  | { kind: 'changed'; heldTypes: string[] }
  | { kind: 'revoked' }

/** Lines that are not entries are skipped, as OpenSSH does. */
export function parseKnownHosts(text: string): KnownHostsEntry[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const fields = line.trim().split(/[ \t]+/)
    const marker = fields[0]?.startsWith('@') === true ? fields.shift()?.slice(1) : undefined
    const [names = '', keyType = '', encoded = ''] = fields
    if (names === '' || names.startsWith('#') || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return []
    const entry = { names, keyType, key: Buffer.from(encoded, 'base64') }
    if (marker === undefined) return [entry]
    return marker === 'revoked' || marker === 'cert-authority' ? [{ ...entry, marker }] : []
  })
}

/** How a host is written in known_hosts: the bare name on port 22, else `[name]:port`. */
export function knownHostsName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

/** The key types held for a host, for which alone it should be asked: a host known by one type only would otherwise show
 * another and look changed. */
export function heldKeyTypes(entries: readonly KnownHostsEntry[], name: string): string[] {
  return [...new Set(entriesOf(entries, name).map(({ keyType }) => keyType))]
}

/** A revoked key is refused even where another line trusts it. Certificate authorities are not considered: the SSH client
 * has no host certificates. */
export function verdictOn(entries: readonly KnownHostsEntry[], name: string, key: Buffer): KeyVerdict {
  const revoked = entries.some(
    (entry) => entry.marker === 'revoked' && entry.key.equals(key) && namesMatch(entry.names, name),
  )
  if (revoked) return { kind: 'revoked' }
  const held = entriesOf(entries, name)
  if (held.some((entry) => entry.key.equals(key))) return { kind: 'trusted' }
  if (held.length === 0) return { kind: 'unknown' }
  return { kind: 'changed', heldTypes: heldKeyTypes(entries, name) }
}

/** Other hosts that known_hosts has this key for, as they stand there, at most three: a host that was renamed or moved
 * still shows its key. Hashed names cannot be shown and count as one "(hashed)". */
export function otherNamesOf(entries: readonly KnownHostsEntry[], name: string, key: Buffer): string[] {
  const names = entries
    .filter((entry) => entry.marker === undefined && entry.key.equals(key) && !namesMatch(entry.names, name))
    .flatMap((entry) => (entry.names.startsWith('|') ? ['(hashed)'] : entry.names.split(',')))
  return [...new Set(names)].slice(0, 3)
}

/** As ssh-keygen -l shows it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The type a raw public key names at its beginning, e.g. "ssh-ed25519". */
export function keyTypeOf(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0
  return key.subarray(4, 4 + length).toString('latin1')
}

function entriesOf(entries: readonly KnownHostsEntry[], name: string): KnownHostsEntry[] {
  return entries.filter((entry) => entry.marker === undefined && namesMatch(entry.names, name))
}

/** One negated pattern that matches takes the whole line out, wherever it stands. */
function namesMatch(names: string, name: string): boolean {
  if (names.startsWith('|')) return hashedNameMatches(names, name)
  let matched = false
  for (const pattern of names.toLowerCase().split(',')) {
    const negated = pattern.startsWith('!')
    if (!patternMatches(negated ? pattern.slice(1) : pattern, name)) continue
    if (negated) return false
    matched = true
  }
  return matched
}

/** `|1|salt|hash`: HMAC-SHA1 of the name, so that the file does not tell which hosts somebody uses. */
function hashedNameMatches(hashed: string, name: string): boolean {
  const [, version, salt = '', hash = ''] = hashed.split('|')
  if (version !== '1') return false
  const expected = Buffer.from(hash, 'base64')
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

/** `*` is any run of characters, `?` one. Two pointers with one step back: linear enough for any pattern. */
function patternMatches(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  let star = -1
  let resume = 0
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p
      p += 1
      resume = n
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p += 1
      n += 1
    } else if (star >= 0) {
      p = star + 1
      resume += 1
      n = resume
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p += 1
  return p === pattern.length
}
