/** Slack's limits, and the last cut: whatever a view or redaction made, what leaves the bot is within them. */
import type { KnownBlock } from '@slack/types'
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
  const fitted = blocks.map(fitBlock)
  if (fitted.length <= max) return fitted
  // Buttons stay: they are what a reader can still do.
  const actions = fitted.filter(({ type }) => type === 'actions').slice(0, 5)
  const others = fitted.filter(({ type }) => type !== 'actions')
  const kept = others.slice(0, max - actions.length - 1)
  const note: KnownBlock = {
    type: 'context',
    elements: [
      {
        type: 'mrkdwn',
        text: `… ${others.length - kept.length} more parts do not fit into ${where}`,
        verbatim: true,
      },
    ],
  }
  return [...kept, note, ...actions]
}

function fitBlock(block: KnownBlock): KnownBlock {
  switch (block.type) {
    case 'header':
      return { ...block, text: { ...block.text, text: clip(block.text.text, limits.header) } }
    case 'section':
      return {
        ...block,
        ...(block.text === undefined
          ? {}
          : { text: { ...block.text, text: clip(block.text.text, limits.text) } }),
        ...(block.fields === undefined
          ? {}
          : {
              fields: block.fields
                .slice(0, limits.fields)
                .map((field) => ({ ...field, text: clip(field.text, limits.fieldText) })),
            }),
      }
    case 'context':
      return {
        ...block,
        elements: block.elements
          .slice(0, limits.contextElements)
          .map((each) => ('text' in each ? { ...each, text: clip(each.text, limits.text) } : each)),
      }
    case 'actions':
      return { ...block, elements: block.elements.slice(0, limits.actionElements) }
    default:
      return block
  }
}
