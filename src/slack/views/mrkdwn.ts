/** Slack's text markup, and the only place where text of people and hosts enters it. */
import type { Person } from '../../jobs/index.js'

/** Text as it is, on one line: `&`, `<` and `>` are Slack's control characters (mentions, links, `<!channel>`), and a
 * value that could begin a line could say there what only we may say. */
export function escapeText(text: string): string {
  return escapeLines(oneLine(text))
}

/** As escapeText, for what may have several lines. */
export function escapeLines(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

export function oneLine(text: string): string {
  return text.replace(/[\n\r\v\f\u0085\u2028\u2029]+/g, ' ')
}

/** At most `max` characters; what is cut is shown by an ellipsis. Never cuts an escaped character or a pair in two. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text
  const cut = text.slice(0, Math.max(0, max - 1)).replace(/(?:&[a-z]{0,3}|[\uD800-\uDBFF])$/, '')
  return `${cut}…`
}

export function bold(text: string): string {
  return `*${escapeText(text).replaceAll('*', '∗')}*`
}

/** Inline code; a backtick inside would end it. */
export function code(text: string): string {
  return `\`${escapeText(text).replaceAll('`', "'")}\``
}

const slackUser = /^[UW][A-Z0-9]+$/

/** The person as Slack shows them; somebody at a terminal by name. */
export function mention({ id, name }: Person): string {
  return slackUser.test(id) ? `<@${id}>` : escapeText(name ?? id)
}

/** What stands under these names is a person: an id of Slack, or a name. */
const personLabels = new Set(['Owner', 'Requester', 'Asked by'])

/** Whether the value under that name is somebody of Slack. */
export function isSlackUser(label: string, value: string): boolean {
  return personLabels.has(label) && slackUser.test(value)
}

/** A value as it is, people by mention: they are told of it. */
export function valueUnder(label: string, value: string): string {
  return isSlackUser(label, value) ? mention({ id: value }) : escapeText(value)
}

/** Direct messages have ids of their own kind; a user id stands for the one with that user. */
export function isDirect(channel: string): boolean {
  return /^[DUW]/.test(channel)
}

/** Where something was asked, as others read it. */
export function placeName(channel: string): string {
  return isDirect(channel) ? 'a direct message' : `<#${channel}>`
}

/** A time in the reader's own zone, with UTC for clients that cannot (Slack docs: date formatting). */
export function dateTime(iso: string): string {
  const at = new Date(iso)
  const utc = `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return `<!date^${Math.floor(at.getTime() / 1000)}^{date_short_pretty} {time}|${utc}>`
}
