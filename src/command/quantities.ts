/** Sizes and durations as people type them, both ways without loss. */

const sizeUnits: Readonly<Record<string, number>> = { m: 1, g: 1024, t: 1024 * 1024 }

/** MiB of `4G`, `512MiB`, `1.5gb`, or of a bare number of `bareUnitMiB` each; undefined for anything else. Binary always:
 * libvirt and kcli count that way whatever the letter is. */
export function readSize(typed: string, bareUnitMiB: number): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s*(?:([mgt])(?:i?b)?)?$/i.exec(typed)
  if (match === null) return undefined
  const [, number, unit] = match
  return Number(number) * (unit === undefined ? bareUnitMiB : (sizeUnits[unit.toLowerCase()] ?? Number.NaN))
}

/** In the largest unit that needs no fraction: `4G`, `1536M`. */
export function writeSize(mib: number): string {
  for (const unit of ['t', 'g']) {
    const size = sizeUnits[unit] ?? 1
    if (mib >= size && mib % size === 0) return `${mib / size}${unit.toUpperCase()}`
  }
  return `${mib}M`
}

const durationUnits: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]
const weekMs = 7 * 86_400_000

/** Milliseconds of `30m`, `1h30m`, `2w`; each unit at most once, large ones first. Undefined for anything else. */
export function readDuration(typed: string): number | undefined {
  const match = /^(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+)s)?$/i.exec(
    typed.replace(/\s+/g, ''),
  )
  if (match === null || match[0] === '') return undefined
  const [, weeks = '0', ...others] = match
  const ms = durationUnits.reduce(
    (sum, [, size], at) => sum + Number(others[at] ?? 0) * size,
    Number(weeks) * weekMs,
  )
  return Number.isSafeInteger(ms) ? ms : undefined
}

/** `1h30m`. Parts of a second are not shown. */
export function writeDuration(ms: number): string {
  let left = ms
  const parts: string[] = []
  for (const [unit, size] of durationUnits) {
    const n = Math.floor(left / size)
    if (n > 0) parts.push(`${n}${unit}`)
    left -= n * size
  }
  return parts.join('') || '0s'
}
