/**
 * What becomes of each kind of file when it is cut short, empty or garbage, when the disk is really full and when it is really
 * read-only: the message names the file, the last good state counts, and nothing is half-written. A small file system of its
 * own makes a disk full; only root may mount one.
 */
import { execFileSync } from 'node:child_process'
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { kinds } from './kinds-of-file.js'
import { aDirectory, aLog } from './temporary-data.js'

/** Far more than fits. */
const tries = 200

async function aSmallDisk() {
  const path = await aDirectory()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', path])
  onTestFinished(() => void execFileSync('umount', ['-l', path]))
  const remount = (how: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${how}`, path])
  return { path, remount }
}

function mayMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' })
    return process.getuid?.() === 0
  } catch {
    return false
  }
}

const leftovers = async (path: string) =>
  (await readdir(path, { recursive: true })).filter((name) => /\.tmp$|damaged/.test(name))

const damages = {
  'cut short': async (file: string) => truncate(file, (await stat(file)).size - 100),
  empty: (file: string) => truncate(file, 0),
  garbage: async (file: string) => writeFile(file, Buffer.alloc((await stat(file)).size, '\u0007garbage\n')),
} as const

describe.each(kinds.map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
  it.each(Object.entries(damages))(
    'found %s: says which file, and uses the last good state',
    async (how, damage) => {
      const path = await aDirectory()
      const store = await kind.open(path, aLog().log)
      for (const n of [0, 1, 1]) await store.write(n)
      await store.close()
      const file = join(path, kind.file(1))
      await damage(file)
      const broken = await readFile(file)
      const { log, text } = aLog()
      const after = kind.after[how as keyof typeof damages]
      if (after === 'store-damaged') {
        await expect(kind.open(path, log)).rejects.toMatchObject({
          code: 'store-damaged',
          message: expect.stringContaining(basename(file)),
          fix: expect.stringMatching(/\w/),
        })
        expect(await readFile(file), 'left as it is for whoever looks into it').toEqual(broken)
        return
      }
      expect(await kind.found(path, log)).toEqual(after)
      if (how === 'empty' && after.length === 0) expect(text()).not.toContain('"level":50')
      else expect(text()).toContain(basename(file))
      // It goes on from there, and what is written now is found.
      const again = await kind.open(path, aLog().log)
      await again.write(2)
      await again.close()
      expect(await kind.found(path, aLog().log)).toEqual(expect.arrayContaining([2]))
      expect((await leftovers(path)).filter((name) => name.endsWith('.tmp'))).toEqual([])
    },
  )

  it.skipIf(!mayMount())(
    'on a full disk: says so, keeps what it took, has nothing half, and goes on when there is room',
    async () => {
      const { path } = await aSmallDisk()
      const ballast = join(path, 'ballast')
      const { log } = aLog()
      // More than half: what was promised is written anew at a start, beside the old file.
      await writeFile(ballast, Buffer.alloc(144 * 1024))
      const store = await kind.open(path, log)
      const taken: number[] = []
      const refusals: unknown[] = []
      for (let n = 0; n < tries; n += 1) {
        if (kind.isOneValue && n === 5) await fillUp(join(path, 'more'))
        await store.write(n).then(
          () => taken.push(n),
          (error: unknown) => refusals.push(error),
        )
      }
      expect(taken.length).toBeGreaterThan(3)
      expect(refusals.length).toBeGreaterThan(3)
      const [place = ''] = kind.file(0).split('/')
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({
          code: 'store-failed',
          message: expect.stringMatching(/ENOSPC.*nothing was changed/),
          fix: expect.stringContaining('free some space'),
        })
        expect(String(refusal)).toContain(join(path, place))
      }
      await rm(ballast)
      await store.write(tries)
      await store.close()
      const found = await kind.found(path, log)
      expect(found).toHaveLength(kind.isOneValue ? tries + 1 : taken.length + 1)
      expect(await leftovers(path)).toEqual([])
    },
  )

  it.skipIf(!mayMount())('on a disk that became read-only: says so, and keeps what it took', async () => {
    const { path, remount } = await aSmallDisk()
    const store = await kind.open(path, aLog().log)
    await store.write(0)
    await store.close()
    remount('ro')
    const refused = async () => {
      const again = await kind.open(path, aLog().log)
      await again.write(1).finally(() => again.close())
    }
    await expect(refused()).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringMatching(new RegExp(`${path}.*EROFS`)),
      fix: expect.stringContaining('read-only'),
    })
    remount('rw')
    expect(await kind.found(path, aLog().log)).toEqual([0])
    expect(await leftovers(path)).toEqual([])
  })
})

/** To the last byte. */
async function fillUp(file: string): Promise<void> {
  for (let size = 4096; ; size += 4096) {
    try {
      await writeFile(file, Buffer.alloc(size))
    } catch {
      return
    }
  }
}
