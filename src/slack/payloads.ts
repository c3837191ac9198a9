/** What Slack sends, checked at the edge: of each payload only what qnav uses. */
import { z } from 'zod'
import { formState } from './views/index.js'

/** Slack's ids are short; a limit keeps nonsense out of logs and journals. */
const id = z.string().min(1).max(64)
/** Slack docs: a message has at most 40,000 characters; a command line is far shorter. */
const longestText = 8000

const person = z.object({ id, name: z.string().optional(), username: z.string().optional() })

export const commandPayload = z.object({
  command: z.string(),
  text: z.string().max(longestText).default(''),
  user_id: id,
  user_name: z.string().optional(),
  channel_id: id,
  trigger_id: z.string().optional(),
  response_url: z.url().optional(),
})

export const actionPayload = z.object({
  type: z.literal('block_actions'),
  user: person,
  channel: z.object({ id }).optional(),
  container: z
    .object({
      channel_id: id.optional(),
      message_ts: z.string().optional(),
      thread_ts: z.string().max(64).optional(),
      view_id: z.string().optional(),
    })
    .optional(),
  /** There when it was clicked in a modal or in the Home tab. */
  view: z.object({ id, type: z.string(), private_metadata: z.string().default('') }).optional(),
  trigger_id: z.string().optional(),
  response_url: z.url().optional(),
  actions: z.array(
    z.object({
      action_id: z.string(),
      block_id: z.string().optional(),
      value: z.string().max(longestText).optional(),
      selected_option: z.object({ value: z.string() }).nullish(),
    }),
  ),
})
export type ActionPayload = z.output<typeof actionPayload>

/** Slack docs: a message has at most 40,000 characters; parsing says what is too long. */
const longestMessage = 40_000

/** A message to the bot: a mention in a channel, or any message in a direct conversation. */
export const messageEvent = z.object({
  channel: id,
  user: id.optional(),
  text: z.string().max(longestMessage).default(''),
  ts: z.string().min(1).max(64),
  thread_ts: z.string().max(64).optional(),
  /** Edits, joins and the like have one. */
  subtype: z.string().optional(),
  bot_id: z.string().optional(),
})
export type MessageEvent = z.output<typeof messageEvent>

const form = z.object({
  id,
  hash: z.string().default(''),
  callback_id: z.string(),
  private_metadata: z.string().default(''),
  state: z.object({ values: formState }),
})

/** A chosen value in a form that something else hangs on. */
export const formAction = z.object({
  type: z.literal('block_actions'),
  view: form,
  actions: z.array(z.object({ action_id: z.string(), block_id: z.string() })).min(1),
})
export type FormAction = z.output<typeof formAction>

export const formSubmission = z.object({ user: person, view: form })
export type FormSubmission = z.output<typeof formSubmission>

/** Slack tells of both tabs; a message may have been written in the other one. */
export const homeOpened = z.object({ user: id, tab: z.string() })

/** Somebody types into a select whose options come from the bot. */
export const suggesting = z.object({
  type: z.literal('block_suggestion'),
  action_id: z.string(),
  block_id: z.string(),
  value: z.string().max(500).default(''),
  view: form,
})
export type Suggesting = z.output<typeof suggesting>

export const viewPayload = z.object({
  user: person,
  view: z.object({
    callback_id: z.string(),
    private_metadata: z.string().default(''),
    state: z.object({
      values: z.record(z.string(), z.record(z.string(), z.looseObject({ value: z.string().nullish() }))),
    }),
  }),
})
