import { describe, expect, it } from 'vitest'
import { aFleet } from '../fakes/fleet.js'
import { ask, factsOf, type Person } from './conversation.js'

const { fleet } = aFleet({ hosts: [{ name: 'kvm1' }] })
const viewer: Person = {
  id: 'U9',
  roles: ['viewer'],
  mayAsk: ({ risk, needs }) => ({ answer: risk === 'read' && needs === undefined ? 'yes' : 'no' }),
}
const operator: Person = {
  id: 'U1',
  roles: ['viewer', 'operator'],
  mayAsk: ({ risk, needs }) => ({
    answer: needs === 'deciding' ? 'no' : risk === 'read' ? 'yes' : 'with approval',
  }),
}

describe('help', () => {
  it('lists every command, those that one may not ask for last', async () => {
    const rows = (await ask('help', { fleet, by: viewer })).table?.rows ?? []
    const may = rows.map(([, , word]) => word)
    expect(may).toEqual(may.toSorted((a, b) => Number(a === 'no') - Number(b === 'no')))
    expect(rows).toContainEqual(['vm create', 'Create a VM from an image or a kcli profile', 'no'])
    expect((await ask('help', { fleet, by: operator })).table?.rows).toContainEqual([
      'vm create',
      'Create a VM from an image or a kcli profile',
      'with approval',
    ])
  })

  it('lists the commands of a group with examples', async () => {
    const report = await ask('help snapshot', { fleet })
    expect(report.table?.rows.map(([path]) => path)).toEqual([
      'snapshot create',
      'snapshot delete',
      'snapshot list',
      'snapshot revert',
    ])
    expect(report.log?.text).toContain('snapshot revert web1 before-upgrade')
  })

  it('shows how one command is typed: usage, arguments, defaults, risk, examples', async () => {
    const report = await ask('help vm stop', { fleet, by: operator })
    expect(factsOf(report)).toEqual({
      Usage: 'vm stop <vm> [--force] [--timeout …]',
      Risk: 'change: can be undone; needs approval',
    })
    expect(report.table?.rows).toEqual([
      ['<vm>', 'The VM to stop', 'a VM, like web1 or web1@kvm1', 'required'],
      ['--force, -f', 'Pull the plug: unsaved data in the guest is lost', 'on or off', 'no'],
      ['--timeout', 'How long the guest may take to shut down', '30s, 10m, 1h30m or 7d', '4m'],
    ])
    expect(report.log?.text.split('\n')).toContain('vm stop web1 --timeout 10m')
  })

  it('answers an unknown command with the nearest', async () => {
    await expect(ask('help vm craete', { fleet })).rejects.toMatchObject({
      code: 'unknown-command',
      fix: 'Did you mean help vm create or help vm delete?',
    })
    await expect(ask('help vmm', { fleet })).rejects.toMatchObject({ fix: 'Did you mean help vm?' })
  })
})

describe('whoami', () => {
  it('tells roles and what one may ask for', async () => {
    const report = await ask('whoami', { fleet, by: { ...operator, name: 'ann' } })
    expect(report.title).toBe('ann (U1)')
    expect(factsOf(report)).toMatchObject({
      Roles: 'viewer (given), operator (given)',
      'May ask: read (changes nothing)': 'yes, at once',
      'May ask: destructive (loses data)': 'yes, with approval',
      'May decide about requests of others': 'no',
    })
  })
})
