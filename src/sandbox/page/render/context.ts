/** What a block needs to know of where it stands. */
import type { FieldState, Json } from '../../protocol.js'
import type { Suggestions } from '../api.js'

export type Value = string | string[] | null

export interface BlockContext {
  surface: 'message' | 'modal' | 'home'
  /** Prefix for element ids, unique on the page. */
  key: string
  /** State of a field, as the server knows it or as it was typed since. */
  valueOf: (blockId: string, actionId: string) => FieldState | undefined
  errors: Record<string, string>
  press: (block: Json, element: Json, entryText?: string) => Promise<void>
  /** A field changed; inputs of a form only remember it, everything else tells the app. */
  change: (block: Json, element: Json, value: Value) => Promise<void>
  suggest: (block: Json, element: Json, query: string) => Promise<Suggestions>
}
