/** Slack's limits, and the last cut: whatever a view or redaction made, what leaves the bot is within them. */
import type { Button, KnownBlock, ModalView, PlainTextElement, SectionBlock, View } from '@slack/types'
import { clip } from './mrkdwn.js'

/** Characters, or number of elements (Slack docs: Block Kit reference). */
export const limits = {
  blocks: 50,
  viewBlocks: 100,
  text: 3000,
  header: 150,
  buttonText: 75,
  buttonValue: 2000,
  confirmText: 300,
  confirmButton: 30,
  contextElements: 10,
  actionElements: 25,
  fields: 10,
  fieldText: 2000,
  /** Also of hints. */
  label: 2000,
  viewTitle: 24,
  viewBytes: 250_000,
  /** `text` beside blocks. */
  messageText: 4000,
} as const

/** The blocks of a message within Slack's limits; a cut is shown as one. */
export function fitBlocks(blocks: readonly KnownBlock[]): KnownBlock[] {
  return fitTo(limits.blocks, 'a message', blocks)
}

/** The same for a modal or the Home tab. */
export function fitViewBlocks(blocks: readonly KnownBlock[]): KnownBlock[] {
  return fitTo(limits.viewBlocks, 'this view', blocks)
}

function fitTo(max: number, where: string, blocks: readonly KnownBlock[]): KnownBlock[] {
  const fitted = blocks.flatMap(fitBlock)
  if (fitted.length <= max) return fitted
  // Buttons stay: they are what a reader can still do.
  const actions = fitted.filter(({ type }) => type === 'actions').slice(0, 5)
  const others = fitted.filter(({ type }) => type !== 'actions')
  const kept = others.slice(0, max - actions.length - 1)
  const note = moreNote(others.length - kept.length, where)
  return [...kept, note, ...actions]
}

function moreNote(left: number, where: string): KnownBlock {
  return {
    type: 'context',
    elements: [{ type: 'mrkdwn', text: `… ${left} more parts do not fit into ${where}`, verbatim: true }],
  }
}

function fitBlock(block: KnownBlock): KnownBlock[] {
  switch (block.type) {
    case 'header':
      return filled(block.text.text, {
        ...block,
        text: { ...block.text, text: clip(block.text.text, limits.header) },
      })
    case 'section':
      return fitSection(block)
    case 'context': {
      const elements = block.elements
        .filter((each) => !('text' in each) || each.text !== '')
        .slice(0, limits.contextElements)
        .map((each) => ('text' in each ? { ...each, text: clip(each.text, limits.text) } : each))
      return elements.length === 0 ? [] : [{ ...block, elements }]
    }
    case 'actions': {
      const elements = block.elements
        .map((each) => (each.type === 'button' ? fitButton(each) : each))
        .filter((each) => each !== undefined)
        .slice(0, limits.actionElements)
      return elements.length === 0 ? [] : [{ ...block, elements }]
    }
    case 'input':
      return [
        {
          ...block,
          label: { ...block.label, text: clip(block.label.text, limits.label) || '…' },
          ...(block.hint === undefined
            ? {}
            : { hint: { ...block.hint, text: clip(block.hint.text, limits.label) || '…' } }),
        },
      ]
    default:
      return [block]
  }
}

/** Slack refuses what has no text, and with it everything around it. */
function filled(text: string, block: KnownBlock): KnownBlock[] {
  return text === '' ? [] : [block]
}

function fitSection({ text, fields = [], accessory, ...block }: SectionBlock): KnownBlock[] {
  const fitted = fields
    .filter((field) => field.text !== '')
    .slice(0, limits.fields)
    .map((field) => ({ ...field, text: clip(field.text, limits.fieldText) }))
  const hasText = text !== undefined && text.text !== ''
  if (!hasText && fitted.length === 0) return []
  const beside = accessory?.type === 'button' ? fitButton(accessory) : accessory
  return [
    {
      ...block,
      ...(hasText ? { text: { ...text, text: clip(text.text, limits.text) } } : {}),
      ...(fitted.length === 0 ? {} : { fields: fitted }),
      ...(beside === undefined ? {} : { accessory: beside }),
    },
  ]
}

/** A button whose command would be cut is none. */
function fitButton(button: Button): Button | undefined {
  const { text, value = '' } = button
  if (text.text === '' || value.length > limits.buttonValue) return undefined
  return { ...button, text: { ...text, text: clip(text.text, limits.buttonText) } }
}

/** A modal or Home tab within Slack's limits. */
export function fitView<V extends View>(view: V): V {
  const blocks = 'blocks' in view ? fitViewBlocks(view.blocks as KnownBlock[]) : []
  let kept = blocks.length
  const fitted = () => ({ ...view, ...titles(view), blocks: cutAfter(blocks, kept) })
  // Texts of some bytes a character: what is left is counted, and halved until it fits.
  while (kept > 1 && Buffer.byteLength(JSON.stringify(fitted())) > limits.viewBytes)
    kept = Math.floor(kept / 2)
  return fitted()
}

function cutAfter(blocks: readonly KnownBlock[], kept: number): KnownBlock[] {
  return kept >= blocks.length
    ? [...blocks]
    : [...blocks.slice(0, kept), moreNote(blocks.length - kept, 'this view')]
}

function titles(view: View): Partial<ModalView> {
  if (view.type !== 'modal') return {}
  const cut = (text: PlainTextElement): PlainTextElement => ({
    ...text,
    text: clip(text.text, limits.viewTitle) || '…',
  })
  return {
    title: cut(view.title),
    ...(view.submit === undefined ? {} : { submit: cut(view.submit) }),
    ...(view.close === undefined ? {} : { close: cut(view.close) }),
  }
}
