/** Removes secrets from text that leaves the bot: log lines, messages, journals. Used at the logger and the outbox. */

const masked = '[redacted]'

const shapes: [RegExp, string][] = [
  // Slack tokens: bot, user, app-level, refresh, legacy.
  [/\bxox[a-z]-[A-Za-z0-9-]{8,}/g, masked],
  [/\bxapp-[A-Za-z0-9-]{8,}/g, masked],
  // Private keys, also when newlines are escaped as in JSON.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, masked],
  // Credentials in URLs.
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:@/"']+):[^\s@/"']+@/gi, `$1:${masked}@`],
  // key=value, key: value, "key":"value", also with a prefix such as rhn or admin_user_.
  [
    /\b([\w-]*(?:password|passwd|passphrase|secret|token|activationkey|pull_secret|api_key)"?\s*[=:]\s*)(?!\[redacted\])("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;}"']+)/gi,
    `$1${masked}`,
  ],
]

/** The text with everything that looks like a secret replaced by `[redacted]`. Applying it twice changes nothing more. */
export function redact(text: string): string {
  return shapes.reduce((out, [shape, replacement]) => out.replace(shape, replacement), text)
}
