/** Help, made from the definitions: all commands, one group, one command. */
import type { z } from 'zod'
import { UserError } from '../errors.js'
import type { Report, Table } from '../report/index.js'
import { describeArguments } from './argument-list.js'
import { usageOf } from './canonical-line.js'
import type { Catalogue, CatalogueEntry } from './catalogue.js'
import { askedOf, type Command, type ReadContext, riskInWords } from './definition.js'
import { nearest, orList } from './nearest.js'

type Asking = Pick<ReadContext, 'mayAsk'>

/** Every command, those that the caller may ask for first. */
export function helpOverview(catalogue: Catalogue, asking: Asking): Report {
  return {
    title: 'What qnav can do',
    tone: 'info',
    table: commandTable(catalogue.entries(), asking),
    notes: [
      'More about one: help vm create',
      'Quote values that have blanks: snapshot create web1 --description "before the upgrade"',
    ],
    actions: catalogue
      .groups()
      .slice(0, 5)
      .map((group) => ({ label: group, command: `help ${group}` })),
  }
}

/** The commands of one group with an example of each. */
export function helpGroup(catalogue: Catalogue, group: string, asking: Asking): Report {
  const entries = catalogue.entries().filter(({ path }) => path.startsWith(`${group} `))
  return {
    title: `Commands about ${group}`,
    tone: 'info',
    table: commandTable(entries, asking),
    log: { title: 'Examples', text: entries.map(({ command }) => command.examples[0]).join('\n') },
    notes: [`More about one: help ${entries[0]?.path}`],
  }
}

/** Usage, arguments with their form and default, risk, examples. */
export function helpCommand({ path, command }: CatalogueEntry, { mayAsk }: Asking): Report {
  const args = describeArguments(command).filter(({ isCommon }) => !isCommon)
  const { answer, where } = mayAsk(askedOf({ path, command }))
  const allowed = { yes: 'runs at once', 'with approval': 'needs approval', no: 'you may not ask for it' }[
    answer
  ]
  const reach = where === undefined ? '' : `; you may ask for it ${where}`
  return {
    title: path,
    tone: 'info',
    summary: [`${command.summary}.`, ...(command.details ?? [])].join(' '),
    facts: [
      { label: 'Usage', value: usageOf(path, command) },
      { label: 'Risk', value: `${command.risk}: ${riskInWords(command)}; ${allowed}${reach}` },
    ],
    ...(args.length > 0
      ? {
          table: {
            columns: ['Argument', 'What', 'Form', 'When left out'],
            rows: args.map(({ typed, description, form, whenLeftOut }) => [
              typed,
              description,
              form,
              whenLeftOut,
            ]),
          },
        }
      : {}),
    log: { title: 'Examples', text: command.examples.join('\n') },
    ...(command.risk === 'read'
      ? {}
      : {
          notes: [
            'Like every change it takes --reason "why", for those who approve it; in an emergency also --break-glass.',
          ],
        }),
  }
}

/** Help about whatever was named. Throws `unknown-command` with the nearest ones. */
export function helpAbout(catalogue: Catalogue, words: readonly string[], asking: Asking): Report {
  const named = words.join(' ').toLowerCase()
  if (named === '') return helpOverview(catalogue, asking)
  const command: Command<z.ZodRawShape> | undefined = catalogue.get(named)
  if (command !== undefined) return helpCommand({ path: named, command }, asking)
  if (catalogue.groups().includes(named)) return helpGroup(catalogue, named, asking)
  const close = nearest(named, [...catalogue.groups(), ...catalogue.entries().map(({ path }) => path)])
  throw new UserError('unknown-command', `There is no command "${named}".`, {
    fix: close.length > 0 ? `Did you mean ${orList(close.map((path) => `help ${path}`))}?` : 'Type: help',
  })
}

function commandTable(entries: readonly CatalogueEntry[], { mayAsk }: Asking): Table {
  const asked = entries.map((entry) => ({ ...entry, may: mayAsk(askedOf(entry)) }))
  const sorted = asked.toSorted((a, b) => Number(a.may.answer === 'no') - Number(b.may.answer === 'no'))
  return {
    columns: ['Command', 'What it does', 'You may'],
    rows: sorted.map(({ path, command, may: { answer, where } }) => [
      path,
      command.summary,
      where === undefined ? answer : `${answer}, ${where}`,
    ]),
  }
}
