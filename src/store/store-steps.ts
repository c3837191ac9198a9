/** What each version of the data directory changed. A step may be run again after a crash: what it did already stays. */
import { join } from 'node:path'
import { makePrivateDirectory } from './document-folder.js'

export interface StoreStep {
  /** The version after it. */
  to: number
  /** For people: what it does. */
  what: string
  /** Files and folders that it may change; they are copied before. */
  touches: readonly string[]
  run(path: string): Promise<void>
}

/** In order. Version 1 is the one that said no version. */
export const storeSteps: readonly StoreStep[] = [
  {
    to: 2,
    what: 'says its version, and has a place for the archive of jobs and for schedules',
    touches: ['jobs', 'slack-cards', 'intake.jsonl'],
    async run(path) {
      for (const folder of ['jobs-archive', 'schedules']) await makePrivateDirectory(join(path, folder))
    },
  },
]
