import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type Catalogue,
  type Command,
  describeArguments,
  type FormValues,
  formWanted,
  loadCatalogue,
  metaOf,
  readForm,
} from '../../src/command/index.js'
import { anyLine, anyRequest } from './any-line.js'

let catalogue: Catalogue
beforeAll(async () => {
  catalogue = await loadCatalogue(fileURLToPath(new URL('../../commands', import.meta.url)))
})

/** What a person fills in for these arguments: each value as it is typed. */
function filledIn(command: Command, args: Record<string, unknown>): FormValues {
  const shape = command.args.shape as Record<string, Parameters<typeof metaOf>[0]>
  return Object.fromEntries(
    Object.entries(args).flatMap(([name, value]): [string, FormValues[string]][] => {
      const schema = shape[name]
      if (schema === undefined || value === undefined) return []
      const { show, kind } = metaOf(schema)
      if (typeof value === 'boolean') return [[name, value]]
      const text = (one: unknown) => (kind === 'user' ? String(one) : show(one))
      return [[name, Array.isArray(value) ? value.map(text) : text(value)]]
    }),
  )
}

function commandOf(path: string): Command {
  const command = catalogue.get(path)
  if (command === undefined) throw new Error(`no ${path}`)
  return command
}

describe('a typed line wants a form', () => {
  it.each([
    ['vm create', 'vm create', {}],
    ['vm create web1', 'vm create', { name: 'web1' }],
    ['/qnav vm create --memory 4G', 'vm create', { memory: '4G' }],
    [
      'vm create web1 --disk 20G,30G --no-start',
      'vm create',
      {
        name: 'web1',
        disk: ['20G', '30G'],
        start: false,
      },
    ],
    ['snapshot revert web1', 'snapshot revert', { vm: 'web1' }],
    ['job approve', 'job approve', {}],
  ])('that lacks what is needed, with what was typed: %s', (text, path, values) => {
    expect(formWanted(catalogue, text)).toMatchObject({ path, values, isAskedFor: false })
  })

  it.each([
    ['vm list --form', 'vm list', {}],
    ['--form vm list kvm1', 'vm list', { host: 'kvm1' }],
    ['vm create Bad_Name --image x --form', 'vm create', { name: 'Bad_Name', image: 'x' }],
  ])('that asks for one, with what was typed, right or wrong: %s', (text, path, values) => {
    expect(formWanted(catalogue, text)).toMatchObject({ path, values, isAskedFor: true })
  })

  it.each([
    '',
    'help',
    'vm',
    'vm list',
    'vm create --help',
    'vm crate',
    'vm show "web',
    'whoami --form',
    'vm show web1',
    'vm create Bad_Name --image x',
    'vm stop --hrad',
  ])('but not %s', (text) => {
    expect(formWanted(catalogue, text)).toBeUndefined()
  })

  it('or does not, whatever it is, and never throws', () => {
    fc.assert(fc.property(anyLine(catalogue), (text) => void formWanted(catalogue, text)))
  })

  it('where there are no forms is told so', () => {
    expect(() => catalogue.parse('vm list --form')).toThrow(
      expect.objectContaining({ code: 'unsupported', fix: expect.stringContaining('vm list') }),
    )
    expect(() => catalogue.parse('whoami --form')).toThrow('"whoami" has nothing to fill in.')
  })
})

describe('a filled form', () => {
  it('is the line that parses to exactly what is in it, for every command and all values', () => {
    fc.assert(
      fc.property(anyRequest(catalogue), ({ path, args: all }) => {
        // An empty field says nothing, also where somebody could type an empty list.
        const args = Object.fromEntries(
          Object.entries(all).filter(([, value]) => !Array.isArray(value) || value.length > 0),
        )
        // Fields do not keep blanks at the ends, and have lines for what may have commas.
        const values = filledIn(commandOf(path), args)
        const plain = Object.values(values)
          .flat()
          .every((each) => {
            return typeof each === 'boolean' || (each.trim() === each && !each.includes('\n') && each !== '')
          })
        fc.pre(plain)
        const read = readForm(path, commandOf(path), values)
        if (read.kind === 'mistakes') throw new Error(JSON.stringify(read.mistakes))
        const parsed = catalogue.parse(read.line)
        expect(parsed.path).toBe(path)
        const manner = parsed.command.risk === 'read' ? {} : parsed.manner
        expect(parsed.line).toBe(catalogue.lineOf(path, { ...parsed.args, ...manner }))
        expect(parsed.args).toEqual(catalogue.parse(catalogue.lineOf(path, args)).args)
      }),
    )
  })

  it('leaves out what is empty', () => {
    const values = { name: 'web1', image: 'x', memory: ' ', disk: [], network: ['', ' '], pool: '' }
    expect(readForm('vm create', commandOf('vm create'), values)).toEqual({
      kind: 'line',
      line: 'vm create web1 --image x',
    })
  })

  it('reads several values by commas and lines', () => {
    const values = { name: 'web1', image: 'x', disk: '20G, 30G\n1T' }
    expect(readForm('vm create', commandOf('vm create'), values)).toMatchObject({
      line: 'vm create web1 --image x --disk 20G,30G,1T',
    })
  })

  it('says what is wrong with each field, by its name', () => {
    const values = { name: 'Bad_Name', cpus: '900', disk: ['20G', 'much'], sshKey: 'secret', memory: '4G' }
    const read = readForm('vm create', commandOf('vm create'), values)
    expect(read).toEqual({
      kind: 'mistakes',
      mistakes: {
        name: expect.stringContaining('It must be small letters'),
        cpus: 'It must be a whole number from 1 to 64.',
        disk: expect.stringMatching(/^"much" must be a size/),
        sshKey: expect.not.stringContaining('secret'),
      },
    })
    expect(readForm('vm create', commandOf('vm create'), { name: 'web1' })).toEqual({
      kind: 'mistakes',
      mistakes: { image: '"vm create" needs an image or a profile.' },
    })
    expect(readForm('vm show', commandOf('vm show'), {})).toEqual({
      kind: 'mistakes',
      mistakes: { vm: 'Needed: a VM, like web1 or web1@kvm1.' },
    })
  })

  it('starts from defaults as they are typed', () => {
    const defaults = Object.fromEntries(
      describeArguments(commandOf('vm create')).map(({ name, typedDefault }) => [name, typedDefault]),
    )
    expect(defaults).toMatchObject({ cpus: '2', memory: '2G', start: true, sshKey: [], image: undefined })
  })
})
