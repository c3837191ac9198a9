/** An SSH server in this process that lets everybody in, for what a real sshd does only now and then. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type ServerChannel } from 'ssh2'
import { createLog } from '../../src/log.js'
import type { ConnectionSettings } from '../../src/ssh/connection.js'

export interface FakeSshd {
  settings: ConnectionSettings
  stop(): Promise<void>
}

/** @param onExec Called for each command; `lose` cuts the connection without a goodbye. */
export async function startFakeSshd(
  onExec: (channel: ServerChannel, lose: () => void) => void,
): Promise<FakeSshd> {
  const directory = mkdtempSync(join(tmpdir(), 'qnav-fake-sshd-'))
  const keyFile = join(directory, 'key')
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', keyFile])
  const server = new ssh2.Server({ hostKeys: [readFileSync(keyFile)] }, (client) => {
    client.on('error', () => client.end())
    client.on('authentication', (attempt) => attempt.accept())
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec) => {
        onExec(acceptExec(), () => client.end())
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const knownHosts = join(directory, 'known_hosts')
  const publicKey = readFileSync(`${keyFile}.pub`, 'utf8').split(' ').slice(0, 2).join(' ')
  writeFileSync(knownHosts, `[127.0.0.1]:${address.port} ${publicKey}\n`)
  return {
    settings: {
      user: 'anybody',
      host: '127.0.0.1',
      port: address.port,
      identityFile: keyFile,
      knownHosts,
      log: createLog({ level: 'silent' }),
    },
    stop: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()))
      rmSync(directory, { recursive: true })
    },
  }
}
