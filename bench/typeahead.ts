/** What a form offers while somebody types the name of a VM, with 1,000 VMs: from the key to the options, as Slack sees it. */
import { prepareLab } from '../src/demo/index.js'
import type { Sandbox } from '../src/sandbox/index.js'
import { defineDomains, undefineDomains } from './domains.js'
import { atLeast, type Comparison, percentile, time } from './measure.js'
import { withWholeBot } from './whole-bot.js'

const vms = 1000
const limitMs = 20
const runs = 200
const user = 'U0ANN'
/** Everything, what all begin with, one, and nothing. */
const queries = ['', 'qnav-bench-', '77', 'bench-999', 'none']

export async function measureTypeahead(): Promise<Comparison[]> {
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const lab = await prepareLab({ name: 'qnav-bench', say, vmsAtEnd: 'delete' })
  try {
    await defineDomains(vms)
    const samples = await withWholeBot(suggestions)
    const row = (name: string, ours: number) =>
      atLeast(1, { name, ours, other: limitMs, against: 'the limit we set ourselves', unit: 'ms' })
    return [
      row(`typeahead among ${vms} VMs, median`, percentile(samples, 50)),
      { ...row(`typeahead among ${vms} VMs, p99`, percentile(samples, 99)), target: '', met: true },
    ]
  } finally {
    await undefineDomains()
    await lab.stop()
  }
}

async function suggestions({ control }: Sandbox): Promise<number[]> {
  await control.command({ user, channel: 'C0VMS', text: '/qnav vm show' })
  const { id } = await control.waitForModal(user, ({ callbackId }) => callbackId === 'form')
  let asked = 0
  return time(runs, async () => {
    const query = queries[asked++ % queries.length] ?? ''
    const { delivery } = await control.suggest({ user, viewId: id, actionId: 'field', query })
    if (!delivery.acknowledged) throw new Error(`a query was not answered: ${delivery.reason}`)
  })
}
