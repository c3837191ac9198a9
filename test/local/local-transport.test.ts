import { describe, expect, it, vi } from 'vitest'
import { LocalTransport } from '../../src/local/index.js'
import { transportContract } from '../ssh/transport-contract.js'

transportContract('local', async () => {
  const transport = new LocalTransport()
  return { transport, close: () => transport.close() }
})

describe('local transport', () => {
  it('does not hand the tokens of the bot to the programs it runs', async () => {
    vi.stubEnv('SLACK_BOT_TOKEN', 'xoxb-secret-secret')
    const { stdout } = await new LocalTransport().exec(['env'], { timeoutMs: 5000 })
    vi.unstubAllEnvs()
    expect(stdout).toContain('PATH=')
    expect(stdout).not.toContain('SLACK_BOT_TOKEN')
  })
})
