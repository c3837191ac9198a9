import { describe, expect, inject, it } from 'vitest'
import { run } from '../../../src/demo/index.js'

const lab = inject('lab')

describe.skipIf(lab === undefined)('the lab', () => {
  it('has a running pool with the image, a network with DHCP, and kcli', async () => {
    if (lab === undefined) return
    const volumes = await run('virsh', ['-c', 'qemu:///system', 'vol-list', lab.pool])
    expect(volumes).toContain(lab.image)
    expect(await run('virsh', ['-c', 'qemu:///system', 'net-dumpxml', lab.network])).toContain('<dhcp>')
    const images = await run(lab.kcli.path, ['list', 'image', '-o', 'json'], {
      env: { KCLI_CONFIG: lab.kcli.config },
    })
    expect(images).toContain(`${lab.poolPath}/${lab.image}`)
  })
})
