/** An sshd on loopback with an account of its own in group libvirt: this machine as a host that is reached over SSH. */
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { attempt, run } from './commands.js'

export interface LoopbackSshd {
  user: string
  host: '127.0.0.1'
  port: number
  /** Private key that the account accepts. */
  identityFile: string
  /** Knows the server's key. */
  knownHosts: string
  /** Stops the server, ends what the account runs, and removes the account. */
  stop(): Promise<void>
}

const startWithinMs = 10_000

/** Needs root and the parts of purpose "ssh". The account is made anew; it must not be anybody's. */
export async function startLoopbackSshd(user: string): Promise<LoopbackSshd> {
  const directory = await mkdtemp(join(tmpdir(), 'qnav-sshd-'))
  await chmod(directory, 0o755)
  const path = (name: string) => join(directory, name)
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  await attempt('useradd', ['--create-home', '--shell', '/bin/sh', user])
  // An account without a password counts as locked; "*" is one that no password matches.
  await run('usermod', ['--password', '*', '--append', '--groups', 'libvirt', user])
  for (const key of ['host_key', 'user_key']) {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'qnav', '-f', path(key)])
  }
  await writeFile(path('authorized_keys'), await readFile(path('user_key.pub')), { mode: 0o644 })
  const port = await freePort()
  const hostKey = (await readFile(path('host_key.pub'), 'utf8')).split(' ').slice(0, 2).join(' ')
  await writeFile(path('known_hosts'), `[127.0.0.1]:${port} ${hostKey}\n`)
  await writeFile(
    path('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${path('host_key')}`,
      `AuthorizedKeysFile ${path('authorized_keys')}`,
      `PidFile ${path('pid')}`,
      `AllowUsers ${user}`,
      'PasswordAuthentication no',
      'UsePAM no',
      'StrictModes no',
      // One bot may know it under a hundred names.
      'MaxStartups 500',
      'Subsystem sftp internal-sftp',
      '',
    ].join('\n'),
  )
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', path('sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  server.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  })
  const stop = async () => {
    const gone = new Promise((resolve) => server.once('exit', resolve))
    if (server.exitCode === null) {
      server.kill('SIGTERM')
      await gone
    }
    await attempt('pkill', ['-KILL', '-u', user])
    await attempt('userdel', ['--remove', '--force', user])
    await rm(directory, { recursive: true, force: true })
  }
  for (const deadline = Date.now() + startWithinMs; !said.includes('listening on'); await wait(20)) {
    if (server.exitCode !== null || Date.now() > deadline) {
      await stop()
      throw new Error(`sshd did not start: ${said}`)
    }
  }
  return {
    user,
    host: '127.0.0.1',
    port,
    identityFile: path('user_key'),
    knownHosts: path('known_hosts'),
    stop,
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port)
        else reject(new Error('no port'))
      })
    })
  })
}
