/** A data directory, and engines that come and go on it. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { onTestFinished } from 'vitest'
import { createJobs, type Jobs, type JobsParts } from '../../src/jobs/index.js'
import { createLog } from '../../src/log.js'
import { type AuditEntry, openDocumentFolder } from '../../src/store/index.js'
import { never } from './builders.js'
import { FakeClock } from './fake-clock.js'

export interface LocalWorld {
  path: string
  clock: FakeClock
  audit: AuditEntry[]
  log: Record<string, unknown>[]
  /** Writes of documents so far, by all engines. */
  writes(): number
  /** The engine dies with its nth write from now, before or after that is on disk. */
  dieAt(write: number, when: 'before' | 'after'): void
  /** The engine dies with the nth removal of a document from now, before or after that is on disk. */
  dieAtRemoval(removal: number, when: 'before' | 'after'): void
  /** Resolves when it died. */
  readonly died: Promise<void>
  /** Forgets the death, for the next one. */
  revive(): void
  /** Makes every write fail with this until it is undefined. */
  failWrites(error: Error | undefined): void
  failAudit(error: Error | undefined): void
  /** An engine on the directory, not started. */
  open(other?: Partial<JobsParts>): Jobs
  /** The engine is gone without a word: nothing of it reaches the disk any more. */
  crash(): void
  /** Whether the engine opened last still lives; what an old one does after its death counts for nothing. */
  generation(): number
}

export async function aLocalWorld(parts: Partial<JobsParts> = {}): Promise<LocalWorld> {
  const path = await mkdtemp(join(tmpdir(), 'qnav-jobs-'))
  const clock = new FakeClock()
  const audit: AuditEntry[] = []
  const lines: Record<string, unknown>[] = []
  const log = createLog({ level: 'warn', write: (line) => lines.push(JSON.parse(line)) })
  const engines: Jobs[] = []
  /** What has reached the system, whether or not the engine that wrote it still lives. */
  const writing = new Set<Promise<void>>()
  let generation = 0
  /** Generation of the engine opened last. */
  let alive = 0
  let writes = 0
  let removals = 0
  let removalDeath: { at: number; when: 'before' | 'after' } | undefined
  let death: { at: number; when: 'before' | 'after' } | undefined
  let tellDeath = (): void => {}
  const aDeath = () =>
    new Promise<void>((resolve) => {
      tellDeath = resolve
    })
  let died = aDeath()
  let writeError: Error | undefined
  let auditError: Error | undefined
  const world: LocalWorld = {
    path,
    clock,
    audit,
    log: lines,
    writes: () => writes,
    dieAt(write, when) {
      death = { at: writes + write, when }
    },
    dieAtRemoval(removal, when) {
      removalDeath = { at: removals + removal, when }
    },
    get died() {
      return died
    },
    revive() {
      died = aDeath()
    },
    failWrites(error) {
      writeError = error
    },
    failAudit(error) {
      auditError = error
    },
    generation: () => generation,
    crash() {
      generation += 1
    },
    open(other = {}) {
      generation += 1
      const mine = generation
      alive = mine
      const die = () => {
        generation += 1
        death = undefined
        removalDeath = undefined
        tellDeath()
        return never
      }
      const engine = createJobs({
        data: { path },
        clock,
        log,
        audit: async (entry) => {
          if (mine !== generation) await never
          if (auditError !== undefined) throw auditError
          audit.push(entry)
        },
        openFolder: async (folderParts) => {
          // A process that died writes nothing any more; here its writes may still be on their way.
          await Promise.allSettled(writing)
          const folder = await openDocumentFolder(folderParts)
          const written = async (work: Promise<void>) => {
            writing.add(work)
            await work.finally(() => writing.delete(work))
          }
          return {
            load: () => folder.load(),
            remove: async (name) => {
              if (mine !== generation) await never
              removals += 1
              const isLast = removalDeath?.at === removals
              if (isLast && removalDeath?.when === 'before') await die()
              await written(folder.remove(name))
              if (isLast && removalDeath !== undefined) await die()
            },
            write: async (name, data) => {
              if (mine !== generation) await never
              if (writeError !== undefined) throw writeError
              writes += 1
              const isLast = death?.at === writes
              if (isLast && death?.when === 'before') await die()
              await written(folder.write(name, data))
              if (isLast && death !== undefined) await die()
              if (mine !== generation) await never
            },
          }
        },
        ...parts,
        ...other,
      })
      engines.push(engine)
      return engine
    },
  }
  onTestFinished(async () => {
    death = undefined
    // A dead engine cannot be stopped; some bodies of a live one are deaf on purpose.
    const stopped = alive === generation ? engines.at(-1)?.stop() : undefined
    clock.advance(60_000)
    await stopped
    await rm(path, { recursive: true, force: true })
  })
  return world
}

/** Two deaths and more, each so many writes after the one before, and before or after that write is on disk. */
export const someDeaths = (most: number) =>
  fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.constantFrom('before' as const, 'after' as const)), {
    minLength: 2,
    maxLength: most,
  })
