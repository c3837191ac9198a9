/** Follows an audit log's chain over its bytes, wherever they come from, and finds the first line that does not fit. */
import { type ChainEnd, chainStart, checkLine } from './audit-chain.js'
import { auditHeadName } from './audit-head.js'

export type AuditVerdict =
  | { intact: true; entries: number }
  /** `line` counts from 1; `entries` were good before it. */
  | { intact: false; entries: number; line: number; problem: string }

const lineFeed = 0x0a
/** Longer than any entry (audit-log.ts bounds them). */
const maxLineBytes = 4 * 1024 * 1024

/** Holds one unfinished line at most. */
export class AuditVerifier {
  readonly #head: ChainEnd | undefined
  #end: ChainEnd
  #unfinished = Buffer.alloc(0)

  /** `head` is the end that the log is known to have had; `start` is where the chain stands before the first byte. */
  constructor(head: ChainEnd | undefined, start: ChainEnd = chainStart) {
    this.#head = head
    this.#end = start
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
    return { intact: true, entries: seq }
  }

  /** The chain's end after this line, or what is wrong with it. */
  #follow(line: Buffer): ChainEnd | string {
    const check = checkLine(line)
    if (!check.ok) return check.problem
    const { end } = check
    if (end.seq !== this.#end.seq + 1) return `it is number ${end.seq}, and ${this.#end.seq + 1} was next`
    if (check.previous !== this.#end.hash) return 'it does not follow the line before it'
    if (this.#head?.seq === end.seq && this.#head.hash !== end.hash) {
      return `it is not the entry that ${auditHeadName} knows`
    }
    return end
  }

  #bad(problem: string): AuditVerdict {
    return { intact: false, entries: this.#end.seq, line: this.#end.seq + 1, problem }
  }
}
