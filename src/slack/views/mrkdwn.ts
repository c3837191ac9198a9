/** Slack's text markup, and the only place where text of people and hosts enters it. */
import type { Person } from '../../jobs/index.js'

/** Text as it is: `&`, `<` and `>` are Slack's control characters (mentions, links, `<!channel>`). */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
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
  return `\`${escapeText(text).replaceAll('`', "'").replaceAll('\n', ' ')}\``
}

const slackUser = /^[UW][A-Z0-9]+$/

/** The person as Slack shows them; somebody at a terminal by name. */
export function mention({ id, name }: Person): string {
  return slackUser.test(id) ? `<@${id}>` : escapeText(name ?? id)
}

/** A time in the reader's own zone, with UTC for clients that cannot (Slack docs: date formatting). */
export function dateTime(iso: string): string {
  const at = new Date(iso)
  const utc = `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  return `<!date^${Math.floor(at.getTime() / 1000)}^{date_short_pretty} {time}|${utc}>`
}
