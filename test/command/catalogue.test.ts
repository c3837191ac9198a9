import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadCatalogue } from '../../src/command/index.js'

const commands = fileURLToPath(new URL('../../commands', import.meta.url))

describe('the catalogue of commands/', () => {
  it('has a command for every file, named after it, with examples that parse', async () => {
    const files = readdirSync(commands, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    )
    const named = files.map((file) => file.replace('.ts', '').replace('/', ' '))
    expect(named).toEqual(expect.arrayContaining(['help', 'vm create', 'snapshot revert', 'job approve']))
    const catalogue = await loadCatalogue(commands)
    expect(
      catalogue
        .entries()
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(named.toSorted())
  })
})
