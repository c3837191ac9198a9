import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  Catalogue,
  type Command,
  flag,
  list,
  loadCatalogue,
  memorySize,
  text,
  vmName,
} from '../../src/command/index.js'

const good = {
  summary: 'Do something',
  examples: ['do it'],
  risk: 'read',
  args: z.object({}),
  run: async () => ({ title: '', tone: 'ok' }),
} as const

function load(command: Record<string, unknown>, path = 'do it'): Catalogue {
  return new Catalogue([{ path, command: { ...good, ...command } as unknown as Command }])
}

describe('a definition', () => {
  it('is taken when it keeps the rules', () => {
    expect(load({}).entries()).toHaveLength(1)
  })

  const name = vmName().describe('A name')
  it.each([
    ['a summary with a full stop', { summary: 'Do it.' }, 'do it: its summary ends with a full stop'],
    ['a summary in small letters', { summary: 'do it' }, 'do it: its summary does not begin with a capital'],
    ['an example that does not parse', { examples: ['do it now'] }, 'its example "do it now" does not parse'],
    ['an unknown positional', { positional: ['what'] }, 'positional what is not an argument'],
    ['an unknown alias', { aliases: { x: 'what' } }, 'alias x stands for what, which is not an argument'],
    ['a long alias', { args: z.object({ name }), aliases: { nn: 'name' } }, 'alias nn is not one letter'],
    [
      'an argument of no kind',
      { args: z.object({ x: z.string().describe('X') }) },
      'was not made by one of the factories',
    ],
    ['no description', { args: z.object({ x: text().optional() }) }, 'argument x has no description'],
    ['an undecided switch', { args: z.object({ x: flag().describe('X') }) }, 'switch x has no default'],
    [
      'a default that nobody can type',
      { args: z.object({ x: memorySize().default(1).describe('X') }) },
      'the default of x cannot be typed',
    ],
    [
      'a list that is not at the end',
      { args: z.object({ x: list(text()).describe('X'), name }), positional: ['x', 'name'] },
      'positional x is a list and not the last',
    ],
    [
      'a required argument after an optional one',
      { args: z.object({ x: text().optional().describe('X'), name }), positional: ['x', 'name'] },
      'positional name is required and follows optional x',
    ],
    [
      'a flag that reads as another one turned off',
      { args: z.object({ x: flag().default(false).describe('X'), noX: text().optional().describe('Y') }) },
      'argument noX reads as a switch turned off',
    ],
  ])('is refused with %s', (_, command, mistake) => {
    expect(() => load(command)).toThrow(mistake)
  })

  it('is refused when it would hide a group', () => {
    const command = { ...good, examples: ['vm'] } as unknown as Command
    const list = { ...good, examples: ['vm list'] } as unknown as Command
    expect(
      () =>
        new Catalogue([
          { path: 'vm', command },
          { path: 'vm list', command: list },
        ]),
    ).toThrow('vm: is a group and a command')
  })
})

describe('a folder of command files', () => {
  let folder: string
  afterEach(() => rm(folder, { recursive: true, force: true }))

  async function aFolder(files: Record<string, string>): Promise<string> {
    folder = await mkdtemp(join(tmpdir(), 'qnav-commands-'))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    const commands = join(folder, 'commands')
    for (const [file, content] of Object.entries(files)) {
      await mkdir(join(commands, file, '..'), { recursive: true })
      await writeFile(join(commands, file), content)
    }
    return commands
  }

  const definition = (line: string) => `
    import { z } from '${import.meta.resolve('zod')}'
    export default { summary: 'Do', risk: 'read', examples: ['${line}'], args: z.object({}), run: async () => ({}) }`

  it('gives each command the path of its file, built files as well', async () => {
    const commands = await aFolder({
      'top.js': definition('top'),
      'disk/attach.js': definition('disk attach'),
      'disk/attach.d.ts': '',
      'disk/attach.js.map': '{}',
    })
    expect((await loadCatalogue(commands)).entries().map(({ path }) => path)).toEqual(['disk attach', 'top'])
  })

  it('is refused with the file that has no command', async () => {
    const commands = await aFolder({ 'vm/empty.js': 'export {}' })
    await expect(loadCatalogue(commands)).rejects.toThrow('vm/empty.js has no default export')
  })

  it('is refused with the file that no command line could name', async () => {
    const commands = await aFolder({ 'vm/disk/attach.js': definition('vm') })
    await expect(loadCatalogue(commands)).rejects.toThrow('a command file is <verb>.ts or <group>/<verb>.ts')
  })
})
