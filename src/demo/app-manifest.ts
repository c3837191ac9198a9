/** The app's manifest, as it is given to Slack: the local Slack then allows what the real one would. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import type { SandboxManifest } from '../sandbox/index.js'
import { exists } from './commands.js'

/** manifest.yml lies at the root of the package: above src/ and above dist/src/. */
const places = ['../../manifest.yml', '../../../manifest.yml'].map((place) =>
  fileURLToPath(new URL(place, import.meta.url)),
)

export async function readAppManifest(): Promise<SandboxManifest> {
  for (const place of places) {
    // Part of the package; a test holds its form.
    if (await exists(place)) return parse(await readFile(place, 'utf8')) as SandboxManifest
  }
  throw new Error(`there is no manifest.yml at ${places.join(' nor ')}`)
}
