import type { Logger } from '../log.js'

/** What happened. `event` says what kind; the rest is JSON. Time, number and hashes are added by the log. */
export interface AuditEntry {
  event: string
  [key: string]: unknown
}

export interface AuditLog {
  readonly path: string
  /** Resolves when the entry is on disk. Secrets are removed from it. Rejects with `store-failed`. */
  append(entry: AuditEntry): Promise<void>
  /** Waits for what is being written. */
  close(): Promise<void>
}

export type AuditVerdict =
  | { intact: true; entries: number }
  /** `line` counts from 1. */
  | { intact: false; entries: number; line: number; problem: string }

/** Opens (or makes, 0600) `audit.jsonl` in the data directory. Rejects with `store-damaged` or `store-failed`. */
export async function openAuditLog(
  _data: { path: string },
  _parts: { log: Logger; now?: () => Date },
): Promise<AuditLog> {
  throw new Error('not yet')
}

/** Reads the whole log and checks every hash. Works while the bot runs. */
export async function verifyAuditLog(_data: { path: string }): Promise<AuditVerdict> {
  throw new Error('not yet')
}
