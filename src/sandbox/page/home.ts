/** The app's Home tab. */
import { h } from './dom.js'
import { blocks } from './render/blocks.js'
import { store } from './store.js'
import { viewContext } from './view-context.js'

let version = ''

export function homeElement(target: HTMLElement): void {
  const view = store.state?.homes[store.user]
  const next = JSON.stringify([store.user, view?.id, view?.hash])
  if (next === version) return
  version = next
  target.replaceChildren(
    view === undefined
      ? h(
          'p',
          { class: 'empty' },
          `${store.state?.app.name ?? 'The app'} has not published a Home tab for you yet.`,
        )
      : blocks(view.blocks, viewContext(view)),
  )
}
