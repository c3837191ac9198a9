import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { commandsPage, loadCatalogue } from '../../src/command/index.js'

const commands = fileURLToPath(new URL('../../commands', import.meta.url))

// After a change to a command: npm run docs
it('docs/commands.md says what the commands say', async () => {
  await expect(commandsPage(await loadCatalogue(commands))).toMatchFileSnapshot('../../docs/commands.md')
})
