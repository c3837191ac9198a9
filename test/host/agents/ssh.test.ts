import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { describe, inject } from 'vitest'
import { startSshd } from '../ssh/sshd.js'
import { agentSuite } from './agent-suite.js'

const lab = inject('lab')
/** An ordinary user in the group libvirt, as a bot should have on a host of its own. */
const user = 'qnav-agent-test'

if (lab === undefined) describe.skip('an agent over SSH', () => {})
else {
  agentSuite('over SSH, as a user in the group libvirt', lab, async () => {
    const home = `/home/${user}`
    removeUser(home)
    execFileSync('useradd', [
      // A password that nothing matches; without one sshd takes the account for locked.
      '--password',
      '*',
      '--create-home',
      '--home-dir',
      home,
      '--shell',
      '/bin/sh',
      '--groups',
      'libvirt',
      user,
    ])
    const sshd = await startSshd({ user })
    const { host, port, identityFile, knownHosts } = sshd
    return {
      connection: { transport: 'ssh', user, host, port, identityFile, knownHosts },
      kcli: { ...lab.kcli, sudo: false },
      close: async () => {
        await sshd.stop()
        removeUser(home)
      },
    }
  })
}

function removeUser(home: string): void {
  try {
    execFileSync('userdel', [user], { stdio: 'ignore' })
  } catch {
    // There was none.
  }
  rmSync(home, { recursive: true, force: true })
}
