import { describe, expect, it } from 'vitest'
import { parseHostFacts, readHostFacts } from '../../src/agents/host-facts.js'
import { LocalTransport } from '../../src/local/index.js'

const recorded = `[uname]
kvm1
x86_64
6.1.0-13-amd64
[meminfo]
MemTotal:       16303428 kB
MemFree:         1234567 kB
MemAvailable:    9876543 kB
[cpumodel]
model name	: AMD EPYC 7502P 32-Core Processor
[cpus]
8
[virtualization]
svm
[kvm]
660 root kvm
[root]
Filesystem     1024-blocks      Used Available Capacity Mounted on
/dev/vda1        102626232  40123456  57244512      42% /
[end]
`

describe('what a host says of itself', () => {
  it('is read into numbers with units', () => {
    expect(parseHostFacts(recorded)).toEqual({
      hostname: 'kvm1',
      arch: 'x86_64',
      kernel: '6.1.0-13-amd64',
      cpuModel: 'AMD EPYC 7502P 32-Core Processor',
      cpus: 8,
      virtualization: 'svm',
      totalMemoryMiB: 15921,
      availableMemoryMiB: 9645,
      kvmDevice: { mode: '660', owner: 'root', group: 'kvm' },
      rootFileSystem: { totalMiB: 100220, freeMiB: 55902 },
    })
  })

  it('may lack virtualization, /dev/kvm and a model name', () => {
    const poor = recorded
      .replace('svm\n', '')
      .replace('660 root kvm\n', '')
      .replace(/model name.*\n/, '')
    const facts = parseHostFacts(poor)
    expect(facts.virtualization).toBeUndefined()
    expect(facts.kvmDevice).toBeUndefined()
    expect(facts.cpuModel).toBe('x86_64')
  })

  it('takes the last line of df, whose first may be broken by a long device name', () => {
    const long = recorded.replace('/dev/vda1 ', '/dev/mapper/a-very-long-volume-group-name-root ')
    expect(parseHostFacts(long).rootFileSystem.totalMiB).toBe(100220)
  })

  it('is refused when it stops early or lacks a number', () => {
    expect(() => parseHostFacts('[uname]\nkvm1\n', 'sh: not found')).toThrow(
      /stopped early \(sh: not found\)/,
    )
    expect(() => parseHostFacts(recorded.replace('MemAvailable', 'MemSomething'))).toThrow(
      /MemAvailable is missing/,
    )
  })

  it('is read from a real Linux machine', async () => {
    const facts = await readHostFacts(new LocalTransport())
    expect(facts.cpus).toBeGreaterThan(0)
    expect(facts.totalMemoryMiB).toBeGreaterThanOrEqual(facts.availableMemoryMiB)
    expect(facts.rootFileSystem.totalMiB).toBeGreaterThan(0)
  })
})
