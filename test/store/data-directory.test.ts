import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { takeOwnership } from '../../src/store/directory-owner.js'
import { openDataDirectory } from '../../src/store/index.js'
import { isAlive, ownIdentity, type ProcessIdentity } from '../../src/store/process-identity.js'
import { aDirectory, aLog } from './temporary-data.js'

const { log } = aLog()

describe('the data directory', () => {
  it('is made, private, and given up again', async () => {
    const path = join(await aDirectory(), 'deep', 'data')
    const data = await openDataDirectory(path, { log })
    expect(data.path).toBe(path)
    expect((await stat(path)).mode & 0o777).toBe(0o700)
    await data.close()
    await (await openDataDirectory(path, { log })).close()
  })

  it('is made private when it was not', async () => {
    const path = await aDirectory()
    await chmod(path, 0o755)
    await openDataDirectory(path, { log })
    expect((await stat(path)).mode & 0o777).toBe(0o700)
  })

  it('belongs to one at a time, and says to whom', async () => {
    const path = await aDirectory()
    await openDataDirectory(path, { log })
    await expect(openDataDirectory(path, { log })).rejects.toMatchObject({
      code: 'data-dir-in-use',
      message: expect.stringContaining(`pid ${process.pid}`),
    })
  })

  it('belongs to one of many who want it at once', async () => {
    const path = await aDirectory()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => openDataDirectory(path, { log })),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'data-dir-in-use' })
    }
  })

  it('is taken over from a process that was killed', async () => {
    const path = await aDirectory()
    const child = spawn('sleep', ['60'])
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    const pid = child.pid ?? 0
    const startTicks = await startTicksOf(pid)
    const identity = { ...ownIdentity(), pid, startTicks }
    await takeOwnership(path, { log, self: identity })
    await expect(openDataDirectory(path, { log })).rejects.toMatchObject({
      code: 'data-dir-in-use',
      message: expect.stringContaining(`process ${pid}`),
      fix: expect.stringContaining(`kill ${pid}`),
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const next = aLog()
    await openDataDirectory(path, { log: next.log })
    expect(next.text()).toContain('taking it over')
  })

  it.each<[string, Partial<ProcessIdentity>]>([
    ['whose pid has another process by now', { startTicks: '1' }],
    ['of an earlier boot', { bootId: 'another' }],
    ['whose pid nobody has', { pid: 4_194_305 }],
  ])('is taken over from an owner %s', async (_, other) => {
    const path = await aDirectory()
    await takeOwnership(path, { log, self: { ...ownIdentity(), ...other } })
    await openDataDirectory(path, { log })
  })

  it('is taken over when the note about its owner was torn', async () => {
    const path = await aDirectory()
    await writeFile(join(path, 'owner.3'), '{"pid":1')
    await openDataDirectory(path, { log })
    expect(await readdir(path)).toEqual(['owner.4'])
  })

  it('that cannot be made says why', async () => {
    const path = join(await aDirectory(), 'file')
    await writeFile(path, '')
    await expect(openDataDirectory(path, { log })).rejects.toMatchObject({ code: 'store-failed' })
    await expect(openDataDirectory(join(path, 'data'), { log })).rejects.toMatchObject({
      code: 'store-failed',
    })
  })

  it('is not taken with a number that others had and gave up meanwhile', async () => {
    const path = await aDirectory()
    const dead = { ...ownIdentity(), pid: 1 }
    await takeOwnership(path, { log, self: dead })
    const slow = takeOwnership(path, {
      log,
      self: ownIdentity(),
      isAlive: ({ pid }) => {
        if (pid !== 1) return true
        // While this one looks at the dead owner 1, number 2 comes and goes and number 3 is at work.
        renameSync(join(path, 'owner.1'), join(path, 'owner.3'))
        writeFileSync(join(path, 'owner.3'), JSON.stringify({ ...dead, pid: 7, released: false }))
        return false
      },
    })
    await expect(slow).rejects.toMatchObject({
      code: 'data-dir-in-use',
      message: expect.stringContaining('process 7'),
    })
    expect(await readdir(path)).toEqual(['owner.3'])
  })

  it('never has two living owners, however many come, go and die at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('release', 'die'), { minLength: 2, maxLength: 8 }),
        async (ends) => {
          const path = join(await aDirectory(), 'data')
          await mkdir(path)
          const living = new Set<number>()
          const holders = new Set<number>()
          await Promise.all(
            ends.map(async (end, index) => {
              const pid = index + 1
              living.add(pid)
              const self = { pid, startTicks: 'x', bootId: 'x' }
              for (let attempt = 0; attempt < 5; attempt += 1) {
                try {
                  const release = await takeOwnership(path, {
                    log,
                    self,
                    isAlive: (who) => living.has(who.pid),
                  })
                  holders.add(pid)
                  expect([...holders], 'one holder at a time').toEqual([pid])
                  await Promise.resolve()
                  holders.delete(pid)
                  if (end === 'release') await release()
                  living.delete(pid)
                  return
                } catch (error) {
                  expect(error).toMatchObject({ code: 'data-dir-in-use' })
                }
              }
            }),
          )
        },
      ),
      { numRuns: 50 },
    )
  })
})

describe('a process', () => {
  it('is alive while exactly it runs', () => {
    const own = ownIdentity()
    expect(isAlive(own)).toBe(true)
    expect(isAlive({ ...own, startTicks: `${own.startTicks}0` })).toBe(false)
    expect(isAlive({ ...own, bootId: 'x' })).toBe(false)
  })
})

async function startTicksOf(pid: number): Promise<string> {
  const { readFile } = await import('node:fs/promises')
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
