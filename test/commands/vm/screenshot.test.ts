import { describe, expect, it } from 'vitest'
import type { MayAsk } from '../../../src/command/index.js'
import { aFleet, aVm } from '../../fakes/fleet.js'
import { ask, offers } from '../conversation.js'

const hosts = () =>
  aFleet({
    hosts: [
      {
        name: 'kvm1',
        vms: [
          aVm({ name: 'web1', state: 'running', ownership: { owner: 'U1', requester: 'U1', job: 'j-1' } }),
          aVm({ name: 'nobodys', state: 'running' }),
          aVm({ name: 'off' }),
        ],
      },
    ],
  })
const by = (id: string, answer: MayAsk) => ({ id, mayAsk: () => answer })

describe('vm screenshot', () => {
  it('shows what is on the screen, and what may be done', async () => {
    const report = await ask('vm screenshot web1', hosts())
    expect(report).toMatchObject({
      title: 'The screen of web1',
      picture: { file: 'web1.png', alt: 'The screen of web1 on kvm1' },
    })
    expect(
      Buffer.from(report.picture?.png ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
    expect(Object.keys(offers(report))).toEqual(['Again', 'Show', 'Snapshot', 'Stop'])
    expect(offers(await ask('vm show web1', hosts()))).toMatchObject({
      Screenshot: 'vm screenshot web1@kvm1',
    })
  })

  it('is for the owner, and for those who may change every VM', async () => {
    const { fleet } = hosts()
    await expect(ask('vm screenshot web1', { fleet, by: by('U1', { answer: 'no' }) })).resolves.toBeDefined()
    await expect(
      ask('vm screenshot web1', { fleet, by: by('U2', { answer: 'with approval' }) }),
    ).resolves.toBeDefined()
    for (const answer of [{ answer: 'no' }, { answer: 'yes', where: ['on kvm2'] }] as MayAsk[]) {
      await expect(ask('vm screenshot web1', { fleet, by: by('U2', answer) })).rejects.toMatchObject({
        code: 'not-allowed',
        fix: 'Ask U1, or an operator.',
      })
    }
    await expect(
      ask('vm screenshot nobodys', { fleet, by: by('U2', { answer: 'no' }) }),
    ).rejects.toMatchObject({ fix: expect.stringContaining('vm adopt nobodys@kvm1') })
  })

  it('says of a VM that is off that there is nothing to see', async () => {
    await expect(ask('vm screenshot off', hosts())).rejects.toMatchObject({
      code: 'invalid-state',
      fix: 'Start it: vm start off@kvm1',
    })
  })
})
