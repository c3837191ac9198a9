/** Which questions are in the audit log: those that show what others did, or look with the eyes of others. */
import { describe, expect, it } from 'vitest'
import { aHouse, ann, vic } from './house.js'

const origin = { surface: 'terminal' } as const
const root = { id: 'terminal:root', name: 'root' }

describe('a question', () => {
  it('into the audit log is for admins, and audited before it is answered', async () => {
    const { requests, audit } = await aHouse()
    const text = 'audit search --about web1'
    for (const person of [ann, vic])
      await expect(requests.handle({ text, person, origin })).rejects.toMatchObject({ code: 'not-allowed' })
    expect(audit.map(({ event }) => event)).toEqual(['refused', 'refused'])
    await expect(requests.handle({ text, person: root, origin })).rejects.toMatchObject({
      code: 'unsupported',
    })
    expect(audit.at(-1)).toEqual({ event: 'read', by: root, text })
  })

  it('with the eyes of others is audited', async () => {
    const { requests, audit } = await aHouse()
    const text = 'policy explain "vm delete web1" --as UVIC'
    await requests.handle({ text, person: root, origin })
    expect(audit).toEqual([
      { event: 'read', by: root, text: expect.stringContaining('policy explain "vm delete web1"') },
    ])
  })

  it('about hosts and VMs is not', async () => {
    const { requests, audit } = await aHouse()
    for (const text of ['vm list', 'vm show web1', 'host check kvm1', 'job list', 'whoami', 'help'])
      await requests.handle({ text, person: vic, origin })
    expect(audit).toEqual([])
  })
})
