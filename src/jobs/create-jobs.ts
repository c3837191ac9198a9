/** The way into the local engine, and what it needs. */
import type { Logger } from '../log.js'
import type { AuditEntry, openDocumentFolder } from '../store/index.js'
import type { Clock } from './clock.js'
import type { Jobs } from './job.js'
import { LocalEngine } from './local-jobs.js'

export interface JobsParts {
  /** The data directory, held by this process (store's `openDataDirectory`). */
  data: { readonly path: string }
  /** Where every request, decision, step and result goes; the audit log's `append`. Work waits until it took them. */
  audit: (entry: AuditEntry) => Promise<void>
  log: Logger
  clock?: Clock
  /** Makes an id like "j-7k2m9"; random when absent. */
  newId?: () => string
  /** How long a cancelled job may take to give up, in milliseconds. Default 60,000. */
  cancelGraceMs?: number
  /** How long undoing one step may take, in milliseconds. Default 600,000. */
  undoMs?: number
  /** How long `stop()` waits for bodies to notice, in milliseconds. Default 5,000. */
  stopGraceMs?: number
  /** Finished jobs kept at hand; older ones go to the archive. Default 1,000. */
  keepFinished?: number
  /** For how long archived jobs are kept, in milliseconds; for ever when absent. Whole months are dropped. */
  keepArchivedMs?: number
  /** The store's, when absent. */
  openFolder?: typeof openDocumentFolder
}

/** Register bodies, then `start()`. A second engine on the same directory is prevented by the data directory's owner. */
export function createJobs(parts: JobsParts): Jobs {
  return new LocalEngine(parts)
}
