/** Which command a line begins with, or which one was meant. */
import { UserError } from '../errors.js'
import type { Catalogue } from './catalogue.js'
import type { Command } from './definition.js'
import { nearest, orList } from './nearest.js'
import { lineOfWords, shown } from './typed-line.js'
import type { Word } from './words.js'

export interface FoundCommand {
  path: string
  command: Command
  rest: Word[]
}

/** A group alone, and nothing at all, ask for help. Throws `unknown-command` with the line that was meant. */
export function findCommand(catalogue: Catalogue, words: Word[]): FoundCommand {
  const [first = '', second] = words.map(({ text }) => text.toLowerCase())
  for (const length of [2, 1]) {
    const path = [first, second].slice(0, length).join(' ')
    const command = words.length >= length ? catalogue.get(path) : undefined
    if (command !== undefined) return { path, command, rest: words.slice(length) }
  }
  const help = catalogue.get('help')
  const isGroup = catalogue.groups().includes(first)
  const isGroupAlone = isGroup && words.slice(1).every(isHelpWord)
  if (help !== undefined && (words.length === 0 || isGroupAlone || isHelpWord(words[0]))) {
    return { path: 'help', command: help, rest: words.slice(0, isGroup ? 1 : 0) }
  }
  throw unknownCommand(catalogue, words, isGroup)
}

function isHelpWord(word: Word | undefined): boolean {
  return word?.quoted === false && /^(--help|-h)$/.test(word.text)
}

function unknownCommand(catalogue: Catalogue, words: Word[], isGroup: boolean): UserError {
  const [first = '', second = ''] = words.map(({ text }) => text.toLowerCase())
  const typed = shown(`${first} ${second}`.trim())
  const corrected = (path: string) => lineOfWords(path, words.slice(path.includes(' ') ? 2 : 1))
  const inGroup = catalogue.entries().flatMap(({ path }) => (path.startsWith(`${first} `) ? [path] : []))
  const close = isGroup
    ? nearest(
        second,
        inGroup.map((path) => path.slice(first.length + 1)),
      ).map((verb) => `${first} ${verb}`)
    : closestOf(catalogue, first, second)
  const [best, ...others] = close
  if (best === undefined) {
    return new UserError('unknown-command', `There is no command "${typed}".`, {
      fix: isGroup ? `There is ${orList(inGroup)}.` : 'Type help for all commands.',
    })
  }
  const also = others.length > 0 ? ` Or: ${orList(others)}` : ''
  return new UserError('unknown-command', `There is no command "${typed}".`, {
    fix: `Did you mean: ${corrected(best)}${also}`,
  })
}

/** Also when the words changed places ("list vm"), or only the group is wrong. */
function closestOf(catalogue: Catalogue, first: string, second: string): string[] {
  const turned = `${second} ${first}`
  if (catalogue.get(turned) !== undefined) return [turned]
  const near = catalogue.nearest(`${first} ${second}`.trim())
  if (near.length > 0) return near
  const top = nearest(
    first,
    catalogue.entries().flatMap(({ path }) => (path.includes(' ') ? [] : [path])),
  )
  return top.length > 0
    ? top
    : catalogue.entries().flatMap(({ path }) => (path.endsWith(` ${first}`) ? [path] : []))
}
