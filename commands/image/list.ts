import { z } from 'zod'
import { askHosts, defineCommand, hostCount, hostName, silence } from '../../src/command/index.js'
import { count, showMiB } from '../../src/report/index.js'

export default defineCommand({
  summary: 'List the images that VMs can be made from',
  examples: ['image list', 'image list kvm1'],
  risk: 'read',
  args: z.object({ host: hostName().optional().describe('Only images on this host') }),
  positional: ['host'],

  async run({ host }, { fleet }) {
    const { answers, silent } = await askHosts(fleet, host, (agent) => agent.images())
    const images = answers.flatMap(({ host: on, value }) => value.map((image) => ({ on, ...image })))
    const notes = silent.map(silence)
    if (images.length === 0 && silent.length === 0) {
      notes.push(
        'Put a qcow2 file into a storage pool of the host, or download one there: kcli download image',
      )
    }
    const [first] = images
    return {
      title: `${count(images.length, 'image')} on ${host ?? hostCount(fleet, silent.length)}`,
      tone: silent.length > 0 ? 'warn' : 'info',
      table: {
        columns: ['Image', 'Host', 'Pool', 'Virtual size'],
        rows: images.map(({ name, on, pool, capacityGiB }) => [name, on, pool, showMiB(capacityGiB * 1024)]),
      },
      notes: [
        ...notes,
        ...(first === undefined ? [] : [`For example: vm create web1 --image ${first.name}`]),
      ],
    }
  },
})
