/** The audit log in the journal of this machine, by systemd's stream protocol: seven lines about the sender, then a line for
 * each entry (systemd, src/libsystemd/sd-journal/journal-send.c, sd_journal_stream_fd). */
import { connect } from 'node:net'
import { mirrorLine } from './mirror-line.js'
import type { Sink } from './sink.js'
import { StreamSink } from './stream-sink.js'

/** Where systemd-journald takes streams. */
export const journalSocket = '/run/systemd/journal/stdout'
/** journald.conf(5): LineMax is 48K. */
const mostBytes = 40_000
const notice = 5

export function journaldSink(path = journalSocket): Sink {
  // Identifier, unit, priority, no priorities within lines, nothing forwarded to syslog, kernel log and console.
  const greeting = ['qnav-audit', '', String(notice), '0', '0', '0', '0', ''].join('\n')
  return new StreamSink({
    connect: () => connect(path),
    ready: 'connect',
    greeting,
    frame: (record) => `${mirrorLine(record, mostBytes)}\n`,
  })
}
