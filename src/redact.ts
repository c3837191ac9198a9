/** Removes secrets from text that leaves the bot: log lines, messages, journals. Used at the logger and the outbox. */

const masked = '[redacted]'

/** The end of names whose values are secret: `password` and `rhn_password`, `token` and `SLACK_BOT_TOKEN`. */
const name = `(?:password|passwd|passphrase|secret|token|activation_?key|api_?key|access_?key|private_?key)`
const secretKey = new RegExp(`${name}$`, 'i')

/** A value after its name: quoted (to the end of the text when it was cut), or up to white space. A quote inside belongs
 * to it unless what follows shows that the text around it ends there, as in JSON. */
const value = String.raw`(?:"(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$)|(?:\\.|[^\s"'\\]|(?<=\S)["'](?![\s,;:}\])]|$))+)`
const notYet = String.raw`(?!["']?\[redacted\])`

const pemBody = String.raw`(?:\\+[nrt]|[A-Za-z0-9+/=:,._ \t\r-]|\n(?=.))`

/** No pattern starts with an open-ended repetition: on long text that would take quadratic time. */
const shapes: [RegExp, string][] = [
  // Private keys, also when newlines are escaped as in JSON, and when the end was cut off.
  [
    new RegExp(
      `-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----` +
        `(?:${pemBody}*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|${pemBody}*)`,
      'g',
    ),
    masked,
  ],
  // Slack tokens: bot, user, refresh, configuration, app-level, legacy.
  [/xox[a-z]-[A-Za-z0-9-]{8,}/g, masked],
  [/xapp-[A-Za-z0-9-]{8,}/g, masked],
  // Slack addresses that are a permission by themselves: webhooks, response_url, Socket Mode tickets.
  [/(hooks\.slack(?:-gov)?\.com\/)[\w/-]+/g, `$1${masked}`],
  [/([?&]ticket=)[^\s&"'\\]+/g, `$1${masked}`],
  // Credentials in URLs. A password may hold an @ itself: up to the last one before the path.
  [/(:\/\/[^\s:@/"']{0,256}):[^\s/"']{1,1024}@/g, `$1:${masked}@`],
  // Authorization: Bearer …
  [/(authorization\\*["']?\s*[=:]\s*\\*["']?(?:bearer|basic|token)\s+)[\w+/=.~-]+/gi, `$1${masked}`],
  [/(\bbearer\s+)[\w+/=.~-]{16,}/gi, `$1${masked}`],
  // "name":"value", kept valid JSON; then the same inside a string that is itself JSON.
  [new RegExp(`(${name}"\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\.)*(?:"|$)|-?\\d[\\d.]*)`, 'gi'), `$1"${masked}"`],
  [new RegExp(`(${name}(\\\\+)"\\s*:\\s*\\2").*?(?:(?<!\\\\)\\2"|$)`, 'gi'), `$1${masked}$2"`],
  // argv as JSON: "--password","value"
  [new RegExp(`(--[\\w-]{0,64}${name}\\\\*"\\s*,\\s*)"(?:[^"\\\\]|\\\\.)*(?:"|$)`, 'gi'), `$1"${masked}"`],
  // --password value
  [new RegExp(`(--[\\w-]{0,64}${name}[ \\t]+)(?!-)${notYet}${value}`, 'gi'), `$1${masked}`],
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

/** The text with everything that looks like a secret replaced by `[redacted]`. Applying it twice changes nothing more. */
export function redact(text: string): string {
  return shapes.reduce((out, [shape, replacement]) => out.replace(shape, replacement), text)
}

/** A copy of JSON data with secrets replaced: in every string, and whatever stands under a name such as `password`. */
export function redactJson<T>(data: T): T {
  const safe = JSON.stringify(data, (key, each: unknown) => {
    if (typeof each === 'string') return secretKey.test(key) ? masked : redact(each)
    return typeof each === 'number' && secretKey.test(key) ? masked : each
  })
  return safe === undefined ? data : JSON.parse(safe)
}
