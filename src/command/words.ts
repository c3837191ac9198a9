/** From a typed line to words, the way a shell would split it, forgiving what phones and Slack do to text. */
import { UserError } from '../errors.js'

export interface Word {
  text: string
  /** At least a part was quoted: never a flag. */
  quoted: boolean
}

/** Slack escapes these three and nothing else (Slack docs: formatting text). */
const entities: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' }

/** What the keyboards of phones turn quotes, dashes and blanks into. */
function plain(text: string): string {
  return text
    .replace(/[\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033]/g, '"')
    .replace(/[\u2018\u2019\u201a\u201b\u2032]/g, "'")
    .replace(/[\u00a0\u2007\u202f]/g, ' ')
    .replace(/\u200b|\u200c|\u200d|\u2060|\ufeff/g, '')
    .replace(/(^|\s)[\u2014\u2013\u2012\u2015](?=[a-z])/gi, '$1--')
    .replace(/(^|\s)-[\u2014\u2013](?=[a-z])/gi, '$1--')
}

/**
 * Slack's escaped references as a person would have typed them: `<@U123|ann>` stays `<@U123>`, `<#C1|general>` stays
 * `<#C1>`, `<!subteam^S1|@ops>` becomes `<!subteam^S1>`, `<https://x|label>` becomes the address.
 */
function unlinked(text: string): string {
  return text
    .replace(/<((?:[@#]|!subteam\^)[A-Z0-9]+)(?:\|[^>]*)?>/g, '<$1>')
    .replace(/<((?:https?|ssh|mailto):[^|>\s]+)(?:\|([^>]*))?>/g, (_, address: string, label?: string) =>
      address.startsWith('mailto:') ? (label ?? address.slice('mailto:'.length)) : address,
    )
    .replace(/&(?:amp|lt|gt);/g, (entity) => entities[entity] ?? entity)
}

/** Splits a line into words. Throws `bad-argument` on a quote that is not closed. */
export function wordsOf(line: string): Word[] {
  const text = plain(unlinked(line))
  const words: Word[] = []
  let word: Word | undefined
  let quote: string | undefined
  for (let at = 0; at < text.length; at++) {
    const c = text[at] as string
    if (quote !== undefined) {
      if (c === quote) quote = undefined
      else if (c === '\\' && quote === '"' && at + 1 < text.length)
        word = grown(word, text[++at] as string, true)
      else word = grown(word, c, true)
    } else if (c === '"' || (c === "'" && startsQuote(text, at, word))) {
      quote = c
      word = grown(word, '', true)
    } else if (c === '\\' && at + 1 < text.length) word = grown(word, text[++at] as string, true)
    else if (/\s/.test(c)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = grown(word, c, false)
  }
  if (quote !== undefined) {
    throw new UserError('bad-argument', `A quote (${quote}) is opened and not closed in: ${line.trim()}`, {
      fix: `Close it, or leave it out where a value has no blanks.`,
    })
  }
  if (word !== undefined) words.push(word)
  return words
}

/** An apostrophe inside a word ("don't") is not a quote; one at a word's beginning or after `=` is. */
function startsQuote(text: string, at: number, word: Word | undefined): boolean {
  return word === undefined || text[at - 1] === '='
}

function grown(word: Word | undefined, text: string, quoted: boolean): Word {
  return { text: (word?.text ?? '') + text, quoted: quoted || (word?.quoted ?? false) }
}

/** A value as it has to be typed to come back unchanged. */
export function quoteWord(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) && !value.startsWith('-')
    ? value
    : `"${value.replace(/["\\]/g, '\\$&')}"`
}
