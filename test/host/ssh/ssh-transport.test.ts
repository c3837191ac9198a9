import { execFileSync } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { createLog } from '../../../src/log.js'
import { type SshSettings, SshTransport } from '../../../src/ssh/index.js'
import { transportContract } from '../../ssh/transport-contract.js'
import { freePort, type Sshd, startSshd } from './sshd.js'

const isHere = inject('lab') !== undefined
const onHost = describe.skipIf(!isHere)
const log = createLog({ level: 'silent' })

if (isHere) {
  transportContract('SSH', async () => {
    const sshd = await startSshd()
    const transport = new SshTransport({ ...sshd, log })
    return {
      transport,
      close: async () => {
        await transport.close()
        await sshd.stop()
      },
    }
  })
}

onHost('an SSH connection', () => {
  let sshd: Sshd
  beforeAll(async () => {
    sshd = await startSshd({ hostKeys: ['ed25519', 'rsa', 'ecdsa'] })
  })
  afterAll(() => sshd.stop())

  async function withTransport<T>(
    settings: Partial<SshSettings>,
    use: (transport: SshTransport) => Promise<T>,
  ): Promise<T> {
    const transport = new SshTransport({ ...sshd, log, ...settings })
    try {
      return await use(transport)
    } finally {
      await transport.close()
    }
  }

  function knownHosts(name: string, lines: string[]): string {
    const path = join(sshd.directory, name)
    writeFileSync(path, `${lines.join('\n')}\n`)
    return path
  }

  it('is refused to a host that known_hosts does not have, and made after the line from the fix', async () => {
    const path = knownHosts('unknown', [])
    await withTransport({ knownHosts: path }, async (transport) => {
      const refused = await transport.connect().catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'host-key-unknown', message: expect.stringContaining('SHA256:') })
      const scan = /ssh-keyscan .*$/.exec((refused as { fix: string }).fix)?.[0] ?? 'false'
      execFileSync('sh', ['-c', scan], { stdio: 'ignore' })
      await expect(transport.exec(['echo', 'in'], { timeoutMs: 10_000 })).resolves.toMatchObject({
        stdout: 'in\n',
      })
    })
  })

  it('is refused to a host whose key changed, and made after the line from the fix', async () => {
    const stranger = execFileSync('sh', [
      '-c',
      `ssh-keygen -q -t ed25519 -N '' -f ${sshd.directory}/stranger && cat ${sshd.directory}/stranger.pub`,
    ])
    const path = knownHosts('changed', [`[127.0.0.1]:${sshd.port} ${stranger.toString()}`])
    await withTransport({ knownHosts: path }, async (transport) => {
      const refused = await transport.connect().catch((error: unknown) => error)
      expect(refused).toMatchObject({ code: 'host-key-changed' })
      const mend = /ssh-keygen -R .*$/.exec((refused as { fix: string }).fix)?.[0] ?? 'false'
      execFileSync('sh', ['-c', mend], { stdio: 'ignore' })
      await transport.connect()
    })
  })

  it('is refused to a host whose key is revoked', async () => {
    const path = knownHosts('revoked', [
      sshd.knownHostsLine('ed25519'),
      `@revoked ${sshd.knownHostsLine('ed25519')}`,
    ])
    await withTransport({ knownHosts: path }, async (transport) => {
      await expect(transport.connect()).rejects.toMatchObject({ message: expect.stringContaining('revoked') })
    })
  })

  it.each(['ed25519', 'rsa', 'ecdsa'] as const)(
    'is made to a host known by its %s key only',
    async (type) => {
      await withTransport(
        { knownHosts: knownHosts(`only-${type}`, [sshd.knownHostsLine(type)]) },
        (transport) => transport.connect(),
      )
    },
  )

  it('is refused to a host that lost the only type of key we know, with the fingerprint of what it shows', async () => {
    const other = await startSshd({ hostKeys: ['rsa'] })
    try {
      const path = knownHosts('lost', [sshd.knownHostsLine('ed25519').replace(/:\d+ /, `:${other.port} `)])
      await withTransport({ port: other.port, knownHosts: path }, async (transport) => {
        await expect(transport.connect()).rejects.toMatchObject({
          code: 'host-key-changed',
          message: expect.stringMatching(/ssh-rsa key SHA256:.*another \(ssh-ed25519\)/),
        })
      })
    } finally {
      await other.stop()
    }
  })

  it('names the key that was not let in', async () => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(sshd.directory, 'nobody')])
    await withTransport({ identityFile: join(sshd.directory, 'nobody') }, async (transport) => {
      await expect(transport.connect()).rejects.toMatchObject({
        code: 'ssh-auth-failed',
        message: expect.stringContaining(join(sshd.directory, 'nobody')),
        fix: expect.stringContaining('ssh-copy-id'),
      })
    })
  })

  it('names an identity file that is missing or has a passphrase', async () => {
    execFileSync('ssh-keygen', [
      '-q',
      '-t',
      'ed25519',
      '-N',
      'a phrase',
      '-f',
      join(sshd.directory, 'locked'),
    ])
    for (const identityFile of [join(sshd.directory, 'missing'), join(sshd.directory, 'locked')]) {
      await withTransport({ identityFile }, async (transport) => {
        await expect(transport.connect()).rejects.toMatchObject({
          code: 'ssh-auth-failed',
          message: expect.stringContaining(identityFile),
        })
      })
    }
  })

  it('is made with a key that has a passphrase, which nobody sees', async () => {
    const identityFile = join(sshd.directory, 'with-passphrase')
    execFileSync('cp', [sshd.identityFile, identityFile])
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', identityFile])
    await withTransport({ identityFile, passphrase: () => 'open sesame' }, async (transport) => {
      await transport.connect()
      expect(inspect(transport, { depth: 9, showHidden: true })).not.toContain('sesame')
    })
    await withTransport({ identityFile, passphrase: () => 'open barley' }, async (transport) => {
      const refused = await transport.connect().catch((error: unknown) => error)
      expect(refused).toMatchObject({
        code: 'ssh-auth-failed',
        message: expect.stringContaining('the passphrase given does not open the key'),
      })
      expect(inspect(refused, { depth: 9 })).not.toContain('barley')
    })
  })

  it('is made with a key from the ssh-agent', async () => {
    const agentSocket = join(sshd.directory, 'agent.sock')
    const started = execFileSync('ssh-agent', ['-a', agentSocket], { encoding: 'utf8' })
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1])
    try {
      execFileSync('ssh-add', ['-q', sshd.identityFile], {
        env: { ...process.env, SSH_AUTH_SOCK: agentSocket },
        stdio: 'ignore',
      })
      const { identityFile: _, ...withoutKey } = sshd
      const transport = new SshTransport({ ...withoutKey, log, agentSocket })
      await transport.connect()
      await transport.close()
    } finally {
      process.kill(pid)
    }
  })

  it('says when the ssh-agent does not answer, has no key that is let in, or hangs', async () => {
    const { identityFile: _, ...withoutKey } = sshd
    const refusalWith = async (agentSocket: string) => {
      const transport = new SshTransport({ ...withoutKey, log, agentSocket, connectTimeoutMs: 1000 })
      return transport.connect().catch((error: unknown) => error)
    }
    expect(await refusalWith(join(sshd.directory, 'no-agent.sock'))).toMatchObject({
      code: 'ssh-auth-failed',
      message: expect.stringContaining('the ssh-agent does not answer'),
    })
    const empty = join(sshd.directory, 'empty-agent.sock')
    const started = execFileSync('ssh-agent', ['-a', empty], { encoding: 'utf8' })
    onTestFinished(() => {
      process.kill(Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1]))
    })
    expect(await refusalWith(empty)).toMatchObject({
      code: 'ssh-auth-failed',
      fix: expect.stringContaining('SSH_AUTH_SOCK'),
    })
    const hanging = createServer()
    const path = join(sshd.directory, 'hanging-agent.sock')
    await new Promise<void>((resolve) => hanging.listen(path, resolve))
    onTestFinished(() => {
      hanging.close()
    })
    const begin = performance.now()
    expect(await refusalWith(path)).toBeInstanceOf(UserError)
    expect(performance.now() - begin).toBeLessThan(3000)
  })

  it('says when there is neither identity file nor agent', async () => {
    const { identityFile: _, ...withoutKey } = sshd
    const transport = new SshTransport({ ...withoutKey, log, agentSocket: '' })
    await expect(transport.connect()).rejects.toMatchObject({ code: 'ssh-auth-failed' })
  })

  it('says when nothing listens, and when the name does not resolve', async () => {
    await withTransport({ port: await freePort() }, async (transport) => {
      await expect(transport.connect()).rejects.toMatchObject({
        code: 'host-unreachable',
        message: expect.stringContaining('nothing listens'),
      })
    })
    await withTransport({ host: 'no-such-host.invalid' }, async (transport) => {
      await expect(transport.connect()).rejects.toMatchObject({ code: 'host-unreachable' })
    })
  })

  it('gives up on a host that accepts and then says nothing', async () => {
    const silent = createServer()
    const port = await new Promise<number>((resolve) => {
      silent.listen(0, '127.0.0.1', () => {
        const address = silent.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    await withTransport({ port, connectTimeoutMs: 300 }, async (transport) => {
      await expect(transport.connect()).rejects.toMatchObject({ code: 'host-unreachable' })
    })
    silent.close()
  })

  it('is one connection for many users at once, and made again after it died', async () => {
    await withTransport({}, async (transport) => {
      const who = () =>
        transport.exec(['sh', '-c', 'echo $PPID; cut -d" " -f4 /proc/$PPID/stat'], { timeoutMs: 10_000 })
      const [first, second] = await Promise.all([who(), who()])
      expect(first.stdout).toBe(second.stdout)
      sshd.dropConnections()
      await vi.waitFor(async () => {
        const later = await who()
        expect(later.stdout).not.toBe(first.stdout)
      })
    })
  })

  it('fails what runs on it when it dies, in words', async () => {
    await withTransport({}, async (transport) => {
      const running = transport.exec(['sleep', '30'], { timeoutMs: 20_000 })
      const failed = expect(running).rejects.toMatchObject({
        code: 'host-unreachable',
        message: expect.stringContaining('lost'),
      })
      await transport.exec(['true'], { timeoutMs: 10_000 })
      sshd.dropConnections()
      await failed
    })
  })

  it('carries many socket streams besides eight commands', async () => {
    const path = join(sshd.directory, 'many.sock')
    const server = createServer((socket) => socket.on('error', () => socket.destroy()))
    await new Promise<void>((resolve) => server.listen(path, resolve))
    await withTransport({}, async (transport) => {
      const commands = Array.from({ length: 8 }, () => transport.exec(['sleep', '1'], { timeoutMs: 10_000 }))
      const streams = await Promise.all(Array.from({ length: 20 }, () => transport.openSocket(path)))
      for (const stream of streams) stream.destroy()
      await Promise.all(commands)
    })
    server.close()
  })

  it('says when sshd forbids sockets', async () => {
    const strict = await startSshd({ config: ['AllowStreamLocalForwarding no'] })
    onTestFinished(() => strict.stop())
    const path = join(strict.directory, 'there.sock')
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(path, resolve))
    onTestFinished(() => {
      server.close()
    })
    const transport = new SshTransport({ ...strict, log })
    onTestFinished(() => transport.close())
    await expect(transport.openSocket(path)).rejects.toMatchObject({
      code: 'libvirt-unavailable',
      fix: expect.stringContaining('AllowStreamLocalForwarding'),
    })
  })

  it('cannot be used after it was closed', async () => {
    const transport = new SshTransport({ ...sshd, log })
    await transport.connect()
    await transport.close()
    await expect(transport.exec(['true'], { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'host-unreachable',
    })
  })

  it('follows known_hosts as it is at each connect', async () => {
    const path = knownHosts('late', [])
    await withTransport({ knownHosts: path }, async (transport) => {
      await expect(transport.connect()).rejects.toMatchObject({ code: 'host-key-unknown' })
      appendFileSync(path, `${sshd.knownHostsLine('ed25519')}\n`)
      await transport.connect()
    })
  })
})
