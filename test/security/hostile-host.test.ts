/** What a host that was taken over, its guests or its kcli may answer: the bot stays small, quick and says what it means. */

import { spawnSync } from 'node:child_process'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import type { Client } from 'ssh2'
import { describe, expect, it } from 'vitest'
import { explained } from '../../src/agents/libvirt-errors.js'
import { nearestNames } from '../../src/agents/nearest-names.js'
import { shellWord } from '../../src/agents/shell-word.js'
import { oldestFirst } from '../../src/agents/vm-snapshots.js'
import { nearest } from '../../src/command/nearest.js'
import type { UserError } from '../../src/errors.js'
import { createOutcome } from '../../src/kcli/create-outcome.js'
import { lineReader, linesOf } from '../../src/kcli/output.js'
import { readDomainXml } from '../../src/libvirt/domain-xml.js'
import { LibvirtError, type SnapshotListing } from '../../src/libvirt/index.js'
import { readSnapshotXml } from '../../src/libvirt/snapshot-xml.js'
import { createLog, harmlessJson } from '../../src/log.js'
import { execOn } from '../../src/ssh/exec.js'
import { HostKeys } from '../../src/ssh/host-keys.js'
import { hostileText, manyOf, passableText } from './hostile-text.js'

function timeOf(work: () => unknown): number {
  const times = [1, 2].map(() => {
    const started = performance.now()
    try {
      work()
    } catch (error) {
      expect(error).toBeInstanceOf(LibvirtError)
    }
    return performance.now() - started
  })
  return Math.min(...times)
}

describe('output of kcli', () => {
  const parts = [
    'Image ',
    'Pool ',
    'VM a ',
    "network '",
    "domain '",
    'mkisofs ',
    'Cannot access ',
    '\x1b]',
    '\x1b[1;',
    '\r',
    '\x9b',
    ' ',
  ]
  it.each(parts)('full of %j is read in time that does not grow with its square', (part) => {
    const output = part.repeat(Math.ceil(262_144 / part.length))
    expect(timeOf(() => createOutcome('web1', { end: 'exited', exitCode: 1, output }))).toBeLessThan(1500)
    expect(timeOf(() => linesOf(output))).toBeLessThan(1000)
    expect(timeOf(() => lineReader(() => {})(output))).toBeLessThan(1000)
  })
})

describe('XML of libvirt', () => {
  const rep = (text: string, length = 1_000_000) => text.repeat(Math.ceil(length / text.length))
  const deep = (open: string, close: string, times: number) =>
    `<domain>${open.repeat(times)}${close.repeat(times)}</domain>`
  const documents: Record<string, string> = {
    'elements inside of elements': deep('<a>', '</a>', 100_000),
    'name spaces inside of name spaces': `<domain>${Array.from({ length: 20_000 }, (_, at) => `<a xmlns:n${at}="x">`).join('')}${'</a>'.repeat(20_000)}</domain>`,
    'elements that look closed': deep('<a b="/>">', '</a>', 50_000),
    'depth behind comments': deep('<!-- --><a>', '</a>', 50_000),
    'many attributes': `<domain ${Array.from({ length: 50_000 }, (_, at) => `a${at}="1"`).join(' ')}/>`,
    'entities of its own':
      '<!DOCTYPE domain [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><domain><name>&b;</name></domain>',
    'files of the bot':
      '<!DOCTYPE domain [<!ENTITY a SYSTEM "file:///etc/passwd">]><domain><name>&a;</name></domain>',
    'no end': `<domain>${rep('<a ')}`,
    'comments without end': `<domain>${rep('<!-- ')}`,
    'quotes without end': `<domain a="${rep("'>")}`,
    'instructions without end': `<domain>${rep('<?a ')}`,
    'too much': `<domain>${rep('a', 2_000_000)}</domain>`,
    'many lines': `<domain>${rep('\n<a/>', 900_000)}</domain>`,
  }
  it.each(Object.entries(documents))('with %s holds nobody up', (_, xml) => {
    expect(timeOf(() => readDomainXml(xml))).toBeLessThan(4000)
  })

  it.each([
    'elements inside of elements',
    'name spaces inside of name spaces',
    'elements that look closed',
    'depth behind comments',
    'entities of its own',
    'files of the bot',
    'too much',
  ])('with %s is refused', (name) => {
    expect(() => readDomainXml(documents[name] ?? '')).toThrow(expect.objectContaining({ kind: 'bad-xml' }))
  })

  it('as libvirt writes it is read, also where a value looks like markup', () => {
    const xml = `<domain type='kvm'><!-- > "'< --><name>a&lt;b</name><title><![CDATA[<x><y>]]></title>${'<metadata a=\'/>\' b=">"/>'.repeat(500)}<memory unit='KiB'>1024</memory></domain>`
    expect(readDomainXml(xml)).toMatchObject({ name: 'a<b', title: '<x><y>', memoryKiB: 1024 })
  })
})

describe("snapshots that are each other's parents", () => {
  it('are put into an order all the same', () => {
    const snapshot = (name: string, parent?: string) => ({ name, parent, createdS: 1 }) as SnapshotListing
    const names = (all: SnapshotListing[]) => oldestFirst(all).map(({ name }) => name)
    expect(names([snapshot('b', 'a'), snapshot('a', 'b'), snapshot('c', 'c')]).toSorted()).toEqual([
      'a',
      'b',
      'c',
    ])
    expect(names([snapshot('c', 'b'), snapshot('b', 'a'), snapshot('a')])).toEqual(['a', 'b', 'c'])
  })
})

describe('an error of libvirt', () => {
  it('of any length is told in a sentence that fits', () => {
    const error = new LibvirtError('x'.repeat(4 * 1024 * 1024), { kind: 'failed' })
    const told = explained(error, { host: 'kvm1', what: 'start VM web1' }) as UserError
    expect(told.message.length).toBeLessThan(1200)
  })
})

describe('a log line', () => {
  it('is cut where a host said much, and stays JSON', () => {
    const lines: string[] = []
    const log = createLog({ level: 'info', write: (line) => lines.push(line) })
    log.info({ said: ['y'.repeat(1_000_000)] }, 'z'.repeat(100_000))
    expect(lines[0]?.length).toBeLessThan(20_000)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      said: [expect.stringMatching(/… \(1000000 characters\)$/)],
    })
  })

  it('and JSON for a terminal steer no terminal', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const lines: string[] = []
        createLog({ level: 'info', write: (line) => lines.push(line) }).info({ text }, text)
        for (const json of [lines.join('').trimEnd(), harmlessJson({ text })]) {
          expect(json).not.toMatch(/\p{Cc}|[\u061c\u2028-\u202e\u2066-\u2069]/u)
          expect(() => JSON.parse(json)).not.toThrow()
        }
        expect(JSON.parse(harmlessJson({ text }))).toEqual({ text })
      }),
      { numRuns: 2000 },
    )
  })
})

describe('an sshd', () => {
  it('that never ends its first line fills no memory', async () => {
    const channel = Object.assign(new PassThrough(), { stderr: new PassThrough() })
    const client = {
      exec: (_line: string, done: (error: undefined, channel: unknown) => void) => done(undefined, channel),
    }
    const leaving = new AbortController()
    const running = execOn(client as unknown as Client, 'true', {
      stdin: undefined,
      maxOutputBytes: 1000,
      isOver: () => false,
      signal: leaving.signal,
      onSessionOver: () => {},
    })
    const before = process.memoryUsage().heapUsed
    for (let at = 0; at < 2000; at += 1) channel.emit('data', Buffer.alloc(65_536, 'a'))
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(40_000_000)
    leaving.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
  })
})

describe('a name in a command line that somebody may copy', () => {
  it('is one word of a shell, whoever chose it', () => {
    fc.assert(
      fc.property(
        manyOf(
          passableText.filter((text) => text !== ''),
          300,
        ),
        (names) => {
          const script = names.map((name) => `printf '%s\\0' ${shellWord(name)}\n`).join('')
          const { stdout } = spawnSync('sh', { input: script, maxBuffer: 64 * 1024 * 1024 })
          expect(stdout.toString().split('\0').slice(0, -1)).toEqual(names)
        },
      ),
      { numRuns: 10 },
    )
  })

  it('stays as it is when it is plain', () => {
    expect(shellWord('default')).toBe('default')
    expect(shellWord('/var/lib/libvirt/images/web1_0.img')).toBe('/var/lib/libvirt/images/web1_0.img')
    expect(shellWord('$(reboot)')).toBe("'$(reboot)'")
  })
})

describe('what a host or a guest says of itself', () => {
  it('is a time, or none', () => {
    const createdS = (text: string) =>
      readSnapshotXml(`<domainsnapshot><name>a</name><creationTime>${text}</creationTime></domainsnapshot>`)
        .createdS
    expect(createdS('1700000000')).toBe(1_700_000_000)
    for (const text of ['soon', '1e999', '99999999999999999999', 'NaN']) expect(createdS(text)).toBe(0)
  })

  it('is a type of key that is known, before it gets into a line to copy', async () => {
    const type = '$(reboot)'
    const key = Buffer.concat([Buffer.from([0, 0, 0, type.length]), Buffer.from(type), Buffer.alloc(20)])
    const keys = await HostKeys.read({ host: 'kvm1', port: 22, knownHosts: '/nonexistent' })
    const refusal = keys.refusalOf(key)
    expect(refusal).toMatchObject({ code: 'host-key-unknown' })
    expect(`${refusal?.message} ${refusal?.fix}`).not.toContain('reboot')
    expect(refusal?.fix).toContain('ssh-keyscan -p 22 -t ed25519,ecdsa,rsa kvm1')
  })
})

describe('names that a host has', () => {
  it('may be as long as they like, and many, when the nearest is looked for', () => {
    const names = [...Array.from({ length: 100 }, () => 'é'.repeat(400_000)), 'web1', 'web22']
    expect(timeOf(() => nearestNames('wbe1', names))).toBeLessThan(1500)
    expect(nearestNames('wbe1', names)).toEqual(['web1'])
    expect(timeOf(() => nearest('w'.repeat(8000), names))).toBeLessThan(1500)
    expect(nearest('webb1', names)).toContain('web1')
  })
})
