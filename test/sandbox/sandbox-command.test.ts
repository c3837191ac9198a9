import { expect, it } from 'vitest'
import { sandboxCommand, startSandbox } from '../../src/sandbox/index.js'

it('a taken port is named, with what to do', async () => {
  const sandbox = await startSandbox({ port: 0 })
  const port = Number(new URL(sandbox.url).port)
  await expect(sandboxCommand({ port })).rejects.toMatchObject({
    message: `Port ${port} is taken.`,
    fix: 'Give another with --port.',
  })
  await sandbox.stop()
})
