/** Modals as places for answers: opened at once, filled when the answer is there. */
import type { ModalView } from '@slack/types'
import type { WebClient } from '@slack/web-api'
import type { Logger } from '../log.js'
import { callFailure } from './call-failure.js'
import { loadingModal, type Message, modalOf, prepareView } from './views/index.js'

/** A click or a shortcut just made; Slack lets it open a modal within 3 s. */
export interface Trigger {
  id: string
  /** It was made in a modal, on top of which the next one goes. */
  isInModal: boolean
}

export class Modals {
  readonly #client: WebClient
  readonly #log: Logger

  constructor(client: WebClient, log: Logger) {
    this.#client = client
    this.#log = log
  }

  /** Says that something comes. Rejects when it is too late for a modal. */
  async open(title: string, { id, isInModal }: Trigger): Promise<string> {
    const loading = { trigger_id: id, view: loadingModal(title) }
    const { view } = isInModal
      ? await this.#client.views.push(loading)
      : await this.#client.views.open(loading)
    if (view?.id === undefined) throw new Error('Slack opened a view without an id')
    return view.id
  }

  /** The same; undefined where it is too late. */
  async tryOpen(title: string, trigger: Trigger): Promise<string | undefined> {
    try {
      return await this.open(title, trigger)
    } catch (error) {
      this.#log.warn({ why: callFailure(error).why }, 'a modal could not be opened')
      return undefined
    }
  }

  /** `false` when the modal is not there any more. */
  async show(id: string, view: ModalView, hash?: string): Promise<boolean> {
    try {
      const only = hash === undefined || hash === '' ? {} : { hash }
      await this.#client.views.update({ view_id: id, view: prepareView(view), ...only })
      return true
    } catch (error) {
      this.#log.warn({ why: callFailure(error).why }, 'a modal could not be filled')
      return false
    }
  }

  showMessage(id: string, title: string, { blocks }: Message): Promise<boolean> {
    return this.show(id, modalOf(title, blocks))
  }
}
