/** Reading what kcli prints: always coloured, progress and data on one stream. */
import { stripVTControlCharacters } from 'node:util'

/** Text without colours and other control sequences; kcli has no way to turn them off. Line breaks stay. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
}

/** Lines that say something, trimmed. */
export function linesOf(text: string): string[] {
  return plainText(text)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** The last line that says something: of a traceback, its cause. At most 500 characters. */
export function lastLine(text: string): string {
  return (linesOf(text).at(-1) ?? 'it printed nothing').slice(0, 500)
}

/** Hands on complete lines of a stream that arrives in pieces; a carriage return ends a line too, as in progress meters. */
export function lineReader(onLine: (line: string) => void): (chunk: string) => void {
  let rest = ''
  return (chunk) => {
    const pieces = (rest + chunk).split(/[\r\n]+/)
    rest = (pieces.pop() ?? '').slice(-4096)
    for (const piece of pieces) for (const line of linesOf(piece)) onLine(line)
  }
}
