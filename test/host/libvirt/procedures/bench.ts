/** What the comparisons of procedures work with: both clients, a guest, and a note of every procedure that was asked. */
import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { expect, vi } from 'vitest'
import { attempt, run } from '../../../../src/demo/index.js'
import { Connection, LibvirtError, type procedures } from '../../../../src/libvirt/index.js'
import type { ProvidedLab } from '../../setup.js'
import { type PythonLibvirt, startPython } from './python.js'

export type Name = keyof typeof procedures

export interface Bench {
  lab: ProvidedLab
  connection: Connection
  /** libvirt's own test driver: a hypervisor in memory. */
  test: Connection
  python: PythonLibvirt
  /** Prefix of everything made here. */
  prefix: string
  asked: Set<string>
  /** Our call fails with the same code as the expression. */
  sameError(call: Promise<unknown>, expression: string): Promise<void>
  virsh(...args: string[]): Promise<string>
  close(): Promise<void>
}

export const socket = '/run/libvirt/libvirt-sock'

export async function openBench(lab: ProvidedLab): Promise<Bench> {
  const asked = new Set<string>()
  for (const way of ['call', 'stream'] as const) {
    const original = Connection.prototype[way]
    vi.spyOn(Connection.prototype, way).mockImplementation(function (
      this: Connection,
      ...args: Parameters<typeof original>
    ) {
      asked.add(args[0].name)
      return Reflect.apply(original, this, args)
    })
  }
  const open = (uri: 'qemu:///system' | 'test:///default') =>
    Connection.open({ stream: connect(socket), uri, callTimeoutMs: 60_000 })
  const [connection, test] = await Promise.all([open('qemu:///system'), open('test:///default')])
  const python = startPython()
  return {
    lab,
    connection,
    test,
    python,
    prefix: `lv-${randomUUID().slice(0, 6)}`,
    asked,
    async sameError(call, expression) {
      const error = await call.then(
        (value) => {
          throw new Error(`it succeeded with ${JSON.stringify(value)}`)
        },
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(LibvirtError)
      expect((error as LibvirtError).code, String(error)).toBe(await python.error(expression))
    },
    virsh: async (...args) => (await run('virsh', ['-c', 'qemu:///system', ...args])).trim(),
    async close() {
      python.stop()
      await Promise.all([connection.close(), test.close()])
      vi.restoreAllMocks()
    },
  }
}

/** Removes a domain with everything that it may have. */
export async function removeDomain(name: string): Promise<void> {
  await attempt('virsh', ['-c', 'qemu:///system', 'destroy', name])
  await attempt('virsh', [
    '-c',
    'qemu:///system',
    'undefine',
    name,
    '--managed-save',
    '--snapshots-metadata',
    '--checkpoints-metadata',
  ])
}

/** XML without what differs between two readings: times and sizes that move. */
export function steady(xml: unknown): string {
  return String(xml)
    .trim()
    .replaceAll(/<(allocation|available|physical)[^>]*>\d+<\/\1>/g, '')
    .replaceAll(/<(atime|mtime|ctime)>[^<]*<\/\1>/g, '')
}
