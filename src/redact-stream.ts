/** Removal of secrets from text that arrives in pieces, where one may be cut in two by the pieces or by lines. */
import { endsInsideHidden, redact } from './redact.js'

/** Characters that are held back at most: longer than any private key. */
const mostHeld = 64 * 1024
/** Of a line that is longer than that, the end that is held back. */
const tailKept = 8 * 1024

const keyBegin = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/g
const keyEnd = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/

/** What a line may end with so that its secret goes on in the next: a token, or a name that waits for its value. */
const unfinished =
  /(?:xox[a-z]-|xapp-|eyJ)[\w.%-]*\s*$|(?:password|passwd|passphrase|secret|token|key|pass|pwd)["']?[ \t]*[=:][ \t]*["']?[|>]?[+-]?\s*$/i
const lookBehind = 512

/** Lines after which deeper ones belong to the same secret: YAML's blocks, cloud-init's chpasswd, ansible-vault. */
const blockBegin =
  /^([ \t]*)(?:- )?(?:chpasswd:|["']?[\w-]{0,64}(?:password|passwd|passphrase|secret|token|key|pass|pwd)["']?:[ \t]*[|>]|.{0,80}\$ANSIBLE_VAULT;).*\n/gim
const linesOfBlock = (indent: string) =>
  new RegExp(`^(?:${indent}[ \\t]+.*\\n|[ \\t]*- .*\\n|[ \\t]*[0-9a-f]*\\r?\\n)*$`)

/**
 * Hands on the text without secrets, whole lines at a time. A line is held back while it may be the first of a secret, so
 * what comes out may be a line behind what went in.
 */
export class RedactingStream {
  #held = ''
  /** Inside of a private key that is longer than what may be held. */
  #isInKey = false

  /** The text that can be told by now; may be empty. */
  push(chunk: string): string {
    this.#held += chunk
    if (this.#isInKey && !this.#leaveKey()) return ''
    const cut = this.#cut()
    if (cut <= 0) return ''
    const text = this.#held.slice(0, cut)
    this.#held = this.#held.slice(cut)
    return redact(text)
  }

  /** What was still held back. */
  end(): string {
    const text = this.#isInKey && !this.#leaveKey() ? '' : this.#held
    this.#held = ''
    return redact(text)
  }

  /** Up to where nothing depends on what comes next. */
  #cut(): number {
    const key = lastOpenKey(this.#held)
    if (key !== undefined) {
      if (this.#held.length - key <= mostHeld) return key
      this.#isInKey = true
      // Told as far as it goes: the beginning of a key is hidden without its end.
      return this.#held.length
    }
    const lines = Math.max(this.#held.lastIndexOf('\n'), this.#held.lastIndexOf('\r')) + 1
    if (this.#held.length - lines > mostHeld) return this.#insideLine()
    return this.#wholeLines(lines)
  }

  #wholeLines(end: number): number {
    let cut = end
    const block = lastOpenBlock(this.#held.slice(0, end))
    if (block !== undefined && this.#held.length - block <= mostHeld) cut = block
    else cut = beforeKeyLines(this.#held, end)
    while (cut > 0 && this.#held.length - cut <= mostHeld) {
      const before = this.#held.slice(Math.max(0, cut - lookBehind), cut)
      if (!unfinished.test(before) && !endsInsideHidden(before)) return cut
      cut = this.#held.lastIndexOf('\n', cut - 2) + 1
    }
    return cut > 0 ? cut : this.#held.length > mostHeld ? end : 0
  }

  /** Between two words of a line that is too long to be waited for. */
  #insideLine(): number {
    const space = this.#held.slice(0, -tailKept).search(/\s\S*$/)
    const before = this.#held.slice(Math.max(0, space - lookBehind), Math.max(0, space))
    if (space > 0 && !unfinished.test(before) && !endsInsideHidden(before)) return space
    return this.#held.length - tailKept
  }

  #leaveKey(): boolean {
    const end = keyEnd.exec(this.#held)
    // As much as its last line may have.
    this.#held = end === null ? this.#held.slice(-100) : this.#held.slice(end.index + end[0].length)
    this.#isInKey = end === null
    return end !== null
  }
}

/** Where a block of lines begins that may go on. */
function lastOpenBlock(text: string): number | undefined {
  const begin = [...text.matchAll(blockBegin)].findLast(({ index, 0: line, 1: indent = '' }) =>
    linesOfBlock(indent).test(text.slice(index + line.length)),
  )
  return begin?.index
}

/** Where the last lines begin when they could be those of a private key whose beginning is not there. */
function beforeKeyLines(text: string, end: number): number {
  const isLine = (from: number, to: number, least: number) =>
    new RegExp(`^[ \\t]*[\\w+/=]{${least},120}[ \\t\\r]*\\n$`).test(text.slice(from, to))
  const begin = (to: number) => text.lastIndexOf('\n', to - 2) + 1
  let cut = end
  const last = begin(end)
  // Its last line may be short.
  if (last > 0 && isLine(last, end, 1) && isLine(begin(last), last, 16)) cut = last
  while (cut > 0 && end - cut < mostHeld && isLine(begin(cut), cut, 16)) cut = begin(cut)
  return cut
}

/** Where the last private key begins, if its end is not there. */
function lastOpenKey(text: string): number | undefined {
  const begin = [...text.matchAll(keyBegin)].at(-1)?.index
  return begin === undefined || keyEnd.test(text.slice(begin)) ? undefined : begin
}
