const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const shortestMs = 60_000
export const dayMs = 86_400_000

/** Milliseconds of `30m`, `4h`, `1d12h`; undefined for anything else and for less than a minute or more than `longestMs`,
 * 30 days when left out. */
export function parseDuration(text: string, longestMs = 30 * dayMs): number | undefined {
  if (!/^(?:\d{1,6}[smhd])+$/.test(text)) return undefined
  const ms = [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, digits, unit]) => sum + Number(digits) * (unitMs[unit ?? ''] ?? 0),
    0,
  )
  return ms >= shortestMs && ms <= longestMs ? ms : undefined
}
