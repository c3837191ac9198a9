/** A plan in words. */
import type { Change } from '../report/index.js'

/** "2 → 4", "new: 2 CPUs", "gone: 20 GiB". */
export function changeText({ from, to }: Change): string {
  if (from === undefined) return `new: ${to}`
  if (to === undefined) return `gone: ${from}`
  return `${from} → ${to}`
}
