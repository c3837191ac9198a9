/** For the owner of a VM: its lease is over soon. */
import type { LeaseNotice } from '../../leases/index.js'
import { buttons, type Message, sections } from './message.js'
import { bold, dateTime, escapeText } from './mrkdwn.js'

export function leaseNotice({ vm, host, leaseEnds, left, actions }: LeaseNotice): Message {
  const text = `⏳ ${escapeText(vm)} on ${escapeText(host)}: ${left} of its lease`
  return {
    text,
    blocks: [
      ...sections([bold(text), `It is shut off at ${dateTime(leaseEnds)}, and kept: nothing is deleted.`]),
      ...buttons(actions, 'lease'),
    ],
  }
}
