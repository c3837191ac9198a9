/** Ids that people type from a screen or say on the phone. */
import { randomInt } from 'node:crypto'

/** a-z and 2-9 without i, l and o, which look like 1 and 0. */
const characters = 'abcdefghjkmnpqrstuvwxyz23456789'

/** The prefix, "-" and five characters: 28 million ids. The caller makes sure that it is not taken. */
export function randomId(prefix: string): string {
  return `${prefix}-${Array.from({ length: 5 }, () => characters.charAt(randomInt(characters.length))).join('')}`
}
