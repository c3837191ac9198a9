/** An entry of the audit log as it stands there. */
import type { AuditEntry } from './audit-log.js'

export interface AuditRecord {
  seq: number
  /** ISO 8601. */
  at: string
  entry: AuditEntry
  /** The line of the file without its line feed, byte for byte. */
  line: string
}
