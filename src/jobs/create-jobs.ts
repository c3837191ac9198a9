import type { Logger } from '../log.js'
import type { AuditEntry } from '../store/index.js'
import type { Clock } from './clock.js'
import type { Jobs, Person } from './job.js'

/** A lock that is held or waited for. */
export interface LockView {
  /** e.g. "vm:kvm1/web1". */
  name: string
  holder: { job: string; title: string; requester: Person }
  /** Jobs that want it, first come first. */
  waiting: string[]
}

/** The local engine: documents in the data directory, one process. */
export interface LocalJobs extends Jobs {
  /** Every lock that is held now. */
  locks(): LockView[]
}

export interface JobsParts {
  /** The data directory, held by this process (store's `openDataDirectory`). */
  data: { readonly path: string }
  audit: (entry: AuditEntry) => Promise<void>
  log: Logger
  clock?: Clock
  /** Makes an id like "j-7k2m9"; random when absent. */
  newId?: () => string
  /** How long a cancelled job may take to give up. Default 60 s. */
  cancelGraceMs?: number
  /** How long `stop()` waits for bodies to notice. Default 5 s. */
  stopGraceMs?: number
  /** Finished jobs kept. Default 1,000. */
  keepFinished?: number
}

export function createJobs(_parts: JobsParts): LocalJobs {
  throw new Error('not yet')
}
