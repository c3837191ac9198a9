/** What the page knows: the server's state, who acts, what is open. */
import type { SandboxChannel, SandboxMessage, SandboxState, SandboxUser } from '../protocol.js'
import { api } from './api.js'
import { byId } from './dom.js'

type Pane = 'list' | 'conversation' | 'thread' | 'inspector'

const userKey = 'sandbox-user'

function remembered(): string {
  return new URLSearchParams(location.search).get('user') ?? sessionStorage.getItem(userKey) ?? 'U0ANN'
}

class Store {
  state: SandboxState | undefined
  user = remembered()
  /** A channel id, or `home`. */
  place = location.hash.slice(1)
  threadTs: string | undefined
  inspecting = false
  private readonly renderers: (() => void)[] = []
  private loading: Promise<void> | undefined
  private stale = false

  onChange(render: () => void): void {
    this.renderers.push(render)
  }

  render(): void {
    if (this.state !== undefined) for (const render of this.renderers) render()
  }

  /** Asks the server again; a change that comes meanwhile is asked for right after. */
  async reload(): Promise<void> {
    this.stale = true
    this.loading ??= (async () => {
      while (this.stale) {
        this.stale = false
        this.state = await api.state(this.user)
        this.pickPlace()
        this.render()
      }
    })().finally(() => {
      this.loading = undefined
    })
    return this.loading
  }

  async actAs(user: string): Promise<void> {
    this.user = user
    this.threadTs = undefined
    sessionStorage.setItem(userKey, user)
    await this.reload()
  }

  go(place: string): void {
    this.place = place
    this.threadTs = undefined
    location.hash = place
    this.show('conversation')
    this.render()
    this.tellOpened()
  }

  /** The app hears when somebody opens its Home or its direct message. */
  tellOpened(): void {
    const tab = this.place === 'home' ? 'home' : this.channel?.kind === 'im' ? 'messages' : undefined
    if (tab !== undefined) report(api.home({ user: this.user, tab }))
  }

  openThread(ts: string | undefined): void {
    this.threadTs = ts
    this.show(ts === undefined ? 'conversation' : 'thread')
    this.render()
  }

  /** On narrow screens one pane is seen at a time. */
  show(pane: Pane): void {
    document.body.dataset.pane = pane
  }

  get me(): SandboxUser | undefined {
    return this.userById(this.user)
  }

  get channel(): SandboxChannel | undefined {
    return this.state?.channels.find(({ id }) => id === this.place)
  }

  userById(id: string): SandboxUser | undefined {
    return this.state?.users.find((user) => user.id === id)
  }

  messages(channel: string): SandboxMessage[] {
    return this.state?.messages[channel] ?? []
  }

  private pickPlace(): void {
    const channels = this.state?.channels ?? []
    if (this.place === 'home' || channels.some(({ id }) => id === this.place)) return
    this.place = (channels.find(({ name }) => name === 'vms') ?? channels[0])?.id ?? 'home'
    this.threadTs = undefined
  }
}

export const store = new Store()

/** Shows a failure of something the person did; nothing is swallowed. */
export function report(work: Promise<unknown>): void {
  work.catch((error: unknown) => say(error instanceof Error ? error.message : String(error)))
}

export function say(text: string): void {
  const status = byId('status')
  status.textContent = text
  setTimeout(() => {
    if (status.textContent === text) status.textContent = ''
  }, 8000)
}

const readKey = (channel: string) => `sandbox-read:${store.user}:${channel}`

export function markRead(channel: string, ts: string): void {
  localStorage.setItem(readKey(channel), ts)
}

/** Messages of others since the person last looked; a sandbox that started anew has new time stamps only. */
export function unreadIn(channel: string): number {
  const read = localStorage.getItem(readKey(channel)) ?? ''
  return store
    .messages(channel)
    .filter(({ ts, user, threadTs }) => ts > read && user !== store.user && threadTs === undefined).length
}
