/** Timing for benches: medians and percentiles of repeated runs, and the ratio rows that `npm run bench` prints. */

/** One comparison. `ratio` is `other / ours` where less is better for both (times, bytes). */
export interface Comparison {
  name: string
  ours: number
  other: number
  /** What `other` is: what a user would run instead. */
  against: string
  unit: 'ms' | 'MB'
  ratio: number
  /** What the ratio has to be, in words: "≥ 20". Empty when there is no target. */
  target: string
  met: boolean
}

/** Milliseconds of each of `runs` runs, after one that does not count. */
export async function time(runs: number, work: () => Promise<unknown>): Promise<number[]> {
  await work()
  const samples: number[] = []
  for (let run = 0; run < runs; run++) {
    const begin = performance.now()
    await work()
    samples.push(performance.now() - begin)
  }
  return samples
}

export function percentile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor((p / 100) * sorted.length))]
  if (value === undefined) throw new Error('no samples')
  return value
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 50)
}

/** A row that is met when we are at least `times` as fast (or small) as `other`. */
export function atLeast(
  times: number,
  row: Pick<Comparison, 'name' | 'ours' | 'other' | 'against' | 'unit'>,
): Comparison {
  const ratio = row.other / row.ours
  return { ...row, ratio, target: `≥ ${Number(times.toFixed(2))}`, met: ratio >= times }
}
