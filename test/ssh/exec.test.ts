import { expect, it, onTestFinished } from 'vitest'
import { SshTransport } from '../../src/ssh/index.js'
import { startFakeSshd } from './fake-sshd.js'

async function aTransport(...args: Parameters<typeof startFakeSshd>): Promise<SshTransport> {
  const sshd = await startFakeSshd(...args)
  const transport = new SshTransport(sshd.settings)
  onTestFinished(async () => {
    await transport.close()
    await sshd.stop()
  })
  return transport
}

it('a command whose exit status came, but not all of its output before the connection was lost, has failed', async () => {
  const transport = await aTransport((channel, lose) => {
    channel.write('4711\nthe first half')
    channel.exit(0)
    setImmediate(lose)
  })
  await expect(transport.exec(['true'], { timeoutMs: 5000 })).rejects.toMatchObject({
    code: 'host-unreachable',
    message: expect.stringContaining('the connection was lost while the command ran'),
  })
})

it('a command whose exit status overtakes its output is heard to the end', async () => {
  const transport = await aTransport((channel) => {
    channel.write('4711\nfirst, ')
    channel.exit(3)
    setTimeout(() => channel.end('last'), 50)
  })
  await expect(transport.exec(['true'], { timeoutMs: 5000 })).resolves.toEqual({
    exitCode: 3,
    stdout: 'first, last',
    stderr: '',
    truncated: false,
  })
})

it('a connection that ends right after a command is replaced', async () => {
  let commands = 0
  const transport = await aTransport((channel, lose) => {
    commands += 1
    channel.write('4711\n')
    channel.exit(0)
    channel.end()
    if (commands === 1) channel.once('close', lose)
  })
  await transport.exec(['true'], { timeoutMs: 5000 })
  await expect.poll(() => transport.exec(['true'], { timeoutMs: 5000 })).toMatchObject({ exitCode: 0 })
})
