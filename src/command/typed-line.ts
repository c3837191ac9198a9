/** Typed words as errors repeat them: whole lines with what was meant, and values cut short. */
import { quoteWord, type Word } from './words.js'

/** Characters of a typed value that an error repeats. */
const maxShown = 60

/** `-5` is a number; `-m`, `--x` and `--` are not. */
export function looksLikeFlag({ text, quoted }: Word): boolean {
  return !quoted && /^-(-|[a-z]|$)/i.test(text) && text !== '-'
}

/** `--memory=4G` as flag and value; a word without = is all flag. */
export function cutAtEquals({ text, raw }: Word): [string, Word?] {
  const cut = text.indexOf('=')
  if (cut < 0) return [text]
  return [
    text.slice(0, cut),
    { text: text.slice(cut + 1), raw: raw.slice(raw.indexOf('=') + 1), quoted: true },
  ]
}

/** The line again as it was typed, with the path that was meant. */
export function lineOfWords(path: string, words: readonly Word[]): string {
  return [path, ...words.map((word) => (looksLikeFlag(word) ? flagWord(word) : quoteWord(word.text)))].join(
    ' ',
  )
}

function flagWord(word: Word): string {
  const [flag, inline] = cutAtEquals(word)
  return inline === undefined ? flag : `${flag}=${quoteWord(inline.text)}`
}

export function shown(text: string): string {
  return text.length > maxShown ? `${text.slice(0, maxShown)}…` : text
}
