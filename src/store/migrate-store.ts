/** Brings a data directory of an older version up to date, step by step, with a copy of what was there before. */
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../errors.js'
import type { Logger } from '../log.js'
import { syncDirectory, withFile } from './atomic-file.js'
import { type DocumentForm, JsonFile } from './json-file.js'
import { errnoOf, storeDamaged, storeFailed } from './store-errors.js'
import { type StoreStep, storeSteps } from './store-steps.js'

export interface Migration {
  /** Undefined for a directory that nothing was kept in yet. */
  from: number | undefined
  to: number
  /** What was done, or is to be done, in order. */
  steps: { to: number; what: string }[]
  /** Folders with what was there before, absolute, in the order of the steps. */
  backups: string[]
}

export interface MigrationParts {
  log: Logger
  steps?: readonly StoreStep[]
}

const versionFile = 'store.json'
const versionForm: DocumentForm<{ version: number }> = {
  kind: 'store',
  version: 1,
  schema: z.object({ version: z.int().positive() }),
}
/** One of these is in every data directory that was used before there was a number. */
const signsOfUse = ['jobs', 'slack-cards', 'audit.jsonl', 'intake.jsonl']

/** What `migrateStore` would do now. Changes nothing. Rejects as it does. */
export async function planMigration(data: { path: string }, parts: MigrationParts): Promise<Migration> {
  const { steps = storeSteps } = parts
  const to = newestOf(steps)
  const from = await readVersion(data.path, parts)
  if (from !== undefined && from > to) throw tooNew(data.path, from, to)
  const due = steps.filter((step) => from !== undefined && step.to > from)
  return {
    from,
    to,
    steps: due.map(({ to: version, what }) => ({ to: version, what })),
    backups: due
      .filter(({ touches }) => touches.length > 0)
      .map(({ to: version }) => backupPath(data.path, version - 1)),
  }
}

/**
 * Call it while no process works in the directory. Killed anywhere, the next call goes on: a copy is made beside and then
 * named, a step may run twice, and the number is written last. Rejects with `store-failed` (also for a version that is newer
 * than this qnav; then nothing was touched) or `store-damaged`.
 */
export async function migrateStore(data: { path: string }, parts: MigrationParts): Promise<Migration> {
  const { steps = storeSteps, log } = parts
  const plan = await planMigration(data, parts)
  if (plan.from === plan.to) return plan
  const file = new JsonFile(join(data.path, versionFile), versionForm, log)
  for (const step of steps.filter(({ to }) => plan.steps.some((each) => each.to === to))) {
    try {
      if (step.touches.length > 0) await backUp(data.path, step)
      await step.run(data.path)
    } catch (error) {
      throw storeFailed(`bring to version ${step.to}`, data.path, error)
    }
    await file.write({ version: step.to })
    log.info({ version: step.to, did: step.what }, 'the data directory was brought up to date')
  }
  if (plan.from === undefined) await file.write({ version: plan.to })
  return plan
}

async function readVersion(path: string, { log }: MigrationParts): Promise<number | undefined> {
  const known = await new JsonFile(join(path, versionFile), versionForm, log).read().catch((error) => {
    if (!(error instanceof UserError && error.code === 'store-damaged')) throw error
    throw storeDamaged(
      join(path, versionFile),
      'it does not say which version the data directory has',
      `Restore it from a backup. Or move it away: then every step is done again, which changes nothing that was done.`,
    )
  })
  if (known !== null) return known.version
  const names = await readdir(path).catch((error) => {
    throw storeFailed('read', path, error)
  })
  return names.some((name) => signsOfUse.includes(name)) ? 1 : undefined
}

/** What a step may change, under a name that says from which version it is. The copy of the first try counts. */
async function backUp(path: string, { to, touches }: StoreStep): Promise<void> {
  const backup = backupPath(path, to - 1)
  if (await exists(backup)) return
  const half = `${backup}.tmp`
  await rm(half, { recursive: true, force: true })
  try {
    await mkdir(half, { mode: 0o700 })
    for (const name of touches) if (await exists(join(path, name))) await copy(join(path, name), half)
    await syncDirectory(half)
    await rename(half, backup)
    await syncDirectory(path)
  } catch (error) {
    await rm(half, { recursive: true, force: true }).catch(() => undefined)
    throw error
  }
}

async function copy(from: string, into: string): Promise<void> {
  const to = join(into, basename(from))
  if (!(await stat(from)).isDirectory()) {
    await copyFile(from, to)
    await withFile(to, 'r', (file) => file.sync())
    return
  }
  await mkdir(to, { mode: 0o700 })
  for (const name of await readdir(from)) await copy(join(from, name), to)
  await syncDirectory(to)
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

function backupPath(path: string, version: number): string {
  return join(path, `backup-of-version-${version}`)
}

function newestOf(steps: readonly StoreStep[]): number {
  return Math.max(1, ...steps.map(({ to }) => to))
}

function tooNew(path: string, from: number, to: number): UserError {
  return new UserError(
    'store-failed',
    `The data directory ${path} was used by a newer qnav: it has version ${from}, and this one knows ${to} at most. Nothing was touched.`,
    { fix: 'Start the newer version of qnav again, or restore a backup made before it.' },
  )
}
