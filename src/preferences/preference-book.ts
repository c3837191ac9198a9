/** Everybody's preferences: in memory to be read, on disk to stay. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../errors.js'
import type { Logger } from '../log.js'
import { openDocumentFolder } from '../store/index.js'
import { type Preferences, preferencesForm } from './preferences.js'

/** People who may keep some; each has a few hundred bytes. */
const mostPeople = 5000

export interface PreferenceBook {
  /** Empty for whoever has none. */
  of(person: string): Preferences
  /** Resolves when it is on disk. Without anything in it, it is forgotten. Rejects with `store-failed`. */
  set(person: string, preferences: Preferences): Promise<void>
}

const kept = z.object({ person: z.string(), preferences: preferencesForm })

/** Rejects with `store-failed`. What cannot be read any more is as if it had never been set. */
export async function openPreferences(
  data: { path: string },
  { log }: { log: Logger },
): Promise<PreferenceBook> {
  const folder = await openDocumentFolder({
    path: join(data.path, 'preferences'),
    form: { kind: 'preferences', version: 1, schema: kept },
    log,
  })
  const all = new Map(
    [...(await folder.load()).values()].map(({ person, preferences }) => [person, preferences]),
  )
  return {
    of: (person) => all.get(person) ?? {},
    async set(person, preferences) {
      const name = createHash('sha256').update(person).digest('hex').slice(0, 32)
      if (Object.keys(preferences).length === 0) {
        await folder.remove(name)
        all.delete(person)
        return
      }
      if (!all.has(person) && all.size >= mostPeople) {
        throw new UserError('store-failed', `${mostPeople} people have preferences, which is the most.`, {
          fix: 'An admin can remove those of people who left: the folder preferences in the data directory.',
        })
      }
      await folder.write(name, { person, preferences })
      all.set(person, preferences)
    },
  }
}
