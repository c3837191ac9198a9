/** Opens forms, keeps their lists in step, and makes a command line of what comes back. */
import type { ModalView, PlainTextOption } from '@slack/types'
import {
  askedOf,
  type Catalogue,
  describeArguments,
  type FormValues,
  formWanted,
  readForm,
  type Suggestions,
  type WantedForm,
} from '../../command/index.js'
import { UserError } from '../../errors.js'
import type { Person } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import type { Policy, Rights } from '../../policy/index.js'
import type { Requests } from '../../request/index.js'
import type { Answering, Line } from '../answering.js'
import { callFailure } from '../call-failure.js'
import type { Modals, Trigger } from '../modals.js'
import type { FormAction, FormSubmission, Suggesting } from '../payloads.js'
import {
  type AnswerPlace,
  argumentOf,
  errorsByBlock,
  type FormMetadata,
  followersOf,
  formMetadata,
  formModal,
  formOffer,
  isOptionValue,
  leadersIn,
  loadingModal,
  longestMetadata,
  mistake,
  modalOf,
  optionOf,
  type PlanMetadata,
  planMetadata,
  planModal,
  valuesIn,
} from '../views/index.js'
import type { Whisper } from '../whisper.js'

export interface FormsParts {
  catalogue: Catalogue
  suggestions: Pick<Suggestions, 'suggest'>
  policy: Pick<Policy, 'rightsOf'>
  modals: Modals
  requests: Pick<Requests, 'preview'>
  answering: Pick<Answering, 'explain'>
  whisper: Whisper
  log: Logger
}

/** What becomes of a submitted form: errors at its fields, or a line and what is shown in its place, if anything. */
export type Submitted =
  | { kind: 'errors'; errors: Record<string, string> }
  /** A change: its plan is shown next, in the same modal. */
  | { kind: 'plan'; line: Line; metadata: PlanMetadata; modal: string }
  | { kind: 'line'; line: Line; next: ModalView | undefined }

export class Forms {
  readonly #parts: FormsParts

  constructor(parts: FormsParts) {
    this.#parts = parts
  }

  wanted(text: string): WantedForm | undefined {
    return formWanted(this.#parts.catalogue, text)
  }

  /** Shows a form with what was typed in it; where that is too late, a button to open it again. Never rejects. */
  async open(wanted: WantedForm, line: Line, trigger: Trigger): Promise<void> {
    const { modals, policy, log } = this.#parts
    const { path, command, values } = wanted
    const metadata: FormMetadata = {
      ...placeOf(line),
      path,
      round: 0,
      leaders: leadersIn(command, values),
    }
    try {
      // Both at once: what takes time may not take the trigger's.
      const [id, rights] = await Promise.all([modals.open(path, trigger), policy.rightsOf(line.person)])
      if (await modals.show(id, this.#viewFor(wanted, metadata, rights))) return
      await this.offer(wanted, line, 'Slack did not show the form.')
    } catch (error) {
      const { why } = callFailure(error)
      log.warn({ path, why }, 'a form could not be opened')
      const isLate = /trigger/.test(why)
      await this.offer(wanted, line, isLate ? 'Slack waited too long for the form.' : `Slack said: ${why}.`)
    }
  }

  /** For where no form can be opened: what is missing, and a button that opens it with what was typed. */
  async offer({ isAskedFor }: WantedForm, line: Line, why?: string): Promise<void> {
    const { catalogue, whisper } = this.#parts
    const { person, channel, thread, responseUrl, text } = line
    const problem = why ?? (isAskedFor ? undefined : whatIsWrong(catalogue, text))
    await whisper({ user: person.id, channel, thread, responseUrl }, formOffer(problem, text))
  }

  /** The options of one field, for what was typed into it. Never rejects. */
  async options({ value, block_id, view }: Suggesting): Promise<PlainTextOption[]> {
    const { catalogue, suggestions } = this.#parts
    const { path, leaders: known } = formMetadata.parse(JSON.parse(view.private_metadata))
    const command = catalogue.get(path)
    const name = argumentOf(block_id)
    const field = command && describeArguments(command).find((each) => each.name === name)
    if (command === undefined || field === undefined) return []
    const isStateThere = Object.keys(view.state.values).length > 0
    const leaders = isStateThere ? leadersIn(command, valuesIn(view.state.values)) : known
    const found = await suggestions.suggest({
      kind: field.kind,
      query: value,
      ...(field.kind === 'host' ? {} : { host: leaders.host }),
      vm: leaders.vm,
    })
    return found.filter((each) => isOptionValue(each.value)).map((each) => optionOf(each.value, each.detail))
  }

  /** What others hang on was chosen: those that it does not have are emptied. */
  async follow({ view, actions }: FormAction): Promise<void> {
    const { catalogue, suggestions, modals } = this.#parts
    const metadata = formMetadata.parse(JSON.parse(view.private_metadata))
    const command = catalogue.get(metadata.path)
    const leader = argumentOf(actions[0]?.block_id ?? '')
    if (command === undefined || leader === undefined) return
    const values: Record<string, FormValues[string]> = { ...valuesIn(view.state.values) }
    const leaders = leadersIn(command, values)
    let isEmptied = false
    await Promise.all(
      followersOf(command, leader).map(async ({ name, kind }) => {
        const has = async (wanted: string) =>
          (await suggestions.suggest({ kind, query: wanted, host: leaders.host, vm: leaders.vm })).some(
            (each) => each.value === wanted,
          )
        const before = values[name]
        const kept: string[] = []
        for (const each of listOf(before)) if (await has(each)) kept.push(each)
        if (kept.length === listOf(before).length) return
        values[name] = kept
        isEmptied = true
      }),
    )
    // Another name for fields that were emptied; the others keep theirs, and what is being typed into them.
    const next = { ...metadata, leaders, round: metadata.round + (isEmptied ? 1 : 0) }
    // With the hash a second choice, made meanwhile, is not undone.
    await modals.show(view.id, formModal({ path: metadata.path, command, values, metadata: next }), view.hash)
  }

  /** A filled form as a command line, or what is wrong with its fields. */
  submitted({ user, view }: FormSubmission): Submitted {
    const metadata = formMetadata.parse(JSON.parse(view.private_metadata))
    const { path } = metadata
    const command = this.#parts.catalogue.get(path)
    if (command === undefined) throw new Error(`a form of "${path}", which is no command`)
    const read = readForm(path, command, valuesIn(view.state.values))
    if (read.kind === 'mistakes') {
      return { kind: 'errors', errors: errorsByBlock(command, metadata, read.mistakes) }
    }
    const line = lineFrom({ user, view }, read.line, metadata)
    const agreed: PlanMetadata = { ...placeOf(line), line: read.line }
    const isCarried = JSON.stringify(agreed).length <= longestMetadata
    if (command.risk !== 'read' && isCarried) return { kind: 'plan', line, metadata: agreed, modal: view.id }
    return { kind: 'line', line, next: metadata.isAnsweredHere ? loadingModal(path) : undefined }
  }

  /** Shows what the line would change, or why it cannot be asked for. Never rejects. */
  async showPlan(line: Line, metadata: PlanMetadata, modal: string): Promise<void> {
    const { requests, answering, modals } = this.#parts
    try {
      const preview = await requests.preview({ text: line.text, person: line.person })
      if (preview === undefined) throw new Error(`"${line.text}" changes nothing and has no plan`)
      await modals.show(modal, planModal(preview, metadata))
    } catch (error) {
      await answering.explain(error, { ...line, modal })
    }
  }

  /** The line whose plan was agreed to. */
  agreed({ user, view }: FormSubmission): { line: Line; next: ModalView | undefined } {
    const { line, ...place } = planMetadata.parse(JSON.parse(view.private_metadata))
    return {
      line: lineFrom({ user, view }, line, place),
      next: place.isAnsweredHere ? loadingModal(line) : undefined,
    }
  }

  #viewFor(wanted: WantedForm, metadata: FormMetadata, rights: Pick<Rights, 'demand'>): ModalView {
    try {
      rights.demand(askedOf(wanted))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return modalOf(wanted.path, mistake(error).blocks)
    }
    return formModal({ ...wanted, metadata })
  }
}

function placeOf({ person, channel, thread, responseUrl, modal }: Line): AnswerPlace {
  return {
    channel,
    isAnsweredHere: modal !== undefined || channel === person.id,
    ...(thread === undefined ? {} : { thread }),
    ...(responseUrl === undefined ? {} : { responseUrl }),
  }
}

function lineFrom({ user, view }: FormSubmission, text: string, place: AnswerPlace): Line {
  return {
    text,
    person: personOf(user),
    channel: place.channel,
    thread: place.thread,
    responseUrl: place.responseUrl,
    // However often it comes, it is the same form.
    delivery: `form:${view.id}`,
    isPrivate: false,
    isForm: true,
    ...(place.isAnsweredHere ? { modal: view.id } : {}),
  }
}

function personOf({ id, username, name = username }: FormSubmission['user']): Person {
  return name === undefined ? { id } : { id, name }
}

function listOf(value: FormValues[string] | undefined): readonly string[] {
  if (value === undefined || typeof value === 'boolean') return []
  return typeof value === 'string' ? [value] : value
}

/** The sentence that the line would have got. */
function whatIsWrong(catalogue: Catalogue, text: string): string | undefined {
  try {
    catalogue.parse(text)
    return undefined
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}
