import { z } from 'zod'
import type { Fleet } from '../../src/agents/index.js'
import { askHosts, defineCommand, hostName, memoryChart, roomChart } from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { type Chart, count, type Finding, type Tone } from '../../src/report/index.js'

export default defineCommand({
  summary: 'Check what hosts need to run VMs',
  details: [
    'Each finding shows the measured value, the threshold it was held against, and the probe that measured it.',
  ],
  examples: ['host check', 'host check kvm1'],
  risk: 'read',
  args: z.object({ host: hostName().optional().describe('Only this host') }),
  positional: ['host'],

  async run({ host }, { fleet }) {
    const asked = host === undefined ? fleet.agents.map(({ name }) => name) : [host]
    const [{ answers, silent }, chart] = await Promise.all([
      askHosts(fleet, host, (agent) => agent.check()),
      chartOf(fleet, asked),
    ])
    const isOne = asked.length === 1
    const findings = [
      ...silent.map(
        ({ host: name, error }): Finding => ({
          check: isOne ? 'Connection' : `${name}: Connection`,
          result: 'fail',
          measured: error.message,
          threshold: 'answers',
          probe: 'connection to the host',
          fix: error.fix,
        }),
      ),
      ...answers.flatMap(({ host: name, value }) =>
        value.map((finding) => (isOne ? finding : { ...finding, check: `${name}: ${finding.check}` })),
      ),
    ]
    const failed = findings.filter(({ result }) => result === 'fail').length
    const warned = findings.filter(({ result }) => result === 'warn').length
    const tone: Tone = failed > 0 ? 'fail' : warned > 0 ? 'warn' : 'ok'
    const parts = [
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(warned > 0 ? [count(warned, 'warning')] : []),
    ]
    return {
      title: `${isOne ? asked[0] : count(asked.length, 'host')}: ${count(findings.length, 'check')}, ${parts.join(', ') || 'all passed'}`,
      tone,
      findings,
      ...(chart === undefined ? {} : { chart }),
      actions: [{ label: 'Check again', command: ['host check', host].filter(Boolean).join(' ') }],
    }
  },
})

/** What is full, at a glance. The findings tell of what does not answer, so the chart leaves it out. */
async function chartOf(fleet: Fleet, hosts: readonly string[]): Promise<Chart | undefined> {
  const isOne = hosts.length === 1
  const seen = await Promise.all(
    hosts.map(async (host) => {
      const agent = fleet.agent(host)
      try {
        const [value, pools] = await Promise.all([agent.capacity(), isOne ? agent.pools() : []])
        return [{ host, value, pools }]
      } catch (error) {
        if (error instanceof UserError) return []
        throw error
      }
    }),
  )
  const [first, ...others] = seen.flat()
  if (first === undefined) return undefined
  return isOne ? roomChart(first.host, first.value, first.pools) : memoryChart([first, ...others])
}
