import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharesOf } from '../../src/agents/vm-impact.js'

type Storage = Parameters<typeof sharesOf>[1]

/** `a<b` is a file a that stands on b. */
function aStorage(files: string, users: Record<string, string>): Storage {
  const volumes = files.split(' ').map((each) => {
    const [path = '', backing] = each.split('<')
    return { path, ...(backing === undefined ? {} : { backing }) }
  })
  return {
    volumes: volumes as unknown as Storage['volumes'],
    users: new Map(Object.entries(users).map(([path, names]) => [path, new Set(names.split(' '))])),
  }
}

describe('the VMs that share files with one', () => {
  it('are those on the same image, on its own disks, and on the very same disk', () => {
    const storage = aStorage('a<rocky b<rocky c<fedora d<a rocky fedora', {
      a: 'web1',
      b: 'web2',
      c: 'web3',
      d: 'web4',
    })
    expect(sharesOf('web1', storage)).toEqual([
      { path: 'rocky', vms: ['web2'] },
      { path: 'a', vms: ['web4'] },
    ])
    expect(sharesOf('web3', storage)).toEqual([])
    expect(sharesOf('x', aStorage('s', { s: 'x y' }))).toEqual([{ path: 's', vms: ['y'] }])
  })

  it('are found at an end also where a chain goes in a circle', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd')
    fc.assert(
      fc.property(fc.array(fc.tuple(names, names), { minLength: 1, maxLength: 6 }), (pairs) => {
        const files = pairs.map(([path, backing]) => `${path}<${backing}`).join(' ')
        expect(Array.isArray(sharesOf('x', aStorage(files, { a: 'x', b: 'y', c: 'z' })))).toBe(true)
      }),
    )
  })
})
