import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { LocalTransport } from '../../src/local/index.js'
import { handles } from '../host/ssh/handles.js'
import { transportContract } from '../ssh/transport-contract.js'

transportContract('local', async () => {
  const transport = new LocalTransport()
  return { transport, close: () => transport.close() }
})

describe('local transport', () => {
  it('says that it cannot start what has too many words', async () => {
    await expect(
      new LocalTransport().exec(['true', 'x'.repeat(4_000_000)], { timeoutMs: 5000 }),
    ).rejects.toMatchObject({ code: 'run-failed', message: expect.stringContaining('E2BIG') })
  })

  it('leaves no process and no handle behind, however a program ends', async () => {
    const transport = new LocalTransport()
    // What earlier tests left is still ending.
    await wait(500)
    const before = handles()
    const programs = Array.from({ length: 200 }, (_, n) =>
      transport
        .exec(n % 4 === 0 ? ['sleep', '30'] : ['true'], { timeoutMs: n % 4 === 0 ? 50 : 20_000 })
        .catch((error: unknown) => expect(error).toMatchObject({ code: 'timeout' })),
    )
    await Promise.all(programs)
    for (let tries = 0; tries < 50 && !isDeepStrictEqual(handles(), before); tries++) await wait(100)
    expect(handles()).toEqual(before)
  })

  it('does not hand the tokens of the bot to the programs it runs', async () => {
    vi.stubEnv('SLACK_BOT_TOKEN', 'xoxb-secret-secret')
    const { stdout } = await new LocalTransport().exec(['env'], { timeoutMs: 5000 })
    vi.unstubAllEnvs()
    expect(stdout).toContain('PATH=')
    expect(stdout).not.toContain('SLACK_BOT_TOKEN')
  })
})
