import { z } from 'zod'
import { askHosts, defineCommand, hostName } from '../../src/command/index.js'
import { count, type Finding, type Tone } from '../../src/report/index.js'

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
    const { answers, silent } = await askHosts(fleet, host, (agent) => agent.check())
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
    }
  },
})
