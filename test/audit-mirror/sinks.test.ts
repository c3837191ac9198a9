/** The audit log in a syslog and in the journal, as their receivers see it. */
import { createSocket } from 'node:dgram'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { journaldSink } from '../../src/audit-mirror/journald.js'
import { mirrorLine } from '../../src/audit-mirror/mirror-line.js'
import { syslogMessage, syslogSink } from '../../src/audit-mirror/syslog.js'
import { type AuditRecord, openAuditLog, readAuditLog } from '../../src/store/index.js'
import { aDirectory, aLog } from '../store/temporary-data.js'

/** Entries of a real log. */
async function recordsOf(...entries: { event: string; [key: string]: unknown }[]): Promise<AuditRecord[]> {
  const path = await aDirectory()
  const audit = await openAuditLog({ path }, { log: aLog().log })
  for (const entry of entries) await audit.append(entry)
  await audit.close()
  const records: AuditRecord[] = []
  for await (const record of readAuditLog({ path })) records.push(record)
  return records
}

/** What is written into all connections of a server together. */
function received(server: Pick<Server, 'on' | 'close'>) {
  let text = ''
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.setEncoding('utf8').on('data', (data) => {
      text += data
    })
    socket.on('error', () => undefined)
  })
  const hangUp = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  onTestFinished(() => {
    hangUp()
    server.close()
  })
  return { text: () => text, hangUp, isConnected: () => sockets.size > 0 }
}
const listening = (server: Server, where: string | number) =>
  new Promise<number>((resolve) =>
    server.listen(where, () => resolve((server.address() as AddressInfo).port ?? 0)),
  )

/** RFC 6587 §3.4.1. */
function frames(text: string): string[] {
  let rest = Buffer.from(text)
  const found: string[] = []
  while (rest.length > 0) {
    const space = rest.indexOf(' ')
    const length = Number(rest.subarray(0, space))
    found.push(rest.subarray(space + 1, space + 1 + length).toString())
    rest = rest.subarray(space + 1 + length)
  }
  return found
}
const header = /^<109>1 \d{4}-\d\d-\d\dT[\d:.]+Z [\x21-\x7e]+ qnav \d+ [\x21-\x7e]+ - /

describe('a syslog', () => {
  it('over TCP gets each entry as a message of its own, with its hash', async () => {
    const server = createServer()
    const { text } = received(server)
    const port = await listening(server, 0)
    const sink = syslogSink({ protocol: 'tcp', host: '127.0.0.1', port })
    onTestFinished(() => sink.stop())
    const records = await recordsOf(
      { event: 'job.requested', title: 'vm create wéb1 – now' },
      { event: 'job.decided' },
    )
    await sink.take(records)
    await vi.waitFor(() => expect(frames(text())).toHaveLength(2))
    for (const [index, message] of frames(text()).entries()) {
      expect(message).toMatch(header)
      expect(message.replace(header, '')).toBe(records[index]?.line)
    }
  })

  it('that hangs up is spoken to again', async () => {
    const server = createServer()
    const { text, hangUp, isConnected } = received(server)
    const sink = syslogSink({ protocol: 'tcp', host: '127.0.0.1', port: await listening(server, 0) })
    onTestFinished(() => sink.stop())
    const [one, two] = await recordsOf({ event: 'one' }, { event: 'two' })
    if (one === undefined || two === undefined) throw new Error('two were written')
    await sink.take([one])
    await vi.waitFor(() => expect(isConnected()).toBe(true))
    hangUp()
    // The first try may find out that nobody is there.
    await vi.waitFor(async () => {
      await sink.take([two])
      await vi.waitFor(() => expect(text()).toContain('"event":"two"'), 200)
    })
  })

  it('that nobody serves refuses, and so does a TLS server whose certificate nobody vouches for', async () => {
    const server = createServer()
    const port = await listening(server, 0)
    await new Promise((resolve) => server.close(resolve))
    const records = await recordsOf({ event: 'one' })
    await expect(syslogSink({ protocol: 'tcp', host: '127.0.0.1', port }).take(records)).rejects.toThrow(
      'ECONNREFUSED',
    )
    const tls = createTlsServer({ cert: certificate, key })
    tls.on('tlsClientError', () => undefined)
    onTestFinished(() => void tls.close())
    const sink = syslogSink({ protocol: 'tls', host: 'localhost', port: await listening(tls, 0) })
    await expect(sink.take(records)).rejects.toThrow(/self-signed/)
  })

  it('over UDP gets a datagram for each, none larger than receivers must take', async () => {
    const got: string[] = []
    const receiver = createSocket('udp4').on('message', (message) => got.push(message.toString()))
    await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve))
    const sink = syslogSink({ protocol: 'udp', host: '127.0.0.1', port: receiver.address().port })
    onTestFinished(async () => {
      await sink.stop()
      receiver.close()
    })
    await sink.take(
      await recordsOf({ event: 'one' }, { event: 'large', plan: 'x'.repeat(5000), title: 'vm list' }),
    )
    await vi.waitFor(() => expect(got).toHaveLength(2))
    expect(got[0]).toContain('"event":"one"')
    expect(got[1]).toMatch(
      /"entry":\{"event":"large","title":"vm list"\},"cut":\d{4},"hash":"[0-9a-f]{64}"\}$/,
    )
    expect(Buffer.byteLength(got[1] ?? '')).toBeLessThan(2048)
  })
})

describe('the journal', () => {
  it('gets the sender first and then a line for each entry', async () => {
    const path = join(await aDirectory(), 'stdout')
    const server = createServer()
    const { text } = received(server)
    await listening(server, path as unknown as number)
    const sink = journaldSink(path)
    onTestFinished(() => sink.stop())
    const records = await recordsOf({ event: 'one', text: 'a\nb' }, { event: 'two' })
    await sink.take(records)
    await vi.waitFor(() =>
      expect(text()).toBe(`qnav-audit\n\n5\n0\n0\n0\n0\n${records.map(({ line }) => `${line}\n`).join('')}`),
    )
  })
})

describe('an entry that is mirrored', () => {
  it('is one line within its limit, whatever is in it, and can be compared with the log', async () => {
    const any = fc.dictionary(fc.string({ unit: 'binary', maxLength: 300 }), fc.jsonValue({ maxDepth: 3 }))
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
        any,
        fc.integer({ min: 1200, max: 9000 }),
        async (event, more, most) => {
          const [record] = await recordsOf({ ...more, event })
          if (record === undefined) throw new Error('it was written')
          const message = syslogMessage(record, most)
          expect(Buffer.byteLength(message)).toBeLessThanOrEqual(most)
          expect(message).toMatch(header)
          expect([...message].every((sign) => sign >= ' ')).toBe(true)
          const line = mirrorLine(record, most)
          const { seq, hash } = JSON.parse(line)
          expect(record.line).toContain(`"hash":"${hash}"`)
          expect(seq).toBe(record.seq)
        },
      ),
      { numRuns: 60 },
    )
  })
})

/** Of this test alone; nobody trusts it. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUA/QtUh5Vqa5ml03kIktASBi89kcwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzIwMDY1M1oYDzIxMjYxMDMw
MjAwNjUzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS9qhrJSK3zwwhND7b0Dd1sx9kMR56rcxbAdYgVE8ya668GyiIhXd7q
kc10U5dKSN3+/8JPBCAB6v9QMz4GeeAko1MwUTAdBgNVHQ4EFgQUv8C/xXYKSOWt
aFv9B0Zg7QhrLNkwHwYDVR0jBBgwFoAUv8C/xXYKSOWtaFv9B0Zg7QhrLNkwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiB6jW5bXoiGqnpUE471qDtl
8QKHZwXo/QI3Q9JDeFqB7gIhAOmUnI3t90xC2YEQJJbnawPHFih3dOkdEUzmqEbs
5J29
-----END CERTIFICATE-----
`
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3zeFdJmqFZmcuJl2
NcvGlLdC05hZ7ExuGODmQZVGhP6hRANCAAS9qhrJSK3zwwhND7b0Dd1sx9kMR56r
cxbAdYgVE8ya668GyiIhXd7qkc10U5dKSN3+/8JPBCAB6v9QMz4GeeAk
-----END PRIVATE KEY-----
`
