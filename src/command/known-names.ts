/** Answers to names that nothing has. */
import type { Fleet } from '../agents/agent.js'
import { type ErrorCode, UserError } from '../errors.js'
import { nearest, orList } from './nearest.js'

const maxNamed = 10

/** `There is no image "rokylinux9".` with the nearest names, else with all of them: `unknownName('unknown-image',
 * 'There is no image', typed, images, 'The images are')`. */
export function unknownName(
  code: ErrorCode,
  absent: string,
  typed: string,
  names: readonly string[],
  thereAre: string,
): UserError {
  // The same image may be in several pools.
  const known = [...new Set(names)]
  const close = nearest(typed, known)
  const shown = known.slice(0, maxNamed).join(', ') + (known.length > maxNamed ? ', …' : '')
  return new UserError(code, `${absent} "${typed}".`, {
    fix:
      close.length > 0
        ? `Did you mean ${orList(close)}?`
        : `${thereAre}: ${known.length > 0 ? shown : 'none'}.`,
  })
}

/** The host when there is one only. Throws `missing-argument`, naming the hosts. */
export function onlyHost(fleet: Fleet, path: string): string {
  const [first, ...others] = fleet.agents.map(({ name }) => name)
  if (first !== undefined && others.length === 0) return first
  throw new UserError('missing-argument', `"${path}" needs a host; there are several.`, {
    fix: `Say which one: ${orList([first ?? '', ...others].map((name) => `${path} ${name}`))}.`,
  })
}
