import type { ModalView } from '@slack/types'
import type { Job } from '../../jobs/index.js'
import { type DenyMetadata, denyCallback, reasonBlock, reasonInput } from './ids.js'
import { section } from './message.js'
import { bold, clip, code, escapeText, mention } from './mrkdwn.js'

/** Characters a reason may have: it goes into the audit log and onto both cards. */
export const longestReason = 500

/** Asks why; the requester will read the answer. */
export function denyModal(job: Job, metadata: DenyMetadata): ModalView {
  const what = `${bold(job.plan?.summary ?? job.title)}\n${mention(job.requester)} · ${code(clip(job.title, 500))}`
  return {
    type: 'modal',
    callback_id: denyCallback,
    private_metadata: JSON.stringify(metadata),
    title: { type: 'plain_text', text: 'Deny request' },
    submit: { type: 'plain_text', text: 'Deny' },
    close: { type: 'plain_text', text: 'Back' },
    blocks: [
      section(what),
      {
        type: 'input',
        block_id: reasonBlock,
        label: { type: 'plain_text', text: 'Reason' },
        hint: {
          type: 'plain_text',
          text: `${escapeText(job.id)} ends; the requester sees who denied it and why.`,
        },
        element: {
          type: 'plain_text_input',
          action_id: reasonInput,
          multiline: true,
          min_length: 1,
          max_length: longestReason,
          focus_on_load: true,
        },
      },
    ],
  }
}
