/** What a filled form would change, before it is asked for. */
import type { ModalView } from '@slack/types'
import { z } from 'zod'
import { ruleInWords } from '../../jobs/index.js'
import type { Preview } from '../../request/index.js'
import { answerPlace } from './form-fields.js'
import { plainModal } from './form-modal.js'
import { changeLines, factLines, warningLines } from './job-words.js'
import { context, sections } from './message.js'
import { bold, code, escapeText } from './mrkdwn.js'
import { formButton } from './notices.js'

export const planCallback = 'plan'

/** What is asked for when the plan is agreed to, and where. */
export const planMetadata = answerPlace.extend({ line: z.string() })
export type PlanMetadata = z.output<typeof planMetadata>

/** Slack docs: what a view carries has at most 3000 characters. */
export const longestMetadata = 3000

/** A plan that cannot work has no button to go ahead, only one to change it. */
export function planModal({ plan, approval }: Preview, metadata: PlanMetadata): ModalView {
  const { line } = metadata
  const isReady = plan.kind === 'ready'
  const blockers = isReady
    ? []
    : plan.blockers.flatMap(({ message, fix }) => [`❌ ${escapeText(message)}`, `→ ${escapeText(fix)}`])
  const next =
    approval === undefined
      ? 'It is done at once.'
      : `🔐 It then waits for ${escapeText(ruleInWords(approval))}.`
  return {
    ...plainModal(line, ''),
    ...(isReady ? { submit: { type: 'plain_text', text: 'Go ahead' } } : {}),
    callback_id: planCallback,
    private_metadata: JSON.stringify(metadata),
    blocks: [
      ...sections([bold(plan.summary), ...changeLines(plan), ...factLines(plan), ...warningLines(plan)]),
      ...sections(blockers),
      ...(isReady ? context([next]) : []),
      ...context([code(`/qnav ${line}`)]),
      ...formButton(line, 'Change it'),
    ],
  }
}
