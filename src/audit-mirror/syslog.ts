/** The audit log in a syslog: RFC 5424 over UDP (RFC 5426), TCP with octet counts (RFC 6587 §3.4.1) or TLS (RFC 5425). */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { connect as connectTcp, isIPv6 } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'
import type { AuditRecord } from '../store/index.js'
import { mirrorLine } from './mirror-line.js'
import type { Sink } from './sink.js'
import { StreamSink } from './stream-sink.js'

export interface SyslogTarget {
  protocol: 'udp' | 'tcp' | 'tls'
  /** A name or an address, IPv6 without brackets. */
  host: string
  port: number
}

/** Bytes of a message. RFC 5426 §3.2: receivers should take 2048 in a datagram; rsyslog takes 8 KiB unless told otherwise. */
const mostBytes = { udp: 1900, tcp: 7900, tls: 7900 } as const
/** Facility 13 (log audit), severity 5 (notice). */
const priority = 13 * 8 + 5
const sendWithinMs = 5000

export function syslogSink({ protocol, host, port }: SyslogTarget): Sink {
  const write = (record: AuditRecord) => syslogMessage(record, mostBytes[protocol])
  if (protocol === 'udp') return new UdpSink({ host, port, write })
  return new StreamSink({
    connect: () =>
      protocol === 'tcp'
        ? connectTcp({ host, port })
        : connectTls({ host, port, ...(isIPv6(host) || /^[\d.]+$/.test(host) ? {} : { servername: host }) }),
    ready: protocol === 'tcp' ? 'connect' : 'secureConnect',
    frame(record) {
      const message = write(record)
      return `${Buffer.byteLength(message)} ${message}`
    },
  })
}

/** `most` are bytes of the whole. */
export function syslogMessage(record: AuditRecord, most: number): string {
  const word = (text: string, chars: number) => text.replace(/[^\x21-\x7e]/g, '').slice(0, chars) || '-'
  const about = [word(hostname(), 255), 'qnav', String(process.pid), word(record.entry.event, 32), '-']
  const head = `<${priority}>1 ${record.at} ${about.join(' ')} `
  return head + mirrorLine(record, most - Buffer.byteLength(head))
}

interface UdpTarget {
  host: string
  port: number
  write(record: AuditRecord): string
}

class UdpSink implements Sink {
  readonly #target: UdpTarget
  #socket: UdpSocket | undefined

  constructor(target: UdpTarget) {
    this.#target = target
  }

  async take(records: readonly AuditRecord[]): Promise<void> {
    for (const record of records) await this.#send(this.#target.write(record))
  }

  async stop(): Promise<void> {
    this.#socket?.close()
    this.#socket = undefined
  }

  #send(message: string): Promise<void> {
    const { host, port } = this.#target
    this.#socket ??= createSocket(isIPv6(host) ? 'udp6' : 'udp4').on('error', () => undefined)
    const socket = this.#socket
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no datagram left for ${host} in time`)), sendWithinMs)
      socket.send(message, port, host, (error) => {
        clearTimeout(timer)
        if (error === null) resolve()
        else reject(error)
      })
    })
  }
}
