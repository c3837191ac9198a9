/** How a form and its fields are named, what a form carries, and how what comes back is read. */
import { z } from 'zod'
import {
  type ArgumentDescription,
  type ArgumentKind,
  type Command,
  describeArguments,
  type FormValue,
  type FormValues,
} from '../../command/index.js'
import { clip } from './mrkdwn.js'

export const formCallback = 'form'
/** The action id of every field: blocks tell them apart. */
export const fieldAction = 'field'

/** Where what a form asks for is answered. */
export const answerPlace = z.object({
  channel: z.string(),
  thread: z.string().exactOptional(),
  responseUrl: z.url().exactOptional(),
  /** In the same modal: it was opened where there is no channel. */
  isAnsweredHere: z.boolean(),
})
export type AnswerPlace = z.output<typeof answerPlace>

/** What a form knows about itself when it comes back. */
export const formMetadata = answerPlace.extend({
  path: z.string(),
  /** Raised when fields were emptied because what they hang on changed: Slack keeps what is in a field of the same name. */
  round: z.int(),
  /** What the lists follow, for queries that come without what is in the other fields. */
  leaders: z.object({ host: z.string().exactOptional(), vm: z.string().exactOptional() }),
})
export type FormMetadata = z.output<typeof formMetadata>

/** What lists follow: images are those of the chosen host, snapshots those of the chosen VM. */
export const leaderOf: Partial<Record<ArgumentKind, 'host' | 'vm'>> = {
  image: 'host',
  profile: 'host',
  network: 'host',
  pool: 'host',
  snapshot: 'vm',
}

/** `arg:image:2`: the name of the argument, and the round for those that are emptied. */
export function blockOf({ name, kind }: Pick<ArgumentDescription, 'name' | 'kind'>, round: number): string {
  return leaderOf[kind] === undefined ? `arg:${name}` : `arg:${name}:${round}`
}

export function argumentOf(blockId: string): string | undefined {
  return /^arg:([A-Za-z0-9]+)(?::\d+)?$/.exec(blockId)?.[1]
}

/** By the names of the blocks, as Slack wants errors. */
export function errorsByBlock(
  command: Command,
  { round }: FormMetadata,
  mistakes: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    describeArguments(command).flatMap((field) => {
      const mistake = mistakes[field.name]
      return mistake === undefined ? [] : [[blockOf(field, round), clip(mistake, 300)]]
    }),
  )
}

/** The arguments whose lists follow what this one says. */
export function followersOf(command: Command, name: string): ArgumentDescription[] {
  const all = describeArguments(command)
  const leader = all.find((field) => field.name === name)
  return leader === undefined ? [] : all.filter(({ kind }) => leaderOf[kind] === leader.kind)
}

/** The host and the VM that a form names, for what follows them. */
export function leadersIn(command: Command, values: FormValues): FormMetadata['leaders'] {
  const leaders: FormMetadata['leaders'] = {}
  for (const { name, kind } of describeArguments(command)) {
    const value = values[name]
    if ((kind === 'host' || kind === 'vm') && typeof value === 'string' && value !== '') leaders[kind] = value
  }
  return leaders
}

const chosen = z.object({ value: z.string() })
/** The state of one field, whichever element it is (Slack docs: view state values). */
const fieldState = z.looseObject({
  type: z.string(),
  value: z.string().nullish(),
  selected_option: chosen.nullish(),
  selected_options: z.array(chosen).nullish(),
  selected_user: z.string().nullish(),
  selected_users: z.array(z.string()).nullish(),
  /** "14:00" */
  selected_time: z.string().nullish(),
  /** Seconds since 1970. */
  selected_date_time: z.int().nullish(),
})
export const formState = z.record(z.string(), z.record(z.string(), fieldState))

/** What is in the fields. */
export function valuesIn(state: z.output<typeof formState>): FormValues {
  return Object.fromEntries(
    Object.entries(state).flatMap(([block, elements]) => {
      const name = argumentOf(block)
      const field = elements[fieldAction]
      if (name === undefined || field === undefined) return []
      const value = fieldValue(field)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function fieldValue(field: z.output<typeof fieldState>): FormValue | undefined {
  if (field.type === 'checkboxes') return (field.selected_options ?? []).length > 0
  return (
    field.value ??
    field.selected_option?.value ??
    field.selected_user ??
    field.selected_time ??
    timeOf(field.selected_date_time) ??
    field.selected_users ??
    field.selected_options?.map(({ value }) => value) ??
    undefined
  )
}

function timeOf(seconds: number | null | undefined): string | undefined {
  return typeof seconds === 'number' ? new Date(seconds * 1000).toISOString() : undefined
}
