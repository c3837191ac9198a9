/** Writing sizes, durations and counts for people. One place, so that units look the same everywhere. */

/** MiB as people read it: `512 MiB`, `2 GiB`, `1.5 GiB`. */
export function showMiB(mib: number): string {
  if (mib < 1024) return `${Math.round(mib)} MiB`
  if (mib < 1024 * 1024) return `${trim(mib / 1024)} GiB`
  return `${trim(mib / 1024 / 1024)} TiB`
}

/** Milliseconds as people read them: `850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function showDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const s = Math.round(ms / 1000)
  const units: [number, string][] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ]
  const first = units.findIndex(([size]) => s >= size)
  const parts: string[] = []
  let left = s
  for (const [size, unit] of units.slice(first, first + 2)) {
    const n = Math.floor(left / size)
    if (n > 0) parts.push(`${n} ${unit}`)
    left -= n * size
  }
  return parts.join(' ')
}

/** `1 VM`, `3 VMs`. */
export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${n} ${n === 1 ? singular : plural}`
}

function trim(n: number): string {
  return n >= 100 ? String(Math.round(n)) : String(Math.round(n * 10) / 10)
}
