/** What whoever upgrades the bot types in a terminal. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createLog } from '../src/log.js'
import { migrateCommand } from '../src/migrate-command.js'
import { openDataDirectory } from '../src/store/index.js'
import { printedBy } from './printed.js'

async function aDirectory(...folders: string[]): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'qnav-migrate-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  for (const folder of folders) await mkdir(join(path, folder))
  return path
}

/** What is printed, and the exit code. */
const typed = (path: string, ...words: string[]) =>
  printedBy(() => migrateCommand({ QNAV_DATA_DIR: path }, words))

describe('qnav migrate', () => {
  it('says with --check what is to do, and does it without', async () => {
    const path = await aDirectory('jobs')
    const check = await typed(path, '--check')
    expect(check).toMatchObject({ code: 1, text: expect.stringContaining('has version 1, this qnav has 2') })
    expect(check.text).toMatch(
      /to do: version 2 .*\n.*backup-of-version-1\n.*stop the bot and type: qnav migrate/,
    )
    expect(await readdir(path)).toEqual(['jobs'])
    expect(await typed(path)).toMatchObject({ code: 0, text: expect.stringContaining('done: version 2') })
    expect(await readdir(path)).toContain('backup-of-version-1')
    expect(await typed(path, '--check')).toEqual({
      code: 0,
      text: `${path} has version 2, which is that of this qnav.\n`,
    })
  })

  it('does nothing to a directory that the bot works in', async () => {
    const path = await aDirectory('jobs')
    await openDataDirectory(path, { log: createLog({ level: 'silent' }) })
    await expect(typed(path)).rejects.toMatchObject({ code: 'data-dir-in-use' })
    expect(await readdir(path)).not.toContain('store.json')
    expect(await typed(path, '--check')).toMatchObject({ code: 1 })
  })

  it('says that there is no data directory instead of making one', async () => {
    const path = join(await aDirectory(), 'absent')
    await expect(typed(path, '--check')).rejects.toMatchObject({
      code: 'bad-config',
      message: expect.stringContaining(path),
    })
    expect(await typed(await aDirectory(), '--check')).toMatchObject({ code: 0 })
  })
})
