import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ownershipIn, ownershipXml } from '../../src/agents/vm-ownership.js'

/** What XML can hold at all. */
const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((each) => /^[^\p{C}]*$/u.test(each))

describe('the ownership of a VM', () => {
  it('is the same after it was written into XML and read again, whatever the words', () => {
    const required = { owner: text, requester: text, job: text }
    const time = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') })
    const iso = time.map((date) => date.toISOString())
    const lease = fc.record({ from: iso, until: iso })
    const optional = { ticket: text, createdAt: text, adoptedAt: text, lease }
    fc.assert(
      fc.property(
        fc.record({ ...required, ...optional }, { requiredKeys: ['owner', 'requester', 'job'] }),
        (ownership) => {
          expect(ownershipIn(ownershipXml(ownership))).toEqual(ownership)
        },
      ),
    )
  })

  it('is nobody’s when the element names no owner, and bears what others added', () => {
    expect(ownershipIn('<vm/>')).toBeUndefined()
    expect(ownershipIn('<vm><ticket>ABC-1</ticket></vm>')).toBeUndefined()
    expect(
      ownershipIn(
        '<qnav:vm xmlns:qnav="https://qnav.dev/xmlns/vm/1"><qnav:owner>U1</qnav:owner><qnav:more><a/></qnav:more></qnav:vm>',
      ),
    ).toEqual({
      owner: 'U1',
      requester: 'U1',
      job: '',
    })
  })

  it.each([
    '<lease>2027-01-01T00:00:00.000Z</lease>',
    '<leased>2026-01-01T00:00:00.000Z</leased><lease>soon</lease>',
    '<leased>x</leased><lease>2027-01-01T00:00:00.000Z</lease>',
    '<leased>2026-01-01T00:00:00Z</leased><lease>2027-13-01T00:00:00Z</lease>',
  ])('has no lease where others wrote one that is none: %s', (fields) => {
    expect(ownershipIn(`<vm><owner>U1</owner>${fields}</vm>`)).toEqual({
      owner: 'U1',
      requester: 'U1',
      job: '',
    })
  })

  it('cannot smuggle a field into another', () => {
    const xml = ownershipXml({
      owner: 'U1</owner><owner>U2',
      requester: 'U1',
      ticket: '<owner>U3</owner>',
      job: 'j-1',
    })
    expect(ownershipIn(xml)?.owner).toBe('U1</owner><owner>U2')
  })
})
