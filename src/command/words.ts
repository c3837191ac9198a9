/** From a typed line to words, the way a shell would split it, forgiving what phones and Slack do to text. */
import { UserError } from '../errors.js'

export interface Word {
  /** As a person reads it: `@ann` for Slack's `<@U123|ann>`. */
  text: string
  /** The same with Slack's references kept as ids: `<@U123>`. */
  raw: string
  /** Its beginning was quoted or escaped: never a flag. */
  quoted: boolean
}

/** Any of these closes what any other opened: phones mix them. */
const doubleQuotes = /["\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033]/
const singleQuotes = /['\u2018\u2019\u201a\u201b\u2032]/
const noBreakSpace = /[\u00a0\u2007\u202f]/
/** Invisible leftovers of copying: no part of any name. Zero-width joiners stay, emoji are made of them. */
const invisible = /[\u200b\u200e\u200f\u2060\u202a-\u202e\u2066-\u2069\ufeff]/
/** Dashes that keyboards make of `--`, and hyphens that look like `-`. */
const dashes = /^[-\u2010-\u2015\u2212]+(?=[a-z])/i
const longDash = /[\u2012-\u2015]/

/** Slack escapes these three and nothing else (Slack docs: formatting text). */
const entity = /&(amp|lt|gt);/y
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>' }

/** `<@U1|ann>`, `<#C1|name>`, `<!subteam^S1|@ops>`, `<!here>`, `<https://x|label>`. */
const reference = /<(?:([@#!])(?:subteam\^)?([^<>|]+)|([a-z][a-z0-9+.-]*:[^<>|\s]+))(?:\|([^<>]*))?>/iy

/** Splits a line into words. Throws `bad-argument` on a quote that is not closed. */
export function wordsOf(line: string): Word[] {
  const words: Word[] = []
  let word: Word | undefined
  let open: { kind: RegExp; at: number } | undefined
  const grow = (text: string, { raw = text, quoted = false } = {}) => {
    word ??= { text: '', raw: '', quoted }
    word.text += text
    word.raw += raw
  }
  const end = () => {
    if (word !== undefined) words.push(withPlainDashes(word))
    word = undefined
  }

  let at = 0
  while (at < line.length) {
    const c = line.charAt(at)
    const found = open?.kind === singleQuotes ? undefined : slackPart(line, at)
    if (found !== undefined) {
      grow(found.text, { raw: found.raw, quoted: open !== undefined })
      at += found.length
    } else if (c === '\\' && open?.kind !== singleQuotes && at + 1 < line.length) {
      // Slack's escape for the next character is that character, as it was typed.
      const next = escapedAt(line, at + 1) ?? { text: line.charAt(at + 1), length: 1 }
      grow(next.text, { quoted: true })
      at += 1 + next.length
    } else if (open !== undefined) {
      if (open.kind.test(c) && (open.kind === doubleQuotes || !isInsideWord(line, at))) open = undefined
      else grow(noBreakSpace.test(c) ? ' ' : c, { quoted: true })
      at += 1
    } else {
      const kind = openedBy(c, line, at, word)
      if (kind !== undefined) {
        open = { kind, at }
        grow('', { quoted: true })
      } else if (/\s/.test(c)) end()
      else if (!invisible.test(c)) grow(c)
      at += 1
    }
  }
  end()
  if (open !== undefined) throw notClosed(line, open.at)
  return words
}

function openedBy(c: string, line: string, at: number, word: Word | undefined): RegExp | undefined {
  if (doubleQuotes.test(c)) return doubleQuotes
  // An apostrophe inside a word ("don't") is none; one at a word's beginning, or after = or a comma, is.
  const begins = word === undefined || /[=,]/.test(line.charAt(at - 1))
  return singleQuotes.test(c) && begins ? singleQuotes : undefined
}

/** Whether a single quote here is an apostrophe: a letter or digit follows. */
function isInsideWord(line: string, at: number): boolean {
  return /[\p{L}\p{N}]/u.test(line.charAt(at + 1))
}

function escapedAt(line: string, at: number): { text: string; length: number } | undefined {
  entity.lastIndex = at
  const [whole, name = ''] = entity.exec(line) ?? []
  return whole === undefined ? undefined : { text: entities[name] ?? '', length: whole.length }
}

function slackPart(line: string, at: number): { text: string; raw: string; length: number } | undefined {
  const escaped = escapedAt(line, at)
  if (escaped !== undefined) return { ...escaped, raw: escaped.text }
  reference.lastIndex = at
  const match = reference.exec(line)
  if (match === null) return undefined
  const [whole, sign, id = '', address, label] = match
  const { length } = whole
  if (address !== undefined) {
    const text = linkText(address, label)
    return { text, raw: text, length }
  }
  const raw = whole.slice(0, 1 + whole.slice(1).search(/[|>]/))
  const name = label?.replace(/^[@#]/, '') || id
  return { text: `${sign === '#' ? '#' : '@'}${name}`, raw: `${raw}>`, length }
}

/** Slack links whatever looks like an address: `web1.example.com` arrives as `<http://web1.example.com|web1.example.com>`
 * and `web1@kvm1.example.com` as a mail address. Those were typed as their label. */
function linkText(address: string, label: string | undefined): string {
  const bare = address.replace(/^(?:https?:\/\/|mailto:|tel:)/i, '').replace(/\/$/, '')
  if (label === bare) return label
  return /^(?:mailto|tel):/i.test(address) ? bare : address
}

function withPlainDashes(word: Word): Word {
  const [typed] = word.quoted ? [] : (dashes.exec(word.text) ?? [])
  if (typed === undefined) return word
  const plain = longDash.test(typed) ? '--' : '-'.repeat(typed.length)
  return {
    text: plain + word.text.slice(typed.length),
    raw: plain + word.raw.slice(typed.length),
    quoted: false,
  }
}

function notClosed(line: string, at: number): UserError {
  const quote = line.charAt(at)
  return new UserError(
    'bad-argument',
    `A quote (${quote}) is opened and not closed: ${line.slice(at).trim()}`,
    {
      fix: `Close it: ${line.trim()}${singleQuotes.test(quote) ? "'" : '"'}`,
    },
  )
}

const needsEscape = /["\\\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u00a0\u2007\u202f]/g
/** What looks like Slack's own writing. Broken up behind its first sign, because Slack escapes that one when the line is
 * typed there again. */
const looksLikeSlack = /[&<](?=[a-z@#!])/gi

/** A value as it has to be typed to come back unchanged, in Slack and in a terminal. */
export function quoteWord(value: string): string {
  const isPlain = /^[\w@%+:./][\w@%+=:,./-]*$/.test(value)
  return isPlain ? value : `"${value.replace(needsEscape, '\\$&').replace(looksLikeSlack, '$&\\')}"`
}
