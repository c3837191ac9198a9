/** What somebody likes: where their VMs go, their key, their clock, and when they sleep. */
import { z } from 'zod'
import { isTimeZone, nextWithin } from '../policy/index.js'

export const preferencesForm = z.object({
  /** Where new VMs go when no host is named. */
  host: z.string().exactOptional(),
  /** A public key for new VMs when none is given. */
  sshKey: z.string().exactOptional(),
  /** IANA name, such as Europe/Amsterdam; UTC when absent. */
  timeZone: z.string().refine(isTimeZone).exactOptional(),
  /** When direct messages wait, in that time zone: "22:00-07:00". */
  quiet: z
    .string()
    .refine((text) => quietHours(text) !== undefined)
    .exactOptional(),
})
export type Preferences = z.output<typeof preferencesForm>

/** From one time of day to another, over midnight too; undefined for what is none. */
export function quietHours(text: string): { from: string; to: string } | undefined {
  const time = '(?:[01]\\d|2[0-3]):[0-5]\\d'
  const [, from, to] = new RegExp(`^(${time})-(${time})$`).exec(text) ?? []
  return from === undefined || to === undefined || from === to ? undefined : { from, to }
}

/** When quiet hours that are on now end, in milliseconds since 1970; undefined while they are not on. */
export function quietUntil({ quiet, timeZone = 'UTC' }: Preferences, now: number): number | undefined {
  const hours = quiet === undefined ? undefined : quietHours(quiet)
  if (hours === undefined) return undefined
  const { from, to } = hours
  // The rest of the day: one piece where quiet goes over midnight, else what is before and after it.
  const windows =
    from > to
      ? [`mon-sun ${to}-${from}`]
      : [...(from === '00:00' ? [] : [`mon-sun 00:00-${from}`]), `mon-sun ${to}-24:00`]
  const awake = nextWithin({ windows, timeZone }, now)
  return awake > now ? awake : undefined
}
