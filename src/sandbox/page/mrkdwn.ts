/** Slack's mrkdwn: *bold*, _italic_, ~strike~, `code`, ```blocks```, > quotes, <links> and mentions. */
import { type Inline, plainInlines, unescapeText } from './inline.js'

const styles = { '*': 'bold', _: 'italic', '~': 'strike' } as const
/** A style opens after a space, punctuation or the start, and closes before one. */
const styled = /(?<=^|[\s([{"'.,;:!?>|/-]|[*_~])([*_~])(?=\S)([^\n]*?[^\s])\1(?=$|[\s)\]}"'.,;:!?<|/-]|[*_~])/

export function parseMrkdwn(text: string): Inline[] {
  const result: Inline[] = []
  text.split(/```\n?([\s\S]*?)\n?```/).forEach((part, index) => {
    if (index % 2 === 1) result.push({ kind: 'pre', text: unescapeText(part) })
    else if (part !== '') result.push(...parseLines(part))
  })
  return result
}

function parseLines(text: string): Inline[] {
  const result: Inline[] = []
  let quoted: string[] = []
  const endQuote = () => {
    if (quoted.length > 0) result.push({ kind: 'quote', children: parseInline(quoted.join('\n')) })
    quoted = []
  }
  const lines = text.split('\n')
  lines.forEach((line, index) => {
    const quote = /^(?:&gt;|>)\s?(.*)$/.exec(line)
    if (quote !== null) {
      quoted.push(quote[1] ?? '')
      return
    }
    const followsQuote = quoted.length > 0
    endQuote()
    if (index > 0 && !followsQuote) result.push({ kind: 'break' })
    result.push(...parseInline(line))
  })
  endQuote()
  return result
}

function parseInline(text: string): Inline[] {
  const special = /`([^`\n]+)`|<([^<>\n]+)>/.exec(text)
  const style = styled.exec(text)
  if (special !== null && (style === null || special.index <= style.index)) {
    const node = special[1] === undefined ? reference(special[2] ?? '') : codeOf(special[1])
    return [...around(text, special.index, special[0].length, node)]
  }
  if (style === null) return plainInlines(unescapeText(text))
  const kind = styles[style[1] as keyof typeof styles]
  const node: Inline = { kind, children: parseInline(style[2] ?? '') }
  return [...around(text, style.index, style[0].length, node)]
}

function around(text: string, index: number, length: number, node: Inline): Inline[] {
  const before = text.slice(0, index)
  const after = text.slice(index + length)
  return [
    ...(before === '' ? [] : plainInlines(unescapeText(before))),
    node,
    ...(after === '' ? [] : parseInline(after)),
  ]
}

function codeOf(text: string): Inline {
  return { kind: 'code', text: unescapeText(text) }
}

/** What stands between < and >: a mention, a date or a link. */
function reference(text: string): Inline {
  const [target = '', label] = splitOnce(text, '|')
  const named = label === undefined ? {} : { label: unescapeText(label) }
  if (target.startsWith('@')) return { kind: 'user', id: target.slice(1), ...named }
  if (target.startsWith('#')) return { kind: 'channel', id: target.slice(1), ...named }
  if (target.startsWith('!subteam^'))
    return { kind: 'usergroup', id: target.slice('!subteam^'.length), ...named }
  if (target.startsWith('!date^')) {
    const [, seconds = '0', format = ''] = target.split('^')
    return { kind: 'date', timestamp: Number(seconds), format, fallback: named.label ?? '' }
  }
  if (target.startsWith('!')) return { kind: 'broadcast', range: target.slice(1) }
  if (!/^(https?|mailto|tel):/i.test(target)) return { kind: 'text', text: unescapeText(`<${text}>`) }
  return {
    kind: 'link',
    url: unescapeText(target),
    children: plainInlines(named.label ?? unescapeText(target)),
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const index = text.indexOf(separator)
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)]
}
