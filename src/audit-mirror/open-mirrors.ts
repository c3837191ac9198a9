/** The mirrors that qnav.yml asks for. */
import { join } from 'node:path'
import { type Clock, systemClock } from '../jobs/index.js'
import type { Logger } from '../log.js'
import { type AuditLog, openDocumentFolder } from '../store/index.js'
import { AuditMirror, cursorForm } from './audit-mirror.js'
import { journaldSink } from './journald.js'
import type { Sink } from './sink.js'
import { type SyslogTarget, syslogSink } from './syslog.js'

export interface AuditMirrorsWanted {
  /** Channel id. */
  channel?: string
  journald: boolean
  syslog?: SyslogTarget
}

export interface AuditMirrorsParts {
  audit: Pick<AuditLog, 'follow'>
  data: { path: string }
  channelSink(channel: string): Sink
  log: Logger
  clock?: Clock
}

/** A channel has a message at most this often, with all that came meanwhile. */
const channelEveryMs = 5000

export interface AuditMirrors {
  /** Delivers, from what came since they were opened, or where they stopped. */
  start(): void
  /** Never rejects. */
  stop(): Promise<void>
}

/** Rejects with `store-failed` or `store-damaged`. */
export async function openAuditMirrors(
  { channel, journald, syslog }: AuditMirrorsWanted,
  { audit, data, channelSink, log, clock = systemClock }: AuditMirrorsParts,
): Promise<AuditMirrors> {
  const sinks: (readonly [name: string, sink: Sink, everyMs: number])[] = [
    ...(channel === undefined
      ? []
      : [[`channel-${channel.toLowerCase()}`, channelSink(channel), channelEveryMs] as const]),
    ...(journald ? [['journald', journaldSink(), 0] as const] : []),
    ...(syslog === undefined ? [] : [['syslog', syslogSink(syslog), 0] as const]),
  ]
  if (sinks.length === 0) return { start: () => {}, stop: async () => {} }
  const path = join(data.path, 'audit-mirrors')
  const cursors = await openDocumentFolder({
    path,
    form: { kind: 'audit-mirror', version: 1, schema: cursorForm },
    log,
  })
  const saved = await cursors.load()
  const mirrors = sinks.map(
    ([name, sink, everyMs]) =>
      new AuditMirror({ name, sink, everyMs, cursor: saved.get(name), audit, data, cursors, log, clock }),
  )
  for (const mirror of mirrors) await mirror.open()
  return {
    start() {
      for (const mirror of mirrors) mirror.start()
    },
    async stop() {
      await Promise.all(mirrors.map((mirror) => mirror.stop()))
    },
  }
}
