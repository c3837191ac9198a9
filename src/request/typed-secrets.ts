/** Lines that hold a secret are not asked for, and kept nowhere. */
import { UserError } from '../errors.js'
import { redact } from '../redact.js'

/** What was redacted on its way, after a restart for example, is not what was meant either. */
export function hasSecret(text: string): boolean {
  return redact(text) !== text || text.includes('[redacted]')
}

export function secretTyped(): UserError {
  return new UserError(
    'bad-argument',
    'The command line holds something that looks like a password, a token or a key. Nothing was done, and it is kept nowhere by qnav.',
    {
      fix: 'Type it again without that. A secret that was shown in a channel should be changed.',
    },
  )
}
