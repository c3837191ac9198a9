/** What every block has: its type and its block_id. */
import { type Check, oneOf, type Rule, record, text } from './check.js'
import { limits } from './limits.js'

const blockId = { 'block_id?': text({ min: 1, max: limits.id }) }

/** The check of one block type, keyed by it; no fields but these. */
export function block(type: string, fields: Record<string, Check>, ...rules: Rule[]): Record<string, Check> {
  return { [type]: record({ type: oneOf(type), ...blockId, ...fields }, ...rules) }
}
