/** Writing a plan in the order one thinks it: what changes, what is good to know, what stands in the way. */
import { type ErrorNote, noteOf, type UserError } from '../errors.js'
import type { Change, Fact } from '../report/index.js'
import type { Growth, Planned } from './definition.js'

/** Begins a plan for work on that host; the summary is one sentence in the imperative. */
export function planOn(host: string, summary: string): PlanBuilder {
  return new PlanBuilder(host, summary)
}

export class PlanBuilder {
  readonly #host: string
  readonly #summary: string
  readonly #changes: Change[] = []
  readonly #facts: Fact[] = []
  readonly #warnings: string[] = []
  readonly #blockers: ErrorNote[] = []
  readonly #growth: Growth[] = []

  constructor(host: string, summary: string) {
    this.#host = host
    this.#summary = summary
  }

  change(what: string, from: string, to: string): this {
    this.#changes.push({ what, from, to })
    return this
  }

  /** Something that will be there afterwards and is not now. */
  add(what: string, to: string): this {
    this.#changes.push({ what, to })
    return this
  }

  /** Something that will be gone. */
  remove(what: string, from: string): this {
    this.#changes.push({ what, from })
    return this
  }

  fact(label: string, value: string): this {
    this.#facts.push({ label, value })
    return this
  }

  /** The same for one that is made elsewhere; `undefined` is none. */
  facts(...facts: (Fact | undefined)[]): this {
    this.#facts.push(...facts.filter((fact) => fact !== undefined))
    return this
  }

  /** Worth knowing before saying yes; `undefined` is no warning. */
  warn(sentence: string | undefined): this {
    if (sentence !== undefined) this.#warnings.push(sentence)
    return this
  }

  /** What a VM will take, for quotas. */
  grows(growth: Growth): this {
    this.#growth.push(growth)
    return this
  }

  /** Stands in the way; `undefined` is nothing. All blockers are shown together. */
  block(...errors: (UserError | undefined)[]): this {
    for (const error of errors) if (error !== undefined) this.#blockers.push(noteOf(error))
    return this
  }

  /** The plan, with the arguments it settled and the locks the work needs. */
  done<Args>(args: Args, locks: string[]): Planned<Args> {
    const plan = {
      summary: this.#summary,
      host: this.#host,
      changes: this.#changes,
      facts: this.#facts,
      warnings: this.#warnings,
    }
    const settled = { args, locks, ...(this.#growth.length === 0 ? {} : { growth: this.#growth }) }
    const [first, ...others] = this.#blockers
    if (first === undefined) return { plan: { kind: 'ready', ...plan }, ...settled }
    return { plan: { kind: 'blocked', ...plan, blockers: [first, ...others] }, ...settled }
  }
}
