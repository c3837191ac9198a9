import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { createLog } from '../../../src/log.js'
import { type SshSettings, SshTransport } from '../../../src/ssh/index.js'
import { transportContract } from '../../ssh/transport-contract.js'
import { FaultProxy } from './fault-proxy.js'
import { type Sshd, startSshd } from './sshd.js'

const isHere = inject('lab') !== undefined
const onHost = describe.skipIf(!isHere)
const log = createLog({ level: 'silent' })

if (isHere) {
  transportContract('SSH through another host', async () => {
    const [bastion, sshd] = [await startSshd(), await startSshd()]
    const jump = new SshTransport({ ...bastion, log })
    const transport = new SshTransport({ ...sshd, log, jump })
    return {
      transport,
      close: async () => {
        await transport.close()
        await jump.close()
        await bastion.stop()
        await sshd.stop()
      },
    }
  })
}

onHost('a host behind another', () => {
  let bastion: Sshd
  let sshd: Sshd
  beforeAll(async () => {
    bastion = await startSshd()
    sshd = await startSshd()
  })
  afterAll(async () => {
    await bastion.stop()
    await sshd.stop()
  })

  function through(
    change: { bastion?: Partial<SshSettings>; host?: Partial<SshSettings> } = {},
  ): SshTransport {
    const jump = new SshTransport({ ...bastion, log, ...change.bastion })
    const transport = new SshTransport({ ...sshd, log, jump, ...change.host })
    onTestFinished(async () => {
      await transport.close()
      await jump.close()
    })
    return transport
  }

  function emptyFile(name: string): string {
    const path = join(sshd.directory, name)
    writeFileSync(path, '')
    return path
  }

  it('is reached over one connection to that one', async () => {
    const { stdout } = await through().exec(['echo', 'there'], { timeoutMs: 10_000 })
    expect(stdout).toBe('there\n')
    expect(bastion.connections()).toBe(1)
  })

  it('has its own key checked, and the one on the way as well', async () => {
    await expect(
      through({ bastion: { knownHosts: emptyFile('no-bastion') } }).connect(),
    ).rejects.toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringContaining(`127.0.0.1:${bastion.port} `),
    })
    const knownHosts = emptyFile('no-host')
    const transport = through({ host: { knownHosts } })
    await expect(transport.connect()).rejects.toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringContaining(`127.0.0.1:${sshd.port} `),
      fix: expect.stringContaining(`ssh -p ${bastion.port} ${bastion.user}@127.0.0.1 'ssh-keyscan`),
    })
    appendFileSync(knownHosts, `${sshd.knownHostsLine('ed25519')}\n`)
    await transport.connect()
  })

  it('says which of the two cannot be reached', async () => {
    await expect(through({ host: { port: 1 } }).connect()).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringMatching(
        new RegExp(`^127\\.0\\.0\\.1:1 cannot be reached from 127\\.0\\.0\\.1:${bastion.port}`),
      ),
    })
    await expect(through({ bastion: { port: 1 } }).connect()).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringContaining('127.0.0.1:1 cannot be reached: nothing listens'),
    })
  })

  it('says when the host on the way lets nobody through', async () => {
    const strict = await startSshd({ config: ['AllowTcpForwarding no'] })
    onTestFinished(() => strict.stop())
    const { identityFile, knownHosts, port } = strict
    await expect(through({ bastion: { identityFile, knownHosts, port } }).connect()).rejects.toMatchObject({
      code: 'host-unreachable',
      fix: expect.stringContaining('AllowTcpForwarding yes'),
    })
  })

  it('ends with the connection on the way, and is reached again over a new one', async () => {
    const transport = through()
    const running = transport.exec(['sleep', '30'], { timeoutMs: 20_000 })
    const failed = expect(running).rejects.toMatchObject({ code: 'host-unreachable' })
    await transport.exec(['true'], { timeoutMs: 10_000 })
    bastion.dropConnections()
    await failed
    await vi.waitFor(() => transport.exec(['true'], { timeoutMs: 10_000 }))
  })

  it('is reached again soon after the connection on the way fell silent', async () => {
    const proxy = await FaultProxy.before(bastion)
    onTestFinished(() => proxy.close())
    const short = { answerTimeoutMs: 300, connectTimeoutMs: 5000 }
    const knownHosts = bastion.knownHostsAt(proxy.port)
    const transport = through({ bastion: { ...short, port: proxy.port, knownHosts }, host: short })
    await transport.exec(['true'], { timeoutMs: 10_000 })
    proxy.forget()
    await expect(transport.exec(['true'], { timeoutMs: 500 })).rejects.toMatchObject({ code: 'timeout' })
    const begin = performance.now()
    await transport.exec(['true'], { timeoutMs: 10_000 })
    expect(performance.now() - begin).toBeLessThan(2500)
  })

  it('shares the connection on the way with its neighbours', async () => {
    const jump = new SshTransport({ ...bastion, log })
    const neighbours = Array.from({ length: 12 }, () => new SshTransport({ ...sshd, log, jump }))
    const before = bastion.connections()
    await Promise.all(neighbours.map((each) => each.exec(['true'], { timeoutMs: 20_000 })))
    expect(bastion.connections() - before).toBeLessThanOrEqual(1)
    await Promise.all(neighbours.map((each) => each.close()))
    await jump.close()
  })
})
