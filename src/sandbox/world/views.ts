/** Modal stacks and Home tabs, one of each per person. */
import type { FieldState, Json, SandboxView, ViewValues } from '../protocol.js'
import { elementsOf, withIds } from './block-ids.js'
import { stateOf } from './field-state.js'

interface Tools {
  touch: () => void
  newId: (prefix: string) => string
  newHash: () => string
}

export class Views {
  private readonly stacks = new Map<string, SandboxView[]>()
  private readonly homes = new Map<string, SandboxView>()
  private readonly tools: Tools

  constructor(tools: Tools) {
    this.tools = tools
  }

  modals(user: string): SandboxView[] {
    return this.stacks.get(user) ?? []
  }

  home(user: string): SandboxView | undefined {
    return this.homes.get(user)
  }

  allModals(): Record<string, SandboxView[]> {
    return Object.fromEntries([...this.stacks].filter(([, stack]) => stack.length > 0))
  }

  allHomes(): Record<string, SandboxView> {
    return Object.fromEntries(this.homes)
  }

  find(viewId: string): SandboxView | undefined {
    return [...this.stacks.values(), [...this.homes.values()]].flat().find(({ id }) => id === viewId)
  }

  findExternal(externalId: string): SandboxView | undefined {
    return [...this.stacks.values(), [...this.homes.values()]]
      .flat()
      .find((view) => view.externalId === externalId)
  }

  /** Opens a modal as the only one. */
  open(user: string, definition: Json): SandboxView {
    const view = this.create(user, definition)
    this.stacks.set(user, [view])
    this.tools.touch()
    return view
  }

  push(user: string, definition: Json): SandboxView {
    const stack = this.modals(user)
    const below = stack.at(-1)
    const view = this.create(user, definition)
    if (below !== undefined) {
      view.rootId = below.rootId
      view.previousId = below.id
    }
    this.stacks.set(user, [...stack, view])
    this.tools.touch()
    return view
  }

  /** New content for a view; values of fields that keep their block_id and action_id stay, as in Slack. */
  update(view: SandboxView, definition: Json): void {
    const fresh = this.create(view.user, definition)
    const { id: _id, rootId: _rootId, values: _values, ...content } = fresh
    const kept = view.values
    delete view.submit
    delete view.close
    Object.assign(view, content)
    view.values = valuesOf(view.blocks, kept)
    delete view.notice
    this.tools.touch()
  }

  publish(user: string, definition: Json): SandboxView {
    const existing = this.homes.get(user)
    if (existing !== undefined) {
      this.update(existing, definition)
      return existing
    }
    const view = this.create(user, definition)
    this.homes.set(user, view)
    this.tools.touch()
    return view
  }

  /** Takes a view off its stack, with everything above it; returns what was closed, topmost first. */
  close(view: SandboxView, { all = false } = {}): SandboxView[] {
    const stack = this.modals(view.user)
    const index = all ? 0 : stack.indexOf(view)
    if (index < 0) return []
    const closed = stack.slice(index).reverse()
    this.stacks.set(view.user, stack.slice(0, index))
    this.tools.touch()
    return closed
  }

  setValue(view: SandboxView, blockId: string, actionId: string, state: FieldState): void {
    view.values[blockId] = { ...view.values[blockId], [actionId]: state }
  }

  setErrors(view: SandboxView, errors: Record<string, string>): void {
    view.errors = errors
    this.tools.touch()
  }

  setNotice(view: SandboxView, notice: string): void {
    view.notice = notice
    this.tools.touch()
  }

  reset(): void {
    this.stacks.clear()
    this.homes.clear()
  }

  private create(user: string, definition: Json): SandboxView {
    const id = this.tools.newId('V')
    const blocks = withIds(definition.blocks as Json[])
    const submit = labelOf(definition.submit)
    const close = labelOf(definition.close)
    return {
      id,
      type: definition.type === 'home' ? 'home' : 'modal',
      user,
      hash: `${this.tools.newHash()}.${id}`,
      title: labelOf(definition.title) ?? '',
      ...(submit === undefined ? {} : { submit }),
      ...(close === undefined ? {} : { close }),
      blocks,
      callbackId: String(definition.callback_id ?? ''),
      privateMetadata: String(definition.private_metadata ?? ''),
      externalId: String(definition.external_id ?? ''),
      clearOnClose: definition.clear_on_close === true,
      notifyOnClose: definition.notify_on_close === true,
      values: valuesOf(blocks, {}),
      rootId: id,
      errors: {},
    }
  }
}

function labelOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('text' in value)) return undefined
  return String(value.text)
}

/** Every field's state by block_id and action_id: the kept one, else its initial one. */
export function valuesOf(blocks: Json[], kept: ViewValues): ViewValues {
  const values: ViewValues = {}
  for (const block of blocks) {
    for (const element of elementsOf(block)) {
      const initial = stateOf(element)
      if (initial === undefined) continue
      const blockId = String(block.block_id)
      const actionId = String(element.action_id)
      const before = kept[blockId]?.[actionId]
      values[blockId] = { ...values[blockId], [actionId]: before?.type === initial.type ? before : initial }
    }
  }
  return values
}
