/** What a plan says is touched, on a real host, with a guest whose agent hangs. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createFleet } from '../../../src/agents/index.js'
import { createLog } from '../../../src/log.js'
import { bootFrozenGuest } from '../kcli/frozen-guest.js'
import { settingsFor, virsh } from './agent-suite.js'

const lab = inject('lab')
const name = `impact${process.pid}`

describe.skipIf(lab === undefined)('what a change of a VM touches', () => {
  let made: ReturnType<typeof createFleet>
  let guest: { close(): void } | undefined
  beforeAll(async () => {
    if (lab === undefined) return
    guest = await bootFrozenGuest(lab, name)
    const connection = { transport: 'local' as const }
    const host = { connection, kcli: { ...lab.kcli, sudo: false }, close: async () => {} }
    made = createFleet({ hosts: [settingsFor(lab, host)], log: createLog({ level: 'silent' }) })
  }, 120_000)
  afterAll(async () => {
    await made?.close()
    try {
      virsh('destroy', name)
    } finally {
      guest?.close()
    }
  })

  it('is told soon, without what a frozen agent does not tell', async () => {
    const agent = made.fleet.agent('kvm1')
    const vm = await agent.find(name)
    if (vm === undefined) throw new Error(`there is no ${name}`)
    for (let times = 0; times < 3; times++) {
      const begin = performance.now()
      const impact = await agent.impactOf(vm, { storage: true })
      expect(performance.now() - begin).toBeLessThan(2500)
      expect(impact).not.toHaveProperty('users')
      expect(impact.uptimeMs).toBeGreaterThanOrEqual(0)
      expect(impact.uptimeMs).toBeLessThan(180_000)
    }
    const begin = performance.now()
    await expect(agent.vms()).resolves.toBeDefined()
    expect(performance.now() - begin).toBeLessThan(1000)
  })

  it('leaves out what is not told of a VM that is gone', async () => {
    const vm = { name: 'nobody-has-this', host: 'kvm1', uuid: '00000000-0000-0000-0000-00000000dead' }
    expect(await made.fleet.agent('kvm1').impactOf(vm)).toEqual({})
  })
})
