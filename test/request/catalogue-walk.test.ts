/** Every command of the catalogue against a person who may only read: nothing that changes a host is called. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { loadCatalogue } from '../../src/command/index.js'
import { aHouse, vic } from './house.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const catalogue = await loadCatalogue(join(root, 'commands'))
const changes = catalogue.entries().filter(({ command }) => command.risk !== 'read')

describe('no command that changes anything', () => {
  it.each(changes.map(({ path, command }) => [path, command.examples] as const))(
    'begins for a viewer: %s',
    async (_, examples) => {
      const { requests, jobs, audit } = await aHouse({ approvals: false })
      for (const text of examples) {
        const asked = requests.handle({ text, person: vic, origin: { surface: 'terminal' } })
        await expect(asked).rejects.toMatchObject({ code: 'not-allowed' })
        await expect(requests.preview({ text, person: vic })).rejects.toMatchObject({ code: 'not-allowed' })
      }
      expect(jobs.list()).toEqual([])
      expect(audit.filter(({ event }) => event === 'refused')).toHaveLength(examples.length)
    },
  )

  it('is run from anywhere but where a permit is shown', () => {
    const sources = ['src/request', 'src/slack', 'src/terminal', 'src/command'].flatMap((room) =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => join(room, file)),
    )
    const running = sources.filter((file) => readFileSync(join(root, file), 'utf8').includes('command.run('))
    expect(running.toSorted()).toEqual(['src/request/command-requests.ts', 'src/request/permission.ts'])
  })
})
