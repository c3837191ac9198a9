import { describe, expect, it } from 'vitest'
import { aVm } from '../fakes/fleet.js'
import { aHouse, ann, vic } from './house.js'

const create = 'vm create web9 --image rocky9.qcow2'

describe('a preview', () => {
  it('is the plan of a change and whose yes it needs, with nothing begun', async () => {
    const { requests, jobs, fleet } = await aHouse()
    const preview = await requests.preview({ text: create, person: ann })
    expect(preview).toMatchObject({
      plan: { kind: 'ready', summary: 'Create VM web9 on kvm1' },
      approval: { approvers: 1 },
    })
    expect(jobs.list()).toEqual([])
    expect(fleet.host('kvm1').calls).toEqual([])
  })

  it('says that a change runs at once where nobody has to approve it', async () => {
    const { requests } = await aHouse({ approvals: false })
    await expect(requests.preview({ text: create, person: ann })).resolves.toMatchObject({
      approval: undefined,
    })
  })

  it('says what stands in the way', async () => {
    const { requests, fleet } = await aHouse()
    fleet.host('kvm1').machines.set('web9', aVm({ name: 'web9' }))
    await expect(requests.preview({ text: create, person: ann })).resolves.toMatchObject({
      plan: { kind: 'blocked', blockers: [{ code: 'name-taken' }] },
    })
    const readOnly = await aHouse({ readOnly: true })
    await expect(readOnly.requests.preview({ text: create, person: ann })).resolves.toMatchObject({
      plan: { kind: 'blocked' },
    })
  })

  it('is none for what changes nothing', async () => {
    const { requests } = await aHouse()
    await expect(requests.preview({ text: 'vm list', person: ann })).resolves.toBeUndefined()
  })

  it('is refused to those who may not ask, and for what cannot be asked', async () => {
    const { requests } = await aHouse()
    const previewing = (text: string, person = ann) => requests.preview({ text, person })
    await expect(previewing(create, vic)).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(previewing('vm create Bad_Name --image x')).rejects.toMatchObject({ code: 'bad-name' })
    await expect(previewing('snapshot create web1 --description "password=hunter22"')).rejects.toMatchObject({
      code: 'bad-argument',
    })
  })
})
