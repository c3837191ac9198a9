/** Parts of wholes as bars, e.g. how much of its memory each host has left. */

export interface Chart {
  title: string
  /** Of every number: "GiB", "%". */
  unit: string
  bars: Bar[]
}

export interface Bar {
  /** Different for each bar. */
  label: string
  used: number
  /** At least `used`. */
  whole: number
}

const longestLabel = 12
const barSigns = 10

/** A line for each bar, narrow enough for a phone: "default  ██████░░░░  61 % of 500 GiB". */
export function chartLines({ unit, bars }: Chart): string[] {
  const labels = bars.map(({ label }) =>
    label.length <= longestLabel ? label : `${label.slice(0, longestLabel - 1)}…`,
  )
  const width = Math.max(0, ...labels.map((label) => label.length))
  return bars.map(({ used, whole }, index) => {
    const part = whole <= 0 ? 0 : Math.min(1, Math.max(0, used / whole))
    const full = Math.round(part * barSigns)
    const bar = '█'.repeat(full) + '░'.repeat(barSigns - full)
    const share = `${Math.round(part * 100)}`.padStart(3)
    const of = unit === '%' ? '' : ` of ${short(whole)} ${unit}`
    return `${(labels[index] ?? '').padEnd(width)} ${bar} ${share} %${of}`
  })
}

/** 15.6, 500: no more digits than anybody needs. */
function short(value: number): string {
  return String(value < 100 ? Math.round(value * 10) / 10 : Math.round(value))
}
