/** Slack gives every block and every interactive element an id where the app gave none. */
import { randomBytes } from 'node:crypto'
import type { Json } from '../protocol.js'

const random = () => randomBytes(4).toString('base64url')
const interactive =
  /^(button|overflow|checkboxes|radio_buttons|feedback_buttons|icon_button|.*_select|.*picker|.*_input)$/

/** A deep copy with ids; what the app sent stays untouched. */
export function withIds(blocks: Json[]): Json[] {
  return structuredClone(blocks).map((block) => {
    block.block_id ??= random()
    for (const element of elementsOf(block)) {
      if (interactive.test(String(element.type))) element.action_id ??= random()
    }
    return block
  })
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isJson) : []
}

/** The elements that a person can use in a block, nested cards and containers included. */
export function elementsOf(block: Json): Json[] {
  const own = [block.element, block.accessory].filter(isJson)
  if (block.type === 'actions' || block.type === 'context_actions') own.push(...listOf(block.elements))
  if (block.type === 'card') own.push(...listOf(block.actions))
  if (block.type === 'carousel') own.push(...listOf(block.elements).flatMap(elementsOf))
  if (block.type === 'container') own.push(...listOf(block.child_blocks).flatMap(elementsOf))
  return own
}
