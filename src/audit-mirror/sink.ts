/** Somewhere else that keeps what the audit log has. */
import type { AuditRecord } from '../store/index.js'

export interface Sink {
  /** In order, none of them empty. Resolves when they are out of our hands; rejects when they are not, then the same ones
   * are given again. Must not wait for ever. */
  take(records: readonly AuditRecord[]): Promise<void>
  /** Lets go of what it holds. Never rejects. */
  stop(): Promise<void>
}
