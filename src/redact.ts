/** Removes secrets from text that leaves the bot: log lines, messages, journals. Used at the logger and the outbox. */

const masked = '[redacted]'

/** The end of names whose values are secret: `password` and `rhn_password`, `token` and `SLACK_BOT_TOKEN`. */
const name = `(?:password|passwd|passphrase|secret|token|activation[_-]?key|api[_-]?key|access[_-]?key|private[_-]?key|rhnak|[_-]pass|[_-]pwd)`
const secretKey = new RegExp(`${name}$`, 'i')

/** A value after its name: quoted (to the end of the text when it was cut), or up to white space. A quote inside belongs
 * to it unless what follows shows that the text around it ends there, as in JSON. */
const value = String.raw`(?:"(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$)|(?:\\.|[^\s"'\\]|(?<=\S)["'](?![\s,;:}\])]|$))+)`
const notYet = String.raw`(?!["']?\[redacted\])`

const pemBody = String.raw`(?:\\+[nrt]|[A-Za-z0-9+/=:,._ \t\r-]|\n(?=.))`
const pemEnd = '-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----'

/** The rest of a token on the next line, where a terminal broke it. */
const tokenGoesOn = String.raw`\r?\n[ \t]*(?=[A-Za-z-]{0,40}\d)[A-Za-z0-9%-]{6,}`
const token = `(?:[A-Za-z0-9%-]{8,}(?:${tokenGoesOn})*|[A-Za-z0-9%-]{0,7}(?:${tokenGoesOn})+)`

type Replacement = string | ((found: string, ...groups: string[]) => string)

/** No pattern starts with an open-ended repetition, or it begins where nothing of its kind goes before: on long text it
 * would take quadratic time otherwise. */
const shapes: [RegExp, Replacement][] = [
  // Private keys, also when newlines are escaped as in JSON, and when the end was cut off.
  [
    new RegExp(
      `-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:${pemBody}*?${pemEnd}|${pemBody}*)`,
      'g',
    ),
    masked,
  ],
  // What ansible-vault encrypted: not readable, but guessed at in peace by whoever has it.
  [/\$ANSIBLE_VAULT;[^\n]*(?:\r?\n[ \t]*[0-9a-f]{8,})*/g, masked],
  // Slack tokens: bot, user, refresh, configuration, app-level, legacy.
  [new RegExp(`xox[a-z]-${token}`, 'g'), masked],
  [new RegExp(`xapp-${token}`, 'g'), masked],
  // Tokens of GitHub, GitLab and Vault, key ids of AWS.
  [/gh[opsru]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|hv[bsr]\.[\w-]{20,}/g, masked],
  [/(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z])/g, masked],
  // JSON Web Tokens: header and payload begin with {" in base64.
  [
    /(?<![\w-])[\w-]{12,}\.[\w-]{8,}(?:\.[\w-]*)?/g,
    (found) => (/eyJ[\w-]{8,}\.eyJ/.test(found) ? masked : found),
  ],
  // Hashes of passwords as in /etc/shadow.
  [/\$(?:[1567]|2[abxy]?|gy|y|argon2(?:id?|d))\$[\w./=,+$-]{8,}/g, masked],
  // Slack addresses that are a permission by themselves: webhooks, response_url, Socket Mode tickets.
  [/(hooks\.slack(?:-gov)?\.com\/)[\w/-]+/g, `$1${masked}`],
  [/([?&]ticket=)[^\s&"'\\]+/g, `$1${masked}`],
  // Credentials in URLs. A password may hold an @ itself: up to the last one before the path.
  [/(:\/\/[^\s:@/"']{0,256}):[^\s/"']{1,1024}@/g, `$1:${masked}@`],
  // Authorization: Bearer …
  [/(authorization\\*["']?\s*[=:]\s*\\*["']?(?:bearer|basic|token)\s+)[\w+/=.~-]+/gi, `$1${masked}`],
  [/(\bbearer\s+)[\w+/=.~-]{16,}/gi, `$1${masked}`],
  // sshpass -p value, curl -u user:value
  [new RegExp(`(sshpass[ \\t]+-p[ \\t]*)${notYet}\\S+`, 'g'), `$1${masked}`],
  [/([ \t]-u[ \t]+[\w.@-]{1,64}:)(?!\[redacted\])\S+/g, `$1${masked}`],
  // echo user:value | chpasswd
  [/^.*\|.*chpasswd.*$/gm, (line) => withoutAccountPasswords(line)],
  // cloud-init's chpasswd: its list, in all forms that it may have
  [/^([ \t]*)(?:- )?chpasswd:.*(?:\n(?:\1[ \t]+|[ \t]*- ).*)*/gm, (block) => withoutAccountPasswords(block)],
  // A block of YAML under such a name: everything that stands deeper.
  [
    new RegExp(
      `^([ \\t]*)((?:- )?["']?[\\w-]{0,64}${name}["']?:[ \\t]*)[|>][^\\n]*\\n(?:(?:\\1[ \\t]+.*|[ \\t]*)(?:\\n|$(?![^])))+`,
      'gim',
    ),
    `$1$2${masked}\n`,
  ],
  // "name":"value", kept valid JSON; then the same inside a string that is itself JSON.
  [new RegExp(`(${name}"\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\.)*(?:"|$)|-?\\d[\\d.]*)`, 'gi'), `$1"${masked}"`],
  [new RegExp(`(${name}(\\\\+)"\\s*:\\s*\\2").*?(?:(?<!\\\\)\\2"|$)`, 'gi'), `$1${masked}$2"`],
  // argv as JSON: "--password","value"
  [
    new RegExp(`((?<!-)--[\\w-]{0,64}${name}\\\\*"\\s*,\\s*)"(?:[^"\\\\]|\\\\.)*(?:"|$)`, 'gi'),
    `$1"${masked}"`,
  ],
  // --password value
  [new RegExp(`((?<!-)--[\\w-]{0,64}${name}[ \\t]+)(?!-)${notYet}${value}`, 'gi'), `$1${masked}`],
  // A line of YAML: name: value with spaces
  [
    new RegExp(
      `((?:^|\\\\n)[ \\t]*(?:- )?[\\w-]{0,64}${name}:[ \\t]+)(?!["'])${notYet}(?:(?!\\\\n)[^\\n"])+`,
      'gim',
    ),
    `$1${masked}`,
  ],
  // name=value, name: value
  [new RegExp(`(${name}['"]?\\s*[=:]\\s*)${notYet}${value}`, 'gi'), `$1${masked}`],
]

/** `root:value` and its like, wherever they stand in it. */
function withoutAccountPasswords(text: string): string {
  return text.replace(/(?<![\w.-])([\w.-]+:)[^\s|]\S*/g, `$1${masked}`)
}

/** The text with everything that looks like a secret, and every value that was hidden, replaced by `[redacted]`. Applying
 * it twice changes nothing more. */
export function redact(text: string): string {
  const open = withoutHidden(text)
  if (!suspicious.test(open)) return open
  return shapes.reduce(
    (out, [shape, replacement]) =>
      // One branch for each, because that is how replace() is typed.
      typeof replacement === 'string' ? out.replace(shape, replacement) : out.replace(shape, replacement),
    withoutCutKeys(open),
  )
}

/** Every shape has one of these in it. Most texts have none, and are done with ten times as fast. */
const suspicious =
  /pass|pwd|secret|token|key|rhnak|xox[a-z]-|xapp-|github_pat_|gh[opsru]_|glpat-|hv[bsr]\.|AKIA|ASIA|eyJ|\$|hooks\.slack|ticket=|:\/\/|authorization|bearer|[ \t]-u[ \t]/i

/** A copy of JSON data with secrets replaced: in every string, and whatever stands under a name such as `password`. */
export function redactJson<T>(data: T): T {
  const safe = JSON.stringify(data, (key, each: unknown) => {
    if (typeof each === 'string') return secretKey.test(key) ? masked : redact(each)
    if (typeof each === 'number' && secretKey.test(key)) return masked
    return hiddenShape === undefined ? each : withoutHiddenKeys(each)
  })
  return safe === undefined ? data : JSON.parse(safe)
}

/** The end of a private key whose beginning is not there: the lines before its last one. */
function withoutCutKeys(text: string): string {
  if (!text.includes('PRIVATE KEY')) return text
  let out = ''
  let from = 0
  for (const { index } of text.matchAll(new RegExp(pemEnd, 'g'))) {
    let start = index
    while (start > from) {
      // Not further than a line may be long: the text may have none.
      const near = Math.max(from, start - 200)
      const line = near + text.slice(near, start - 1).lastIndexOf('\n') + 1
      // Its last line may be short.
      const isOfKey = start === index ? /^[ \t]*[\w+/=]+[ \t\r]*\n$/ : /^[ \t]*[\w+/=]{16,}[ \t\r]*\n$/
      if (!isOfKey.test(text.slice(line, start))) break
      start = line
    }
    if (start === index) continue
    out += `${text.slice(from, start)}${masked}\n`
    from = index
  }
  return out + text.slice(from)
}

/** Shorter values would hide ordinary words. */
const shortestHidden = 6
const hidden = new Set<string>()
let hiddenShape: RegExp | undefined

/**
 * From now on this very value is hidden wherever it turns up: as it is, escaped for JSON, Slack, XML or a URL, as base64 or
 * hexadecimal digits, also inside of longer ones, and broken over lines. For every secret that is read from configuration.
 */
export function hideSecret(secret: string): void {
  if (secret.length < shortestHidden) return
  for (const form of formsOf(secret)) hidden.add(form)
  // The longest first: some forms are the beginning of others.
  const forms = [...hidden].sort((a, b) => b.length - a.length)
  hiddenShape = new RegExp(forms.map(overLines).join('|'), 'g')
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const json = JSON.stringify(secret).slice(1, -1)
  const url = encodeURIComponent(secret)
  const markup = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const base64 = [0, 1, 2].flatMap((before) => {
    // What stands before shifts the digits; those at both ends also hold bits of the neighbours.
    const all = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    const digits = all.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
    return [digits, digits.replaceAll('+', '-').replaceAll('/', '_')]
  })
  return [
    ...[secret, json, JSON.stringify(json).slice(1, -1), markup],
    ...[markup.replaceAll('"', '&quot;').replaceAll("'", '&apos;')],
    ...[url, url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()), url.replaceAll('%20', '+')],
    ...[bytes.toString('hex'), bytes.toString('hex').toUpperCase()],
    ...base64,
  ].filter((form) => form.length >= shortestHidden)
}

/** A line may end behind every character, as terminals and base64(1) make it. */
function overLines(form: string): string {
  return Array.from(form, (each) => each.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join(
    '(?:\\r?\\n[ \\t]*|\\\\n)?',
  )
}

function withoutHiddenKeys(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data
  return Object.fromEntries(Object.entries(data).map(([key, each]) => [withoutHidden(key), each]))
}

/** Whether the text ends with the beginning of a hidden value. */
export function endsInsideHidden(text: string): boolean {
  const tail = text.replace(anyBreak, '')
  return [...hidden].some((each) => {
    const form = each.replace(anyBreak, '')
    for (let length = Math.min(form.length - 1, tail.length); length > 3; length -= 1) {
      if (tail.endsWith(form.slice(0, length))) return true
    }
    return false
  })
}

const anyBreak = /\s+|\\n/g

function withoutHidden(text: string): string {
  if (hiddenShape === undefined) return text
  // Most texts hold none; that is seen much faster like this.
  const squeezed = text.replace(anyBreak, '')
  const isThere = [...hidden].some((form) => squeezed.includes(form.replace(anyBreak, '')))
  return isThere ? text.replace(hiddenShape, masked) : text
}
