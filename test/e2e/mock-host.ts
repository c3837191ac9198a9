/** libvirt's mock of a host within the running daemon, with one VM web1. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { vi } from 'vitest'

const run = promisify(execFile)
/** A client that names it without a socket would have one of its own. */
const mock = 'test+unix:///default?socket=/run/libvirt/libvirt-sock'
const web1 = "<domain type='test'><name>web1</name><memory>8192</memory><os><type>hvm</type></os></domain>"

export const mockVirsh = async (...args: string[]) => (await run('virsh', ['-c', mock, ...args])).stdout

/** Resolves with what ends it. It forgets everything without a connection, so one is held. */
export async function startMockHost(): Promise<{ stop(): void }> {
  const keeper = execFile('virsh', ['-c', mock])
  await vi.waitFor(async () => {
    if (!(await mockVirsh('list')).includes('test')) throw new Error('the mock is not there yet')
  })
  const directory = await mkdtemp(join(tmpdir(), 'qnav-mock-'))
  await writeFile(join(directory, 'web1.xml'), web1)
  await mockVirsh('define', join(directory, 'web1.xml'))
  await rm(directory, { recursive: true })
  return { stop: () => void keeper.kill() }
}
