/** kcli puts what it is given into XML, YAML and shell lines without a thought: so nothing but harmless values gets there. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { UserError } from '../../src/errors.js'
import { type CreateParams, createArguments, createParameters } from '../../src/kcli/params.js'
import { hostileText } from './hostile-text.js'

const params: CreateParams = {
  memory: 2048,
  numcpus: 2,
  disks: [{ size: 20 }],
  nets: [{ name: 'default' }],
  pool: 'default',
  start: true,
  virttype: 'qemu',
}

/** What it gives, or the refusal: typed, and naming the value unless that may be a secret. */
function tried<T>(work: () => T): { value: T } | { refusal: UserError } {
  try {
    return { value: work() }
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return { refusal: error as UserError }
  }
}

/** As messages repeat it: in JSON's escapes, cut. */
function isNamed({ message }: UserError, value: string): boolean {
  return message.includes(JSON.stringify(value).slice(0, 40))
}

describe('what is given to kcli', () => {
  it('is an argument vector in which a hostile name is no option, no path and no shell text', () => {
    const kind = fc.constantFrom('name', 'image', 'profile')
    fc.assert(
      fc.property(kind, hostileText, (which, text) => {
        const name = which === 'name' ? text : 'web1'
        const source =
          which === 'profile' ? { profile: text } : { image: which === 'image' ? text : 'rocky9' }
        const outcome = tried(() => createArguments(name, source, 'params.json'))
        if ('refusal' in outcome) {
          expect(outcome.refusal.code).toBe(which === 'name' ? 'bad-name' : 'bad-argument')
          expect(isNamed(outcome.refusal, text), outcome.refusal.message).toBe(true)
          return
        }
        expect(outcome.value).toContain(text)
        for (const word of outcome.value) expect(word).toMatch(/^[\w./+-]+$/)
        expect(outcome.value.filter((word) => word.startsWith('-'))).toHaveLength(2)
        expect(outcome.value.join('/').split('/')).not.toContain('..')
      }),
      { numRuns: 20_000 },
    )
  })

  it('is a file that says in YAML what it says in JSON, and holds no character that XML or a line ends with', () => {
    const field = fc.constantFrom('pool', 'plan', 'owner', 'net', 'key')
    fc.assert(
      fc.property(field, hostileText, (which, text) => {
        const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFi ${text}`
        const change = {
          pool: { pool: text },
          plan: { plan: text },
          owner: { owner: text },
          net: { nets: [{ name: text }] },
          key: { keys: [key] },
        }[which]
        const outcome = tried(() => createParameters({ ...params, ...change }))
        if ('refusal' in outcome) {
          expect(outcome.refusal.code).toBe('bad-argument')
          // What was given for a public key may be the private one.
          if (which !== 'key') expect(isNamed(outcome.refusal, text), outcome.refusal.message).toBe(true)
          else if (text.length > 6) expect(outcome.refusal.message).not.toContain(text)
          return
        }
        const wanted = { ...params, ...change }
        expect(JSON.parse(outcome.value)).toEqual(wanted)
        for (const version of ['1.1', '1.2'] as const)
          expect(parse(outcome.value, { version })).toEqual(wanted)
        expect(outcome.value).not.toMatch(/[<>&\p{Cc}\p{Zl}\p{Zp}\uFFFE\uFFFF]/u)
      }),
      { numRuns: 15_000 },
    )
  })
})
