import { appendFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openAuditLog, readAuditLog } from '../../src/store/index.js'
import { aDirectory, aLog } from './temporary-data.js'

async function aLogOf(texts: string[]) {
  const data = { path: await aDirectory() }
  const audit = await openAuditLog(data, { log: aLog().log })
  await Promise.all(texts.map((text, n) => audit.append({ event: 'test', n, text })))
  await audit.close()
  return { data, file: join(data.path, 'audit.jsonl') }
}

async function numbersOf(data: { path: string }, newestFirst: boolean): Promise<number[]> {
  const numbers: number[] = []
  for await (const { seq } of readAuditLog(data, { newestFirst })) numbers.push(seq)
  return numbers
}

describe('reading the audit log', () => {
  it('gives every entry, oldest or newest first, whatever their lengths', async () => {
    // Around the size of the blocks in which the file is read, and far above it.
    const length = fc.oneof(fc.nat(300), fc.integer({ min: 65_000, max: 66_000 }), fc.constant(200_000))
    await fc.assert(
      fc.asyncProperty(fc.array(length, { maxLength: 8 }), async (lengths) => {
        const { data } = await aLogOf(lengths.map((size) => 'ü '.repeat(size / 2)))
        const expected = lengths.map((_, n) => n + 1)
        expect(await numbersOf(data, false)).toEqual(expected)
        expect(await numbersOf(data, true)).toEqual(expected.toReversed())
        await rm(data.path, { recursive: true })
      }),
      { numRuns: 30 },
    )
  })

  it('leaves out an entry that is just being written, from both ends', async () => {
    const { data, file } = await aLogOf(['a', 'b'])
    await appendFile(file, '{"seq":3,')
    expect(await numbersOf(data, false)).toEqual([1, 2])
    expect(await numbersOf(data, true)).toEqual([2, 1])
  })

  it('finds nothing in a log that is not there yet', async () => {
    const data = { path: await aDirectory() }
    expect(await numbersOf(data, true)).toEqual([])
    expect(await numbersOf(data, false)).toEqual([])
  })

  it.each([true, false])('says so at a line that is no entry (newest first: %s)', async (newestFirst) => {
    const { data, file } = await aLogOf([])
    await writeFile(file, 'garbage\n')
    await expect(numbersOf(data, newestFirst)).rejects.toMatchObject({
      code: 'store-damaged',
      fix: expect.stringContaining('qnav audit verify'),
    })
  })
})
