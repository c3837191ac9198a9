import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { createJobs } from '../../src/jobs/index.js'
import { openCardBook } from '../../src/slack/cards/card-book.js'
import { openIntakeLog } from '../../src/slack/intake-journal.js'
import { migrateStore, openAuditLog, planMigration, verifyAuditLog } from '../../src/store/index.js'
import type { StoreStep } from '../../src/store/store-steps.js'
import { approver, aReport, over } from '../jobs/builders.js'
import { FakeClock } from '../jobs/fake-clock.js'
import { aDirectory, aLog, diskError } from './temporary-data.js'
import version1 from './version-1.json' with { type: 'json' }

async function aVersion1(): Promise<string> {
  const path = await aDirectory()
  for (const [name, text] of Object.entries(version1.files)) {
    await mkdir(dirname(join(path, name)), { recursive: true })
    await writeFile(join(path, name), text)
  }
  return path
}

/** Two made-up steps: one moves notes into a folder, the next numbers them. */
function steps(die: () => void = () => undefined): StoreStep[] {
  return [
    {
      to: 2,
      what: 'keeps notes in a folder',
      touches: ['jobs'],
      async run(path) {
        await mkdir(join(path, 'jobs', 'deep'), { recursive: true })
        die()
        await writeFile(join(path, 'jobs', 'note'), 'second')
        die()
      },
    },
    {
      to: 3,
      what: 'numbers notes',
      touches: ['jobs', 'absent'],
      async run(path) {
        die()
        const text = await readFile(join(path, 'jobs', 'note'), 'utf8')
        await writeFile(join(path, 'jobs', 'note'), text.startsWith('3 ') ? text : `3 ${text}`)
        die()
      },
    },
  ]
}

async function anOld(): Promise<string> {
  const path = await aDirectory()
  await mkdir(join(path, 'jobs'))
  await writeFile(join(path, 'jobs', 'note'), 'first')
  return path
}

const { log } = aLog()
const note = (path: string, ...parts: string[]) => readFile(join(path, ...parts, 'jobs', 'note'), 'utf8')

describe('a data directory', () => {
  it('that is new gets the number of today, and nothing else', async () => {
    const path = await aDirectory()
    expect(await migrateStore({ path }, { log })).toMatchObject({ from: undefined, to: 2, steps: [] })
    expect(await readdir(path)).toEqual(['store.json'])
    expect(await migrateStore({ path }, { log })).toMatchObject({ from: 2, to: 2, steps: [] })
  })

  it('of the version without a number goes on with everything that is in it', async () => {
    const path = await aVersion1()
    expect(await migrateStore({ path }, { log })).toMatchObject({ from: 1, to: 2, steps: [{ to: 2 }] })
    const { log: heard, text } = aLog()
    const audit = await openAuditLog({ path }, { log: heard })
    const clock = new FakeClock(Date.parse('2026-11-23T18:00:00.000Z'))
    const jobs = createJobs({ data: { path }, audit: (entry) => audit.append(entry), log: heard, clock })
    jobs.register('command', 1, async (context) => {
      await context.step('plan', async () => null)
      await context.approval({ approvers: 1, expiresMs: 1 })
      return aReport('went on')
    })
    await jobs.start()
    expect(jobs.list().map(({ title, state }) => `${title}: ${state}`)).toEqual([
      'vm delete test: awaiting-approval',
      'vm stop nosuch: refused',
      'vm stop test: succeeded',
    ])
    const id = jobs.list({ states: ['awaiting-approval'] })[0]?.id ?? ''
    const cards = await (await openCardBook(path, heard)).load()
    expect(cards.get(id)).toMatchObject({ approval: { channel: 'C0APPROVE' } })
    const intake = await openIntakeLog(path, heard)
    expect(intake.left.map(({ value }) => value.text)).toEqual(['vm stop web1'])
    await intake.close()
    await jobs.decide(id, { by: approver, verdict: 'approve' })
    expect(await over(jobs, id)).toMatchObject({ state: 'succeeded', report: { title: 'went on' } })
    await jobs.stop()
    await audit.close()
    expect(await verifyAuditLog({ path })).toMatchObject({ intact: true })
    expect(text()).toBe('')
    for (const [name, content] of Object.entries(version1.files)) {
      if (!/^(?:jobs|slack-cards)\/|^intake/.test(name)) continue
      expect(await readFile(join(path, 'backup-of-version-1', name), 'utf8'), name).toBe(content)
    }
    expect((await stat(join(path, 'backup-of-version-1'))).mode & 0o777).toBe(0o700)
  })

  it('is brought up step by step, each with a copy of what it may change', async () => {
    const path = await anOld()
    const parts = { log, steps: steps() }
    const plan = await planMigration({ path }, parts)
    expect(plan).toEqual({
      from: 1,
      to: 3,
      steps: [
        { to: 2, what: 'keeps notes in a folder' },
        { to: 3, what: 'numbers notes' },
      ],
      backups: [join(path, 'backup-of-version-1'), join(path, 'backup-of-version-2')],
    })
    expect(await readdir(path)).toEqual(['jobs'])
    expect(await migrateStore({ path }, parts)).toEqual(plan)
    expect(await note(path)).toBe('3 second')
    expect(await note(path, 'backup-of-version-1')).toBe('first')
    expect(await note(path, 'backup-of-version-2')).toBe('second')
    expect(await migrateStore({ path }, parts)).toMatchObject({ from: 3, steps: [] })
  })

  it.each([1, 2, 3, 4])(
    'that was left at point %i of a migration is brought up by the next',
    async (point) => {
      const path = await anOld()
      let passed = 0
      const dying = steps(() => {
        passed += 1
        if (passed === point) throw new Error('killed')
      })
      await expect(migrateStore({ path }, { log, steps: dying })).rejects.toMatchObject({
        code: 'store-failed',
      })
      // What a kill in the middle of copying leaves.
      if (point <= 2) await cp(join(path, 'jobs'), join(path, 'backup-of-version-2.tmp'), { recursive: true })
      await migrateStore({ path }, { log, steps: steps() })
      expect(await note(path)).toBe('3 second')
      expect(await note(path, 'backup-of-version-1'), 'the copy of the first try').toBe('first')
      expect(await note(path, 'backup-of-version-2')).toBe('second')
      expect((await readdir(path)).sort()).toEqual(
        ['backup-of-version-1', 'backup-of-version-2', 'jobs', 'store.json', 'store.json.previous'].sort(),
      )
    },
  )

  it('of a newer version is refused and left alone', async () => {
    const path = await anOld()
    await migrateStore({ path }, { log, steps: steps() })
    const before = await readFile(join(path, 'store.json'), 'utf8')
    for (const refuse of [planMigration, migrateStore]) {
      await expect(refuse({ path }, { log })).rejects.toMatchObject({
        code: 'store-failed',
        message: expect.stringMatching(
          /newer qnav: it has version 3, and this one knows 2 at most. Nothing was touched/,
        ),
        fix: expect.stringContaining('Start the newer version'),
      })
    }
    expect(await readFile(join(path, 'store.json'), 'utf8')).toBe(before)
  })

  it.each([
    ['cut short', '{"kind":"sto'],
    ['empty', ''],
    ['garbage', '\0\0\0'],
  ])('whose number is %s goes by the one before, or says what to do', async (_, content) => {
    const path = await anOld()
    await migrateStore({ path }, { log, steps: steps() })
    await writeFile(join(path, 'store.json'), content)
    // Version 2 was the last good state: the step after it is done again.
    expect(await migrateStore({ path }, { log, steps: steps() })).toMatchObject({ from: 2, to: 3 })
    expect(await note(path)).toBe('3 second')
    await writeFile(join(path, 'store.json'), content)
    await rm(join(path, 'store.json.previous'))
    await expect(migrateStore({ path }, { log, steps: steps() })).rejects.toMatchObject({
      code: 'store-damaged',
      message: expect.stringContaining('store.json'),
      fix: expect.stringContaining('move it away'),
    })
    await rm(join(path, 'store.json'))
    expect(await migrateStore({ path }, { log, steps: steps() })).toMatchObject({ from: 1, to: 3 })
    expect(await note(path, 'backup-of-version-1')).toBe('first')
  })

  it('on a full disk is left as it was', async () => {
    const path = await anOld()
    const { open } = await import('node:fs/promises')
    const handle = await open(join(path, 'jobs', 'note'))
    const prototype = Object.getPrototypeOf(handle)
    await handle.close()
    vi.spyOn(prototype, 'sync').mockRejectedValue(diskError('ENOSPC'))
    await expect(migrateStore({ path }, { log, steps: steps() })).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining('ENOSPC'),
    })
    vi.restoreAllMocks()
    expect(await readdir(path)).toEqual(['jobs'])
    expect(await note(path)).toBe('first')
  })
})

describe('the form of the recorded version', () => {
  it('has each kind of file', () => {
    const files = z.record(z.string(), z.string()).parse(version1.files)
    const kinds = new Set(Object.keys(files).map((name) => name.split(/[/.]/)[0]))
    expect([...kinds].sort()).toEqual(['audit', 'intake', 'jobs', 'owner', 'slack-cards'])
  })
})
