/** Short words to one person: mistakes, refusals, where an answer went. */
import type { ErrorNote } from '../../errors.js'
import { limits } from './limits.js'
import { buttons, type Message, sections } from './message.js'
import { code, escapeLines, escapeText } from './mrkdwn.js'

/** What was wrong, and what to type or do next. */
export function mistake(
  { message, fix }: Pick<ErrorNote, 'message' | 'fix'>,
  more: readonly string[] = [],
): Message {
  const lines = [`⚠️ ${escapeLines(message)}`, `→ ${escapeLines(fix)}`, ...more]
  return { text: lines.slice(0, 2).join('\n'), blocks: sections(lines) }
}

/** A button that opens the form of a line with what is in it; none where the line is longer than a button carries. */
export function formButton(line: string, label = 'Open the form'): Message['blocks'] {
  const plain = line.trim().replace(/(?:^|\s)--form(?=\s|$)/gi, '')
  const command = `${plain} --form`
  return command.length > limits.buttonValue ? [] : buttons([{ label, command }], 'form')
}

/** For where a form could not be opened at once. */
export function formOffer(problem: string | undefined, line: string): Message {
  const button = formButton(line)
  const lines = [
    ...(problem === undefined ? [] : [`⚠️ ${escapeLines(problem)}`]),
    button.length === 0
      ? '→ The line is too long to be kept in a form; type it again.'
      : '→ Fill it in; what you typed is kept.',
  ]
  return { text: lines.join('\n'), blocks: [...sections(lines), ...button] }
}

/** For somebody who has waited a while: it was heard. */
export function stillAtIt(line: string): Message {
  const text = `⏳ Still asking for ${code(`/qnav ${line}`)}; the answer comes here.`
  return { text, blocks: sections([text]) }
}

/** For a line that was taken in, and not worked before the bot stopped. */
export function tooLate(line: string, at: string): Message {
  const lines = [
    `⚠️ You sent ${code(`/qnav ${line}`)} at ${at.slice(0, 16).replace('T', ' ')} UTC, and I stopped at that moment. I was away too long to do it now without being asked again.`,
    '→ Look whether it was begun (`/qnav job list`), then send it again if you still want it.',
  ]
  return { text: lines.join('\n'), blocks: sections(lines) }
}

/** For what nobody expected; the log has the same reference. */
export function somethingWentWrong(reference: string): Message {
  const text = `❌ Something went wrong here (reference ${reference}). The log of the bot says more under that reference.`
  return { text, blocks: sections([text]) }
}

/** Added to an answer that could not go to the channel. */
export function inviteLine(why: string): string {
  return notMember(why)
    ? 'Only you see this: I am not in this channel. Type `/invite @qnav` to have answers here.'
    : `Only you see this: I could not post here (${escapeText(why)}).`
}

/** Slack's ways of saying that the bot is not a member; private channels are "not found". */
function notMember(why: string): boolean {
  return why === 'not_in_channel' || why === 'channel_not_found'
}

/** Instead of a picture. */
export function noPicture(why: string): Message {
  const text = `⚠️ The picture could not be shown: ${escapeText(why)}.`
  return { text, blocks: sections([text]) }
}
