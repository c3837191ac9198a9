import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadCatalogue } from '../../src/command/index.js'

const commands = fileURLToPath(new URL('../../commands', import.meta.url))

describe('the catalogue of commands/', () => {
  it('loads every command file, with examples that parse', async () => {
    const catalogue = await loadCatalogue(commands)
    expect(catalogue.entries().map(({ path }) => path)).toMatchInlineSnapshot(`
      [
        "help",
        "host check",
        "host list",
        "host show",
        "image list",
        "job approve",
        "job cancel",
        "job deny",
        "job list",
        "job show",
        "snapshot create",
        "snapshot delete",
        "snapshot list",
        "snapshot revert",
        "vm create",
        "vm delete",
        "vm list",
        "vm restart",
        "vm show",
        "vm start",
        "vm stop",
        "whoami",
      ]
    `)
  })
})
