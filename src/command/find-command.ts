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
  const message = `There is no command "${shown(`${first} ${second}`.trim())}".`
  const inGroup = catalogue.entries().flatMap(({ path }) => (path.startsWith(`${first} `) ? [path] : []))
  const { paths, standFor } = isGroup
    ? { paths: nearestVerbs(second, inGroup), standFor: 2 }
    : closestOf(catalogue, first, second)
  const [best, ...others] = paths
  if (best === undefined) {
    return new UserError('unknown-command', message, {
      fix: isGroup ? `There is ${orList(inGroup)}.` : 'Type help for all commands.',
    })
  }
  const also = others.length > 0 ? ` Or: ${orList(others)}` : ''
  return new UserError('unknown-command', message, {
    fix: `Did you mean: ${lineOfWords(best, words.slice(standFor))}${also}`,
  })
}

/** Of "vm stop" and its likes those whose verb looks like what was typed. */
function nearestVerbs(typed: string, paths: readonly string[]): string[] {
  const verbOf = (path: string) => path.slice(path.indexOf(' ') + 1)
  const verbs = nearest(typed, paths.map(verbOf))
  return verbs.flatMap((verb) => paths.find((path) => verbOf(path) === verb) ?? [])
}

interface Closest {
  paths: string[]
  /** How many of the typed words they stand for; the others are arguments. */
  standFor: number
}

/** Both words of a path with a slip ("vn list") or turned ("list vm"), or one word: the group left out ("stop web1"),
 * the blank forgotten ("vmstop web1"), a command without a group ("hepl vm"). */
function closestOf(catalogue: Catalogue, first: string, second: string): Closest {
  const turned = `${second} ${first}`
  if (catalogue.get(turned) !== undefined) return { paths: [turned], standFor: 2 }
  const near = second === '' ? [] : catalogue.nearest(`${first} ${second}`)
  if (near.length > 0) return { paths: near, standFor: 2 }
  const all = catalogue.entries().map(({ path }) => path)
  const withVerb = all.filter((path) => path.endsWith(` ${first}`))
  if (withVerb.length > 0) return { paths: withVerb, standFor: 1 }
  const joined = new Map(all.map((path) => [path.replace(' ', ''), path]))
  return { paths: nearest(first, [...joined.keys()]).flatMap((each) => joined.get(each) ?? []), standFor: 1 }
}
