/**
 * Whether the words that were given are enough, and who is needed yet. A rule has places: one for each role that it names, the
 * others for anybody who decides. Each person takes one place at most, whichever leaves most for the others; so the order in
 * which people speak makes no difference.
 */
import { hoursInWords } from '../policy/index.js'
import type { ApprovalRule, Job, Person, Verdict } from './job.js'

/** Somebody who may speak: what they were when they did, as policy says. */
export type Voice = Pick<Verdict, 'by' | 'roles' | 'decides'>

export interface Tally {
  outcome: 'open' | 'granted' | 'denied'
  /** Places that are taken, of how many. */
  given: number
  needed: number
  /** One of each of these would bring it further: roles, and whether anybody who decides would. */
  missing: { roles: string[]; anybody: boolean }
}

/** What was asked and said about a request. One word against it is enough; the requester's own does not count. */
export interface Hearing {
  rule: ApprovalRule
  requester: Pick<Person, 'id'>
  verdicts: readonly Verdict[]
}

export function tallyOf({ rule, requester, verdicts }: Hearing): Tally {
  const heard = verdicts.filter(({ by }) => by.id !== requester.id)
  const approvals = heard.filter(({ verdict }) => verdict === 'approve')
  const voices = approvals.filter(
    ({ by }, index) => approvals.findIndex((each) => each.by.id === by.id) === index,
  )
  const places = placesOf(rule)
  const given = placesTaken(places, voices)
  const isDenied = heard.some(({ verdict }) => verdict === 'deny')
  const isMissing = (voice: Omit<Voice, 'by'>) =>
    placesTaken(places, [...voices, { by: { id: '' }, ...voice }]) > given
  return {
    outcome: isDenied ? 'denied' : given >= places.length ? 'granted' : 'open',
    given,
    needed: places.length,
    missing: {
      roles: [...new Set(rule.from)].filter((role) => isMissing({ roles: [role], decides: false })),
      anybody: isMissing({ roles: [], decides: true }),
    },
  }
}

/** Whether this person has anything to say about it at all. */
export function isHeard(rule: ApprovalRule, voice: Omit<Voice, 'by'>): boolean {
  return placesOf(rule).some((place) => fits(voice, place))
}

/** Whether this person's yes would bring it further. */
export function wouldHelp(hearing: Hearing, voice: Voice): boolean {
  const { rule, requester, verdicts } = hearing
  if (voice.by.id === requester.id || verdicts.some(({ by }) => by.id === voice.by.id)) return false
  const after = [...verdicts, { ...voice, verdict: 'approve' as const, at: '' }]
  return tallyOf({ rule, requester, verdicts: after }).given > tallyOf(hearing).given
}

/** "1 of 2: needs somebody of security"; "1 of 2 approvals" where anybody who decides will do. */
export function tallyInWords(tally: Tally): string {
  const { given, needed, missing } = tally
  const count = `${given} of ${needed} ${needed === 1 ? 'approval' : 'approvals'}`
  if (tally.outcome !== 'open') return count
  const kinds = [
    ...missing.roles.map((role) => `somebody of ${role}`),
    ...(missing.anybody && missing.roles.length > 0 ? ['another approver'] : []),
  ]
  const open = needed - given
  if (kinds.length === 0) return count
  const some = kinds.length > open
  const joined = listOf(kinds, some ? 'or' : 'and')
  if (some && open > 1) return `${given} of ${needed}: needs ${open} of: ${joined}`
  return `${given} of ${needed}: needs ${joined}${kinds.length < open ? `, ${open} in all` : ''}`
}

/** "2 approvals of others than the one who asks: one of operator, one of security; in mon-fri 08:00-18:00 (UTC)" */
export function ruleInWords({ approvers, from = [], within }: ApprovalRule): string {
  const whom = from.map((role) => `one of ${role}`).join(', ')
  return [
    `${approvers} ${approvers === 1 ? 'approval' : 'approvals'} of others than the one who asks`,
    ...(whom === '' ? [] : [`: ${whom}`]),
    ...(within === undefined ? [] : [`; in ${hoursInWords(within)}`]),
  ].join('')
}

/** What a request that waits, or was decided, has and needs. */
export function approvalInWords({ approval, requester }: Pick<Job, 'approval' | 'requester'>): string {
  return approval === undefined ? '' : tallyInWords(tallyOf({ ...approval, requester }))
}

/** A role, or undefined for anybody who decides. */
type Place = string | undefined

function placesOf({ approvers, from = [] }: ApprovalRule): Place[] {
  return [...from, ...Array<Place>(Math.max(0, approvers - from.length)).fill(undefined)]
}

/** Words of older versions were those of people who decide. */
function fits({ roles = [], decides = true }: Omit<Voice, 'by'>, place: Place): boolean {
  return place === undefined ? decides : roles.includes(place)
}

/** The most places that these people can take together: matching by augmenting paths. */
function placesTaken(places: readonly Place[], voices: readonly Voice[]): number {
  const takenBy = new Map<number, Voice>()
  const seat = (voice: Voice, tried: Set<number>): boolean => {
    for (const [index, place] of places.entries()) {
      if (tried.has(index) || !fits(voice, place)) continue
      tried.add(index)
      const sitting = takenBy.get(index)
      if (sitting !== undefined && !seat(sitting, tried)) continue
      takenBy.set(index, voice)
      return true
    }
    return false
  }
  return voices.filter((voice) => seat(voice, new Set())).length
}

function listOf(words: readonly string[], word: 'and' | 'or'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${word} ${words.at(-1)}`
}
