/** What a realisation gives the contract, and what its parts have in common. */
import type { JobBody, Jobs } from '../../../src/jobs/index.js'
import type { AuditEntry } from '../../../src/store/index.js'
import type { FakeClock } from '../fake-clock.js'

export interface EngineWorld {
  clock: FakeClock
  audit: AuditEntry[]
  /** An engine on the same storage as the ones before; not started. */
  open(): Jobs
  /** The engine is gone without a word. */
  crash(): void
}

export interface Contract {
  /** Of the engine. */
  name: string
  makeWorld(): Promise<EngineWorld>
  /** An engine at work with this body as "test". */
  working(body: JobBody): Promise<{ world: EngineWorld; jobs: Jobs }>
}

export const hour = 3_600_000

/** The next engine on the same storage, at work with this body as "test". */
export async function reopened(world: EngineWorld, body: JobBody): Promise<Jobs> {
  const jobs = world.open()
  jobs.register('test', 1, body)
  await jobs.start()
  return jobs
}
