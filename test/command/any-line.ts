/** Arbitrary command lines of the real catalogue, right ones and wrong ones, for property tests. */
import fc from 'fast-check'
import type { z } from 'zod'
import {
  type ArgumentKind,
  type ArgumentMeta,
  type Catalogue,
  describeArguments,
  isoTime,
  metaOf,
} from '../../src/command/index.js'
import { daysInWords } from '../../src/command/times-of-week.js'

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/)
const plain = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,12}$/)

/** What phones, Slack and the parser have a meaning for, and what it might be mistaken for. */
const signs = [
  ...[
    '"',
    "'",
    '\\',
    '-',
    '--',
    '=',
    ',',
    ' ',
    '  ',
    '\n',
    '\t',
    ';',
    '|',
    '`',
    '$',
    '*',
    '_',
    '~',
    '@',
    '#',
    '!',
  ],
  ...[
    '\u201c',
    '\u201d',
    '\u201e',
    '\u201f',
    '\u00ab',
    '\u00bb',
    '\u2033',
    '\u2018',
    '\u2019',
    '\u201a',
    '\u201b',
    '\u2032',
  ],
  ...[
    '\u2010',
    '\u2011',
    '\u2012',
    '\u2013',
    '\u2014',
    '\u2015',
    '\u2212',
    '\u00a0',
    '\u2007',
    '\u202f',
    '\u200b',
    '\ufeff',
  ],
  ...['&', '<', '>', '&amp;', '&lt;', '&gt;', 'amp;', 'lt;', '<@U1|ann>', '<@U1>', '<#C1|vms>', '<!here>'],
  ...[
    '<!subteam^S1|@ops>',
    '<https://x.y|x.y>',
    '<mailto:a@b|a@b>',
    'https:',
    '/qnav',
    '--help',
    '-h',
    'a',
    'B',
    '7',
    'é',
    '👩\u200d💻',
    '\ud83d',
  ],
]

/** Any text at all, mostly out of such signs. */
export const anyText = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.array(fc.constantFrom(...signs), { maxLength: 8 }).map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
)

/** What free text may be: something to read. */
export function isFreeText(text: string): boolean {
  return text.trim() !== '' && !/[^\P{Cc}\n\t]|[\p{Cs}\uFFFE\uFFFF]/u.test(text)
}
const freeText = anyText.filter(isFreeText)
/** A name that libvirt takes and another tool gave. */
const anyVmName = anyText.filter((name) => /^[^/\p{C}]+$/u.test(name) && name.trim() === name)

const key =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1y5nmxnNn0Yc0nZ1rWbUBXn3xVW8OVqcDqmBDYcS5n ann@laptop, home'

const anyMoment = fc
  .date({ min: new Date('1970-01-01'), max: new Date('2999-12-31'), noInvalidDate: true })
  .map((date) => isoTime(date.toISOString()))

/** Parsed values of an argument, by its kind and within its bounds. */
const values: Readonly<Record<ArgumentKind, (of: ArgumentMeta) => fc.Arbitrary<unknown>>> = {
  text: () => freeText,
  flag: () => fc.boolean(),
  number: within,
  memory: within,
  disk: within,
  duration: ({ max = 1000 }) => fc.integer({ min: 1, max: max / 1000 }).map((seconds) => seconds * 1000),
  choice: ({ choices = [] }) => fc.constantFrom(...choices),
  vm: () =>
    fc.oneof(
      fc.record({ name: label }),
      fc.record({ name: anyVmName.filter((name) => !name.includes('@')) }),
      fc.record({ name: anyVmName, host: plain }),
    ),
  'new-vm': () => label,
  host: () => plain,
  image: () => plain,
  profile: () => plain,
  network: () => plain,
  pool: () => plain,
  snapshot: () => anyText.filter((name) => name !== ''),
  'new-snapshot': () => plain,
  job: () => fc.stringMatching(/^j-[a-z0-9]{3,12}$/),
  schedule: () => fc.stringMatching(/^s-[a-z0-9]{3,12}$/),
  'week-days': () => fc.subarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }).map(daysInWords),
  'date-time': () => anyMoment,
  lease: () => fc.oneof(anyMoment, fc.constantFrom('8h', '14d', 'none')),
  'time-ago': () => fc.oneof(anyMoment, fc.constantFrom('7d', '1h30m', '12 h')),
  'day-time': () => fc.integer({ min: 0, max: 1439 }),
  'quiet-hours': () => fc.constantFrom('22:00-07:00', '12:00-13:30'),
  'time-zone': () => fc.constantFrom('UTC', 'Europe/Amsterdam', 'America/New_York'),
  user: () => fc.stringMatching(/^U[A-Z0-9]{2,8}$/),
  'ssh-key': () => fc.constant(key),
}

function within({ min = 0, max = 0 }: ArgumentMeta): fc.Arbitrary<number> {
  return fc.integer({ min, max })
}

function valuesFor(schema: z.ZodType): fc.Arbitrary<unknown> {
  const meta = metaOf(schema)
  const one = values[meta.kind](meta)
  return meta.many === true ? fc.array(one, { maxLength: 3 }) : one
}

export interface Asked {
  path: string
  args: Record<string, unknown>
}

/** A command with arguments as its schema gives them; what has a default is always there. */
export function anyRequest(catalogue: Catalogue): fc.Arbitrary<Asked> {
  const requests = catalogue.entries().map(({ path, command }) => {
    const shape = Object.entries(command.args.shape as Record<string, z.ZodType>)
    const fields = Object.fromEntries(shape.map(([name, schema]) => [name, valuesFor(schema)]))
    const requiredKeys = describeArguments(command).flatMap(({ name, isRequired, default: value }) =>
      isRequired || value !== undefined ? [name] : [],
    )
    return fc.record(fields, { requiredKeys }).map((args) => ({ path, args }))
  })
  // A creation from nothing, and a lease of no length, are refused by the schema as a whole.
  const oneOf: Record<string, readonly string[]> = {
    'vm create': ['image', 'profile'],
    'vm lease': ['for', 'until'],
  }
  return fc
    .oneof(...requests)
    .filter(({ path, args }) => oneOf[path]?.some((name) => args[name] !== undefined) ?? true)
}

/** A line of the right words in any order, wrong ones among them. */
export function anyLine(catalogue: Catalogue): fc.Arbitrary<string> {
  const words = catalogue
    .entries()
    .flatMap(({ path, command }) => [
      ...path.split(' '),
      ...describeArguments(command).flatMap(({ typed }) => typed.match(/--?[a-z-]+/g) ?? []),
    ])
  const word = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...new Set(words)) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        'web1',
        'web1@kvm1',
        '4G',
        '20G,',
        '30m',
        '7',
        '--',
        '-5',
        '__proto__',
        'constructor',
        '--__proto__=1',
        'no',
      ),
    },
    { weight: 2, arbitrary: anyText },
  )
  const path = fc.constantFrom('', ...catalogue.entries().map((entry) => entry.path))
  return fc
    .tuple(path, fc.array(fc.tuple(word, fc.constantFrom(' ', ' ', ' ', '=', ',', '')), { maxLength: 8 }))
    .map(([start, parts]) => `${start} ${parts.flat().join('')}`)
}
