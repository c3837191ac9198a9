/** "Did you mean": names close to what was typed. */
import { distance } from 'fastest-levenshtein'

const maxOffered = 3

/** At most three, best first: names that start with what was typed, or are a few letters away from it. */
export function nearest(typed: string, names: readonly string[]): string[] {
  const wanted = typed.toLowerCase()
  // Two letters that changed places are two steps.
  const tolerance = wanted.length < 4 ? 1 : Math.max(2, Math.floor(wanted.length / 3))
  return names
    .map((name) => ({
      name,
      far: name.startsWith(wanted) && wanted !== '' ? 0 : steps(wanted, name, tolerance),
    }))
    .filter(({ far }) => far <= tolerance)
    .toSorted((a, b) => a.far - b.far || a.name.localeCompare(b.name))
    .slice(0, maxOffered)
    .map(({ name }) => name)
}

/** Names come from hosts too and may be very long; as many steps as they are longer or shorter it is at least. */
function steps(wanted: string, name: string, tolerance: number): number {
  const least = Math.abs(wanted.length - name.length)
  return least > tolerance ? least : distance(wanted, name.toLowerCase())
}

/** `a`, `a or b`, `a, b or c`. */
export function orList(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? ''
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}
