import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostLock, vmLock } from '../../src/jobs/index.js'
import { conflict } from '../../src/jobs/lock-names.js'
import { LockTable } from '../../src/jobs/lock-table.js'

const name = fc.oneof(
  fc.constantFrom('kvm1', 'kvm2').map(hostLock),
  fc
    .record({ host: fc.constantFrom('kvm1', 'kvm2', 'kvm10'), name: fc.constantFrom('a', 'b', 'host:kvm1') })
    .map(vmLock),
)

describe('lock names', () => {
  it.each([
    ['vm:kvm1/web1', 'vm:kvm1/web1', true],
    ['vm:kvm1/web1', 'vm:kvm1/web10', false],
    ['vm:kvm1/web1', 'vm:kvm2/web1', false],
    ['host:kvm1', 'vm:kvm1/web1', true],
    ['host:kvm1', 'vm:kvm10/web1', false],
    ['host:kvm1', 'host:kvm1', true],
    ['host:kvm1', 'host:kvm2', false],
    ['host:kvm1', 'pool:kvm1', true],
  ])('%s and %s conflict: %s', (a, b, expected) => {
    expect(conflict(a, b)).toBe(expected)
    expect(conflict(b, a)).toBe(expected)
  })
})

describe('the lock table', () => {
  it('never lets two hold what conflicts, lets nobody overtake, and ends with everybody served', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(name, { maxLength: 3 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat({ max: 7 }), { maxLength: 20 }),
        async (wants, releases) => {
          const table = new LockTable(() => 0)
          const granted: number[] = []
          const gone = new Set<number>()
          wants.forEach((names, job) => {
            table.acquire(String(job), names).then(() => granted.push(job))
          })
          const look = async () => {
            await Promise.resolve()
            const holding = granted.filter((job) => !gone.has(job))
            for (const a of holding) {
              for (const b of holding) {
                if (a >= b) continue
                for (const x of wants[a] ?? [])
                  for (const y of wants[b] ?? []) expect(conflict(x, y)).toBe(false)
              }
            }
            // Whoever conflicts with somebody earlier was served later.
            granted.forEach((job, index) => {
              for (const later of granted.slice(index + 1)) {
                const isOvertaken =
                  later < job &&
                  (wants[later] ?? []).some((x) => (wants[job] ?? []).some((y) => conflict(x, y)))
                expect(isOvertaken).toBe(false)
              }
            })
          }
          await look()
          for (const job of [...releases.filter((each) => each < wants.length), ...wants.keys()]) {
            table.release(String(job))
            gone.add(job)
            await look()
          }
          expect(table.held()).toEqual([])
        },
      ),
    )
  })

  it('shows who holds a lock, since when, and who waits for it', async () => {
    let now = 1000
    const table = new LockTable(() => now)
    await table.acquire('j-a', ['vm:kvm1/web1'])
    now = 2000
    table.acquire('j-b', ['host:kvm1'])
    table.acquire('j-c', ['vm:kvm1/web1'])
    expect(table.held()).toEqual([
      { name: 'vm:kvm1/web1', job: 'j-a', heldSince: 1000, waiting: ['j-b', 'j-c'] },
    ])
    table.release('j-a')
    expect(table.held()).toEqual([{ name: 'host:kvm1', job: 'j-b', heldSince: 2000, waiting: ['j-c'] }])
  })

  it('gives a job that asks again its old place', async () => {
    const table = new LockTable(() => 0)
    table.restore('j-a', ['vm:kvm1/web1'])
    table.restore('j-b', ['vm:kvm1/web1'])
    const late = table.acquire('j-c', ['vm:kvm1/web1'])
    const again = table.acquire('j-b', ['vm:kvm1/web1'])
    table.release('j-a')
    await again
    expect(table.holds('j-b')).toBe(true)
    table.release('j-b')
    await late
  })
})
