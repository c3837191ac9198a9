/** Follows an audit log's chain over its bytes, wherever they come from, and finds the first line that does not fit. */
import { type ChainEnd, chainStart, checkLine, cutIn } from './audit-chain.js'
import { auditHeadName } from './audit-head.js'

export type AuditVerdict =
  /** `end` is its last entry. `cut` is the last one of those that retention cut off, if any. */
  | { intact: true; entries: number; end: ChainEnd; cut?: ChainEnd }
  /** `line` counts from 1; `entries` were good before it. */
  | { intact: false; entries: number; line: number; problem: string }

const lineFeed = 0x0a
/** Longer than any entry (audit-log.ts bounds them). */
const maxLineBytes = 4 * 1024 * 1024

/** Holds one unfinished line at most. */
export class AuditVerifier {
  readonly #head: ChainEnd | undefined
  /** An entry that was there once: the log must have it still, or have cut it off. */
  readonly #seen: ChainEnd | undefined
  #end: ChainEnd
  #lines = 0
  #unfinished = Buffer.alloc(0)
  /** Where a log begins that does not begin at its beginning. */
  #cut: ChainEnd | undefined
  /** A later entry says that it was cut there. */
  #isCutExplained = false
  readonly #mayBeCut: boolean

  /** `head` is the end that the log is known to have had; `start` is where the chain stands before the first byte: where it
   * is not given, at the beginning, or where an entry of the log says that it was cut. */
  constructor(
    head: ChainEnd | undefined,
    { start, seen }: { start?: ChainEnd; seen?: ChainEnd | undefined } = {},
  ) {
    this.#head = head
    this.#seen = seen
    this.#end = start ?? chainStart
    this.#mayBeCut = start === undefined
  }

  /** Where the chain stands after the lines that were good. */
  get end(): ChainEnd {
    return this.#end
  }

  /** The next bytes. What is wrong with them; then nothing more may be added. */
  add(chunk: Buffer): AuditVerdict | undefined {
    let rest: Buffer = Buffer.concat([this.#unfinished, chunk])
    for (let at = rest.indexOf(lineFeed); at !== -1; at = rest.indexOf(lineFeed)) {
      const next = this.#follow(rest.subarray(0, at))
      if (typeof next === 'string') return this.#bad(next)
      this.#end = next
      this.#lines += 1
      rest = rest.subarray(at + 1)
    }
    if (rest.length > maxLineBytes) return this.#bad(`it is longer than ${maxLineBytes} bytes`)
    this.#unfinished = Buffer.from(rest)
    return undefined
  }

  /** The verdict after the last byte. A line without its end is just being written, and is not counted. */
  finish(): AuditVerdict {
    const { seq } = this.#end
    if (seq > 0 && this.#head === undefined) {
      return this.#bad(`${auditHeadName} is missing, so a cut could not be seen`)
    }
    if (this.#head !== undefined && this.#head.seq > seq) {
      return this.#bad(`${this.#head.seq - seq} entries are missing at the end`)
    }
    if (this.#cut !== undefined && !this.#isCutExplained) {
      return this.#badLine(
        1,
        `the ${this.#cut.seq} entries before it are missing, and none says that they were cut`,
      )
    }
    if (this.#seen !== undefined && this.#seen.seq > seq) {
      return this.#bad(`the log ends before entry ${this.#seen.seq}, which was there once`)
    }
    return {
      intact: true,
      entries: this.#lines,
      end: this.#end,
      ...(this.#cut === undefined ? {} : { cut: this.#cut }),
    }
  }

  /** The chain's end after this line, or what is wrong with it. */
  #follow(line: Buffer): ChainEnd | string {
    const check = checkLine(line)
    if (!check.ok) return check.problem
    const { end } = check
    if (this.#mayBeCut && this.#lines === 0 && end.seq > 1) {
      this.#cut = { seq: end.seq - 1, hash: check.previous }
      this.#end = this.#cut
    }
    const cut = this.#cut === undefined ? undefined : cutIn(line)
    if (cut !== undefined && cut.seq === this.#cut?.seq && cut.hash === this.#cut.hash)
      this.#isCutExplained = true
    if (end.seq !== this.#end.seq + 1) return `it is number ${end.seq}, and ${this.#end.seq + 1} was next`
    if (check.previous !== this.#end.hash) return 'it does not follow the line before it'
    if (this.#head?.seq === end.seq && this.#head.hash !== end.hash) {
      return `it is not the entry that ${auditHeadName} knows`
    }
    if (this.#seen?.seq === end.seq && this.#seen.hash !== end.hash)
      return 'it is not the entry that was there once'
    return end
  }

  #bad(problem: string): AuditVerdict {
    return this.#badLine(this.#lines + 1, problem)
  }

  #badLine(line: number, problem: string): AuditVerdict {
    return { intact: false, entries: this.#lines, line, problem }
  }
}
