/** The rich_text block: sections, lists, quotes and preformatted text made of inline elements. */
import { byType, type Check, flag, list, number, oneOf, record, text } from './check.js'
import { limits } from './limits.js'

const style = {
  'style?': record({
    'bold?': flag,
    'italic?': flag,
    'strike?': flag,
    'code?': flag,
    'underline?': flag,
    'highlight?': flag,
    'client_highlight?': flag,
    'unlink?': flag,
  }),
}
const id = text({ min: 1 })
const border = { 'border?': oneOf(0, 1) }

function inline(type: string, fields: Record<string, Check>): Record<string, Check> {
  return { [type]: record({ type: oneOf(type), ...fields, ...style }) }
}

const plain = inline('text', { text: text({ min: 1 }) })
const link = inline('link', { url: text({ min: 1 }), 'text?': text(), 'unsafe?': flag })
const inlineElement = byType({
  ...plain,
  ...link,
  ...inline('emoji', { name: id, 'unicode?': text(), 'url?': text(), 'skin_tone?': number() }),
  ...inline('user', { user_id: id }),
  ...inline('usergroup', { usergroup_id: id }),
  ...inline('channel', { channel_id: id }),
  ...inline('team', { team_id: id }),
  ...inline('broadcast', { range: oneOf('here', 'channel', 'everyone') }),
  ...inline('color', { value: text({ min: 1 }) }),
  ...inline('date', { timestamp: number(), format: text({ min: 1 }), 'url?': text(), 'fallback?': text() }),
})

const section = record({ type: oneOf('rich_text_section'), elements: list(inlineElement) })

const part = byType({
  rich_text_section: section,
  rich_text_list: record({
    type: oneOf('rich_text_list'),
    style: oneOf('bullet', 'ordered'),
    elements: list(byType({ rich_text_section: section })),
    'indent?': number({ min: 0, max: limits.richTextIndent }),
    'offset?': number({ min: 0 }),
    ...border,
  }),
  rich_text_quote: record({ type: oneOf('rich_text_quote'), elements: list(inlineElement), ...border }),
  rich_text_preformatted: record({
    type: oneOf('rich_text_preformatted'),
    elements: list(byType({ ...plain, ...link })),
    'language?': text(),
    ...border,
  }),
})

export const richText = byType({
  rich_text: record({
    type: oneOf('rich_text'),
    'block_id?': text({ min: 1, max: limits.id }),
    elements: list(part),
  }),
})
