/** How much of a lease is left, in words. */
import { timeInWords } from './time-in-words.js'

const units = [
  { ms: 86_400_000, word: 'd' },
  { ms: 3_600_000, word: 'h' },
  { ms: 60_000, word: 'min' },
] as const

/** "3 d left", "lease over": in the largest unit, rounded down, because nobody plans by the rest. */
export function timeLeft(ends: string, now: number): string {
  const left = Date.parse(ends) - now
  if (left <= 0) return 'lease over'
  const unit = units.find(({ ms }) => left >= ms)
  return unit === undefined ? 'less than 1 min left' : `${Math.floor(left / unit.ms)} ${unit.word} left`
}

/** "until 2026-12-01 14:00 UTC, 3 d left" */
export function leaseInWords(ends: string, now: number): string {
  return `until ${timeInWords(ends)}, ${timeLeft(ends, now)}`
}
