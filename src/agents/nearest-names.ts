/** Which known names somebody may have meant. */
import { distance } from 'fastest-levenshtein'

/** At most `limit` of `known` that are close to `typed`, closest first; none when nothing is close. */
export function nearestNames(typed: string, known: readonly string[], limit = 3): string[] {
  const wanted = typed.toLowerCase()
  const tolerance = Math.max(2, Math.floor(wanted.length / 3))
  return [...new Set(known)]
    .map((name) => ({ name, off: farness(wanted, name, tolerance) }))
    .filter(({ off }) => off <= tolerance)
    .sort((a, b) => a.off - b.off || a.name.localeCompare(b.name))
    .slice(0, limit)
    .map(({ name }) => name)
}

// Somebody who typed the beginning of a name meant that name, however long its rest is.
function farness(wanted: string, known: string, tolerance: number): number {
  const name = known.slice(0, longest).toLowerCase()
  if (wanted !== '' && name.startsWith(wanted)) return 1
  // At least as many steps as one is longer; a host may send names of megabytes.
  const least = Math.abs(wanted.length - known.length)
  return least > tolerance ? least : distance(wanted, name)
}

/** Characters of a name that are looked at: more than anybody types. */
const longest = 8192
