/** Starts the page: draws, listens for changes, draws again. */
import { mountConversation, renderConversation } from './conversation.js'
import { mountInspector, renderInspector } from './inspector.js'
import { renderModal } from './modal.js'
import { renderSidebar } from './sidebar.js'
import { report, say, store } from './store.js'

mountConversation()
mountInspector()
store.onChange(renderSidebar)
store.onChange(renderConversation)
store.onChange(renderModal)
store.onChange(renderInspector)
store.onChange(() => {
  document.title = `${store.state?.team.name ?? 'Sandbox'} · ${store.me?.realName ?? ''}`
})

const changes = new EventSource('/_control/events')
changes.onmessage = () => report(store.reload())
changes.onerror = () => say('The sandbox is not reachable; waiting for it.')
addEventListener('hashchange', () => {
  const place = location.hash.slice(1)
  if (place !== '' && place !== store.place) store.go(place)
})
if (location.hash !== '') store.show('conversation')
report(store.reload().then(() => store.tellOpened()))
