/**
 * The one error type meant for people. Every room may import this file; src/libvirt alone does not, because it stands
 * by itself and has its own typed error, which agents/ translate.
 */

/** Stable codes, listed with their meaning in docs/errors.md. */
export type ErrorCode =
  // what was typed
  | 'bad-argument'
  | 'missing-argument'
  | 'unknown-command'
  | 'unknown-flag'
  | 'bad-name'
  // what was named
  | 'unknown-host'
  | 'unknown-vm'
  | 'ambiguous-vm'
  | 'unknown-image'
  | 'unknown-profile'
  | 'unknown-pool'
  | 'unknown-network'
  | 'unknown-snapshot'
  | 'unknown-job'
  | 'unknown-schedule'
  | 'name-taken'
  // what stands in the way
  | 'insufficient-memory'
  | 'insufficient-disk'
  | 'orphan-disk'
  | 'invalid-state'
  | 'locked'
  | 'quota-exceeded'
  | 'rate-limited'
  | 'unsupported'
  // trust
  | 'not-allowed'
  | 'own-request'
  | 'already-decided'
  | 'expired'
  | 'denied'
  | 'cancelled'
  // hosts
  | 'host-unreachable'
  | 'host-key-unknown'
  | 'host-key-changed'
  | 'ssh-auth-failed'
  | 'libvirt-unavailable'
  | 'libvirt-denied'
  | 'libvirt-failed'
  | 'kcli-missing'
  | 'kcli-failed'
  | 'run-failed'
  | 'timeout'
  | 'changed-since'
  // set-up
  | 'bad-config'
  | 'missing-token'
  | 'data-dir-in-use'
  | 'store-damaged'
  | 'store-failed'
  | 'slack-unavailable'
  // everything unexpected; the message carries a reference id that the log also has
  | 'internal'

export interface UserErrorOptions {
  /** What to type or do next: one sentence or one command line. */
  fix: string
  cause?: unknown
}

/**
 * Something a person can understand and act on: `message` says what happened and names the value, `fix` says what to do
 * next. Anything that is not a UserError is a programming or environment error and reaches people as a reference id.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly code: ErrorCode
  readonly fix: string

  constructor(code: ErrorCode, message: string, { fix, cause }: UserErrorOptions) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.fix = fix
  }
}

/** The part of a UserError that is kept in journals and plans. */
export interface ErrorNote {
  code: ErrorCode
  message: string
  fix: string
}

export function noteOf({ code, message, fix }: UserError): ErrorNote {
  return { code, message, fix }
}
