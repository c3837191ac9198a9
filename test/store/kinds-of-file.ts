/** Every kind of file in the data directory, written and found again by the code that really does so. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { jobRecordForm } from '../../src/jobs/job-record.js'
import { type Schedule, scheduleForm } from '../../src/jobs/schedule.js'
import type { Logger } from '../../src/log.js'
import { openCardBook } from '../../src/slack/cards/card-book.js'
import { openIntakeLog } from '../../src/slack/intake-journal.js'
import {
  type DocumentFolder,
  migrateStore,
  openArchive,
  openAuditLog,
  openDocumentFolder,
  openPendingLog,
  planMigration,
  verifyAuditLog,
} from '../../src/store/index.js'

/** Writes number `n`; in documents that is a document of its own. */
interface Store {
  write(n: number): Promise<void>
  close(): Promise<void>
}

export interface Kind {
  name: string
  /** Relative to the data directory: where number `n` stands. */
  file(n: number): string
  open(path: string, log: Logger): Promise<Store>
  /** Numbers that a new process finds, in order. */
  found(path: string, log: Logger): Promise<number[]>
  /** Of 0 and 1, where 1 was written twice, what is found when the file of 1 is like this; or how a start is refused. */
  after: Record<'cut short' | 'empty' | 'garbage', number[] | 'store-damaged'>
  /** It is written over, and never grows. */
  isOneValue?: true
}

/** Long, so that a small disk is soon full. */
export const filler = 'x'.repeat(3000)
const at = '2026-01-02T03:04:05.000Z'
const origin = { surface: 'slack', channel: 'C1' } as const

interface Documents<T> {
  name: string
  folder: string
  opened(path: string, log: Logger): Promise<DocumentFolder<T>>
  data(n: number): T
  number(data: T): number
}

function documents<T>({ name, folder, opened, ...of }: Documents<T>): Kind {
  return {
    name,
    file: (n) => join(folder, `n-${n}.json`),
    async open(path, log) {
      const documentsOf = await opened(path, log)
      return { write: (n) => documentsOf.write(`n-${n}`, of.data(n)), close: async () => undefined }
    },
    async found(path, log) {
      const loaded = await (await opened(path, log)).load()
      return [...loaded.values()].map(of.number).sort((a, b) => a - b)
    },
    // The last good state of 1 is what it was before.
    after: { 'cut short': [0, 1], empty: [0, 1], garbage: [0, 1] },
  }
}

const record = (n: number) =>
  jobRecordForm.schema.parse({
    number: n,
    unaudited: [],
    job: {
      ...{ id: `j-${n}`, body: 'command', version: 1, title: filler, input: {}, requester: { id: 'U1' } },
      ...{ origin, state: 'succeeded', locks: [], steps: [], createdAt: at, updatedAt: at, revision: 1 },
    },
  })

const promises = (
  name: string,
  file: string,
  opened: (path: string, log: Logger) => ReturnType<typeof openIntakeLog>,
) =>
  ({
    name,
    file: () => file,
    async open(path, log) {
      const pending = await opened(path, log)
      const value = { text: filler, person: { id: 'U1' }, channel: 'C1', isPrivate: false }
      return {
        write: (n) => pending.add(`n-${n}`, { ...value, text: `${n} ${filler}` }),
        close: () => pending.close(),
      }
    },
    async found(path, log) {
      const pending = await opened(path, log)
      const numbers = pending.left.map(({ value }) => Number.parseInt(value.text, 10))
      await pending.close()
      return numbers
    },
    // What the first writing of 1 promised still counts when the second is cut.
    after: { 'cut short': [0, 1], empty: [], garbage: [] },
  }) satisfies Kind

export const kinds: readonly Kind[] = [
  documents({
    name: 'jobs',
    folder: 'jobs',
    opened: (path, log) => openDocumentFolder({ path: join(path, 'jobs'), form: jobRecordForm, log }),
    data: record,
    number: ({ number }) => number,
  }),
  {
    name: 'the archive of jobs',
    file: () => join('jobs-archive', '2026-01.jsonl'),
    async open(path, log) {
      const archive = await openArchive({ path: join(path, 'jobs-archive'), form: jobRecordForm, log })
      return {
        write: (n) => archive.append([{ key: `j-${n}`, at, data: record(n) }]),
        close: async () => undefined,
      }
    },
    async found(path, log) {
      const archive = await openArchive({ path: join(path, 'jobs-archive'), form: jobRecordForm, log })
      const numbers: number[] = []
      for await (const { number } of archive.newestFirst()) numbers.unshift(number)
      return numbers
    },
    // What is there already is not written again.
    after: { 'cut short': [0], empty: [], garbage: [] },
  },
  documents<Schedule>({
    name: 'schedules',
    folder: 'schedules',
    opened: (path, log) => openDocumentFolder({ path: join(path, 'schedules'), form: scheduleForm, log }),
    data: (n) => ({
      ...{ id: `s-${n}`, line: filler, owner: { id: 'U1' }, origin, missed: 'run' },
      ...{ rhythm: { days: [1], minutes: n, timeZone: 'UTC' }, createdAt: at, handledUntil: at },
    }),
    number: ({ rhythm }) => rhythm.minutes,
  }),
  documents({
    name: 'cards in Slack',
    folder: 'slack-cards',
    opened: openCardBook,
    data: (n) => ({ card: { channel: filler, ts: `${n}.1` }, threaded: n }),
    number: ({ threaded }) => threaded,
  }),
  promises('what was taken in', 'intake.jsonl', openIntakeLog),
  promises('what waits to be sent', 'outbox.jsonl', (path, log) =>
    // The outbox goes on in memory where its file cannot be opened; the file itself is of this kind.
    openPendingLog({
      path: join(path, 'outbox.jsonl'),
      schema: z.object({
        ...{ text: z.string(), person: z.object({ id: z.string() }) },
        ...{ channel: z.string(), isPrivate: z.boolean() },
      }),
      log,
      endsAtOnce: true,
    }),
  ),
  {
    name: 'the audit log',
    file: () => 'audit.jsonl',
    async open(path, log) {
      const audit = await openAuditLog({ path }, { log })
      return { write: (n) => audit.append({ event: 'test', n, filler }), close: () => audit.close() }
    },
    async found(path) {
      const verdict = await verifyAuditLog({ path })
      return Array.from({ length: verdict.intact ? verdict.entries : 0 }, (_, n) => n)
    },
    // Nobody goes on writing behind an end that is not the one that was left.
    after: { 'cut short': 'store-damaged', empty: 'store-damaged', garbage: 'store-damaged' },
  },
  {
    name: 'the version of the data directory',
    file: () => 'store.json',
    isOneValue: true,
    async open(path, log) {
      await mkdir(path, { recursive: true })
      const steps = (n: number) =>
        Array.from({ length: n + 1 }, (_, index) => ({
          ...{ to: index + 2, what: 'does nothing', touches: [] },
          run: async () => undefined,
        }))
      return {
        async write(n) {
          await migrateStore({ path }, { log, steps: steps(n) })
        },
        close: async () => undefined,
      }
    },
    async found(path, log) {
      const steps = [{ to: 1000, what: '', touches: [], run: async () => undefined }]
      const { from } = await planMigration({ path }, { log, steps })
      return from === undefined ? [] : Array.from({ length: from - 1 }, (_, n) => n)
    },
    // Its step is done again, and does no harm.
    after: { 'cut short': [0], empty: [0], garbage: [0] },
  },
]
