/** Finds the element a person means: by action_id, or by the text that is seen on it. */
import type { ElementPick, Json } from '../protocol.js'
import { elementsOf } from '../world/block-ids.js'

export interface Found {
  block: Json
  element: Json
  /** The entry of an overflow menu, or the side of feedback buttons, that was meant by its text. */
  entry?: Json
}

export function textIn(value: unknown): string {
  return typeof value === 'object' && value !== null && 'text' in value ? String(value.text) : ''
}

/** What a person can pick by text on an element. */
function entriesOf(element: Json): Json[] {
  if (element.type === 'overflow') return (element.options as Json[] | undefined) ?? []
  if (element.type === 'feedback_buttons')
    return [element.positive_button as Json, element.negative_button as Json]
  return []
}

function labelOf(block: Json, element: Json): string {
  return textIn(element.text) || (block.type === 'input' ? textIn(block.label) : '')
}

/** @throws Error that lists what there is, when nothing or more than one thing fits. */
export function findElement(blocks: Json[], pick: ElementPick): Found {
  const all = blocks.flatMap((block) => elementsOf(block).map((element) => ({ block, element })))
  const candidates = all.filter(({ block }) => pick.blockId === undefined || block.block_id === pick.blockId)
  const found: Found[] = candidates.flatMap(({ block, element }): Found[] => {
    if ('actionId' in pick) return element.action_id === pick.actionId ? [{ block, element }] : []
    if (labelOf(block, element) === pick.text) return [{ block, element }]
    const entry = entriesOf(element).find((each) => textIn(each.text) === pick.text)
    return entry === undefined ? [] : [{ block, element, entry }]
  })
  const [first, second] = found
  if (first !== undefined && second === undefined) return first
  const wanted = 'actionId' in pick ? `action_id ${pick.actionId}` : `the text "${pick.text}"`
  const known = all.map(({ block, element }) => {
    const labels = [labelOf(block, element), ...entriesOf(element).map((each) => textIn(each.text))].filter(
      (each) => each !== '',
    )
    return `${String(element.action_id)} (${String(element.type)} ${labels.map((each) => `"${each}"`).join(', ')})`
  })
  const problem = first === undefined ? 'no element has' : 'more than one element has'
  throw new Error(`${problem} ${wanted}; there are: ${known.join('; ') || 'none'}`)
}
