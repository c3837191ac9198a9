import { describe, expect, it } from 'vitest'
import { GuestAgents } from '../../src/agents/guest-agents.js'
import { type Connection, procedures } from '../../src/libvirt/index.js'

const uuid = '00000000-0000-0000-0000-000000000001'
const text = (field: string, value: string) => ({ field, value, type: 'string' as const })

/** A session whose answers tests give. */
function aSession() {
  const asked: { what: string; answer(reply: unknown): void; refuse(error: Error): void }[] = []
  const session = {
    call: (procedure: unknown) =>
      new Promise((answer, refuse) => {
        const what = procedure === procedures.domainGetGuestInfo ? 'users' : 'addresses'
        asked.push({ what, answer, refuse })
      }),
  } as unknown as Connection
  return { asked, guests: new GuestAgents(async () => session) }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('agents in guests', () => {
  it('tell who is logged in, each once', async () => {
    const { asked, guests } = aSession()
    const users = guests.usersOf(uuid)
    await turn()
    asked[0]?.answer({
      params: [
        { field: 'user.count', value: 3, type: 'uint' as const },
        ...[text('user.0.name', 'root'), text('user.0.hostname', 'tty1')],
        ...[text('user.1.name', 'ann'), text('user.2.name', 'root')],
      ],
    })
    expect(await users).toEqual(['ann', 'root'])
  })

  it('are asked one question at a time: who is logged in waits for the addresses', async () => {
    const { asked, guests } = aSession()
    const addresses = guests.addressesOf(uuid)
    const users = guests.usersOf(uuid)
    await turn()
    expect(asked.map(({ what }) => what)).toEqual(['addresses'])
    asked[0]?.answer({ ifaces: [] })
    await addresses
    await turn()
    expect(asked.map(({ what }) => what)).toEqual(['addresses', 'users'])
    asked[1]?.answer({ params: [] })
    expect(await users).toEqual([])
  })

  it('that hang hold nobody up, and take one place however much is asked', async () => {
    const { asked, guests } = aSession()
    const first = guests.usersOf(uuid, 10)
    await turn()
    expect(await first).toBeUndefined()
    expect(await guests.usersOf(uuid, 10)).toBeUndefined()
    const blocked = new GuestAgents(
      async () => ({ call: () => new Promise(() => {}) }) as unknown as Connection,
    )
    void blocked.addressesOf(uuid)
    expect(await blocked.usersOf(uuid, 10)).toBeUndefined()
    expect(asked).toHaveLength(1)
  })

  it('are asked again once they answered or refused', async () => {
    const { asked, guests } = aSession()
    const refused = guests.usersOf(uuid)
    await turn()
    asked[0]?.refuse(new Error('the agent went away'))
    await expect(refused).rejects.toThrow('went away')
    void guests.usersOf(uuid)
    await turn()
    expect(asked).toHaveLength(2)
  })
})
