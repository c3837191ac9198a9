import { describe, expect, it } from 'vitest'
import { aFleet, anImage } from '../../fakes/fleet.js'
import { ask } from '../conversation.js'

describe('image list', () => {
  it('lists the images of all hosts with their size, and how to use one', async () => {
    const { fleet } = aFleet({
      hosts: [
        { name: 'kvm1', images: [anImage({ name: 'rocky9.qcow2', capacityGiB: 10 })] },
        { name: 'kvm2', images: [anImage({ name: 'tiny.qcow2', capacityGiB: 0.5, pool: 'fast' })] },
      ],
    })
    expect(await ask('image list', { fleet })).toMatchObject({
      title: '2 images on 2 hosts',
      table: {
        rows: [
          ['rocky9.qcow2', 'kvm1', 'default', '10 GiB'],
          ['tiny.qcow2', 'kvm2', 'fast', '512 MiB'],
        ],
      },
      notes: ['For example: vm create web1 --image rocky9.qcow2'],
    })
    expect((await ask('image list kvm2', { fleet })).table?.rows).toHaveLength(1)
  })

  it('says how to get one when there is none', async () => {
    const report = await ask('image list', aFleet({ hosts: [{ name: 'kvm1', images: [] }] }))
    expect(report.title).toBe('0 images on 1 host')
    expect(report.notes?.[0]).toContain('kcli download image')
  })

  it('says which host did not answer', async () => {
    const { fleet } = aFleet({ hosts: [{ name: 'kvm1' }, { name: 'kvm2', unreachable: true }] })
    const report = await ask('image list', { fleet })
    expect(report).toMatchObject({ title: expect.stringMatching(/ on 1 of 2 hosts$/), tone: 'warn' })
  })
})
