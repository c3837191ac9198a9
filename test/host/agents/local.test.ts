import { describe, inject } from 'vitest'
import { agentSuite } from './agent-suite.js'

const lab = inject('lab')

if (lab === undefined) describe.skip('an agent on this host', () => {})
else {
  agentSuite('on this host', lab, async () => ({
    connection: { transport: 'local' },
    kcli: { ...lab.kcli, sudo: false },
    close: async () => {},
  }))
}
