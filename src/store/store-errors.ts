/** What the disk says, in words for people. */
import { UserError } from '../errors.js'

const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space; qnav goes on by itself.',
  EDQUOT: 'The quota is used up: free some space; qnav goes on by itself.',
  EROFS: 'The file system is read-only: look at `dmesg` and mount it writable.',
  EACCES: 'Give the directory to the user who runs qnav: chown -R.',
  EPERM: 'Give the directory to the user who runs qnav: chown -R.',
  ENOENT: 'Part of the data directory was removed: stop qnav and restore it from a backup.',
}

/** `cause` may be anything that a file operation threw; what is a UserError already stays as it is. */
export function storeFailed(doing: string, path: string, cause: unknown): UserError {
  if (cause instanceof UserError) return cause
  const code = errnoOf(cause) ?? 'unknown error'
  return new UserError('store-failed', `Could not ${doing} ${path} (${code}); nothing was changed.`, {
    fix: hints[code] ?? 'Look at the disk under the data directory (QNAV_DATA_DIR).',
    cause,
  })
}

export function storeDamaged(path: string, problem: string, fix: string): UserError {
  return new UserError('store-damaged', `${path} is damaged: ${problem}.`, { fix })
}

/** "ENOENT" and its like; undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
