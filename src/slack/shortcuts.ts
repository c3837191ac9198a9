/** Slack's shortcuts: what they are called, and what each does. The manifest has the same ones. */
import type { ModalView } from '@slack/types'
import { z } from 'zod'
import type { Fleet } from '../agents/index.js'
import { askedOf, type Catalogue, formWanted, vmWord } from '../command/index.js'
import type { Person } from '../jobs/index.js'
import type { Policy } from '../policy/index.js'
import { count } from '../report/index.js'
import type { Answering, Line } from './answering.js'
import type { Forms } from './forms/index.js'
import type { Homes } from './home/index.js'
import type { Modals } from './modals.js'
import {
  commandPicker,
  formModal,
  loadingModal,
  modalOf,
  myVmBlocks,
  pickedCommand,
  plainModal,
  vmBlocks,
} from './views/index.js'

/** By callback id. */
export const shortcutIds = {
  run: 'run_command',
  check: 'check_hosts',
  create: 'create_vm',
  mine: 'my_vms',
  lookUp: 'look_up_vm',
} as const

const id = z.string().min(1).max(64)

/** A global shortcut, or one on a message (Slack docs: shortcut payloads). */
export const shortcutPayload = z.object({
  callback_id: z.string(),
  trigger_id: z.string(),
  user: z.object({ id, name: z.string().optional(), username: z.string().optional() }),
  message: z.looseObject({ text: z.string().default('') }).optional(),
})
export type ShortcutPayload = z.output<typeof shortcutPayload>

/** Longest text that is searched for names. */
const longestText = 20_000
/** VMs that one message may name. */
const mostNamed = 20

export interface NamedVm {
  name: string
  host: string
}

/** The VMs that a text names: whole words only, never parts of one; `web1@kvm2` is that one alone. */
export function vmsNamedIn<V extends NamedVm>(text: string, vms: readonly V[]): V[] {
  const words = new Set(
    text
      .slice(0, longestText)
      .split(/[\s,;:!?"'`()<>[\]{}|*~=/\\]+/)
      .flatMap((word) => [word, word.replace(/^[._-]+|[._-]+$/g, '')]),
  )
  return vms.filter(({ name, host }) => words.has(name) || words.has(`${name}@${host}`)).slice(0, mostNamed)
}

/** All text of a message, also of its blocks. */
export function textOfMessage(message: unknown): string {
  const texts: string[] = []
  JSON.stringify(message, (key, value: unknown) => {
    if (key === 'text' && typeof value === 'string') texts.push(value)
    return value
  })
  return texts.join('\n')
}

export interface ShortcutsParts {
  catalogue: Catalogue
  fleet: Pick<Fleet, 'vms'>
  policy: Pick<Policy, 'rightsOf'>
  answering: Pick<Answering, 'answer' | 'explain'>
  forms: Pick<Forms, 'open'>
  homes: Pick<Homes, 'vmsOf'>
  modals: Modals
}

export class Shortcuts {
  readonly #parts: ShortcutsParts

  constructor(parts: ShortcutsParts) {
    this.#parts = parts
  }

  /** Never rejects: whatever happens, the person is told. */
  async use(shortcut: ShortcutPayload, delivery: string | undefined): Promise<void> {
    const { user, callback_id, trigger_id } = shortcut
    const name = user.username ?? user.name
    const person: Person = name === undefined ? { id: user.id } : { id: user.id, name }
    const line = lineFor(person, delivery)
    const { answering, modals } = this.#parts
    try {
      if (callback_id === shortcutIds.create) return await this.#openForm(line, trigger_id)
      const title = titles[callback_id]
      if (title === undefined) return
      const modal = await modals.open(title, { id: trigger_id, isInModal: false })
      await this.#fill(shortcut, { ...line, modal }, modal)
    } catch (error) {
      await answering.explain(error, line)
    }
  }

  /** What was picked from the list of commands: its form, or for one that needs nothing the line itself. */
  picked(person: Person, view: { id: string; state: { values: unknown } }): { view: ModalView; line?: Line } {
    const path = pickedCommand(view.state.values) ?? ''
    const command = this.#parts.catalogue.get(path)
    if (command === undefined)
      return { view: plainModal('Run a command', 'There is no such command any more.') }
    if (Object.keys(command.args.shape).length === 0) {
      return {
        view: loadingModal(path),
        line: { ...lineFor(person, `pick:${view.id}`), text: path, modal: view.id },
      }
    }
    const metadata = { path, channel: person.id, isAnsweredHere: true, round: 0, leaders: {} }
    return { view: formModal({ path, command, values: {}, metadata }) }
  }

  async #openForm(line: Line, trigger: string): Promise<void> {
    const text = 'vm create --form'
    const wanted = formWanted(this.#parts.catalogue, text)
    if (wanted !== undefined)
      await this.#parts.forms.open(wanted, { ...line, text }, { id: trigger, isInModal: false })
  }

  async #fill({ callback_id, user, message }: ShortcutPayload, line: Line, modal: string): Promise<void> {
    const { answering, catalogue, policy, homes, modals } = this.#parts
    switch (callback_id) {
      case shortcutIds.run: {
        const rights = await policy.rightsOf(line.person)
        const entries = catalogue.entries().filter((entry) => rights.mayAsk(askedOf(entry)))
        await modals.show(modal, commandPicker(entries))
        return
      }
      case shortcutIds.check:
        return answering.answer({ ...line, text: 'host check' })
      case shortcutIds.mine: {
        const { vms, addresses } = await homes.vmsOf(user.id)
        await modals.show(modal, modalOf(`My VMs (${vms.length})`, myVmBlocks(vms, addresses)))
        return
      }
      case shortcutIds.lookUp:
        return this.#lookUp(message, line, modal)
    }
  }

  async #lookUp(message: unknown, line: Line, modal: string): Promise<void> {
    const { fleet, answering, modals } = this.#parts
    const { vms, unreachable } = await fleet.vms()
    const named = vmsNamedIn(textOfMessage(message), vms)
    const [only, ...others] = named
    if (only !== undefined && others.length === 0) {
      return answering.answer({ ...line, text: `vm show ${vmWord(only)}` })
    }
    const silent = unreachable.length === 0 ? '' : ` ${count(unreachable.length, 'host')} did not answer.`
    const view =
      only === undefined
        ? plainModal('Look up VM', `No VM of ours is named in this message.${silent}`)
        : modalOf('Look up VM', vmBlocks(named))
    await modals.show(modal, view)
  }
}

const titles: Readonly<Record<string, string>> = {
  [shortcutIds.run]: 'Run a command',
  [shortcutIds.check]: 'Host check',
  [shortcutIds.mine]: 'My VMs',
  [shortcutIds.lookUp]: 'Look up VM',
}

/** Where there is no channel: what does not fit into a modal goes to the conversation with that person. */
function lineFor(person: Person, delivery: string | undefined): Line {
  return { text: '', person, channel: person.id, responseUrl: undefined, delivery, isPrivate: false }
}
