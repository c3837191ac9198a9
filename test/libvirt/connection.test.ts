import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { encodeFrame, type Frame, messageTypes, programs, statuses } from '../../src/libvirt/frames.js'
import { Connection, LibvirtError, listDomains } from '../../src/libvirt/index.js'
import { domainEvents, procedures } from '../../src/libvirt/procedures/index.js'
import { Writer } from '../../src/libvirt/xdr.js'
import { FakeDaemon } from './fake-daemon.js'

const open = (daemon: FakeDaemon, options = {}) =>
  Connection.open({ stream: daemon.stream, uri: 'test:///default', ...options })
const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
const domain = { name: 'web1', uuid: '0f26f6b4-123b-4196-bbff-7cd190987a70', id: 1 }

describe('opening a session', () => {
  it('authenticates by polkit when the daemon wants it', async () => {
    const daemon = new FakeDaemon({ auth: [2] })
    await open(daemon)
    expect(daemon.received.map(({ procedure }) => procedure)).toEqual([66, 70, 60, 1])
  })

  it('says that it cannot when the daemon wants what it does not know', async () => {
    expect(await rejection(open(new FakeDaemon({ auth: [1] })))).toMatchObject({ kind: 'denied' })
  })

  it('asks for a read-only session when told so', async () => {
    const daemon = new FakeDaemon()
    const flags: number[] = []
    daemon.reply(procedures.connectOpen, (args) => {
      flags.push(args.flags)
      return undefined
    })
    await open(daemon, { readOnly: true })
    expect(flags).toEqual([1])
  })
})

describe('a call', () => {
  it('gets its own reply, in whatever order replies come', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    const asked: Frame[] = []
    daemon.on(procedures.domainLookupByName, (frame) => asked.push(frame))
    const calls = ['a', 'b', 'c'].map((name) => connection.call(procedures.domainLookupByName, { name }))
    await vi.waitFor(() => expect(asked).toHaveLength(3))
    for (const n of [2, 0, 1]) {
      const frame = asked[n] as Frame
      daemon.answer(frame, procedures.domainLookupByName, { dom: { ...domain, id: n } })
    }
    expect((await Promise.all(calls)).map(({ dom }) => dom.id)).toEqual([0, 1, 2])
  })

  it('waits while four others are under way, and urgent ones go first', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    const asked: Frame[] = []
    daemon.on(procedures.connectGetCapabilities, (frame) => asked.push(frame))
    daemon.on(procedures.connectGetHostname, (frame) => asked.push(frame))
    const slow = Array.from({ length: 6 }, () =>
      connection.call(procedures.connectGetCapabilities, undefined),
    )
    await vi.waitFor(() => expect(asked).toHaveLength(4))
    const urgent = connection.call(procedures.connectGetHostname, undefined)
    daemon.answer(asked[0] as Frame, procedures.connectGetCapabilities, { capabilities: '' })
    await vi.waitFor(() => expect(asked).toHaveLength(5))
    expect(asked[4]?.procedure).toBe(procedures.connectGetHostname.number)
    daemon.hangUp()
    expect(await Promise.allSettled([...slow.slice(1), urgent])).toEqual(
      Array.from({ length: 6 }, () => expect.objectContaining({ status: 'rejected' })),
    )
  })

  it('sends more at once while all are urgent, and holds back as soon as one is not', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    const asked: Frame[] = []
    for (const each of [procedures.connectGetHostname, procedures.connectGetCapabilities])
      daemon.on(each, (frame) => asked.push(frame))
    const ask = () => connection.call(procedures.connectGetHostname, undefined)
    const urgent = Array.from({ length: 30 }, ask)
    await vi.waitFor(() => expect(asked).toHaveLength(24))
    const ordinary = connection.call(procedures.connectGetCapabilities, undefined)
    const answer = (n: number) =>
      daemon.answer(asked[n] as Frame, procedures.connectGetHostname, { hostname: 'kvm1' })
    for (let n = 0; n < 20; n++) answer(n)
    await Promise.all(urgent.slice(0, 20))
    expect(asked).toHaveLength(24)
    for (let n = 20; n < 24; n++) answer(n)
    await vi.waitFor(() => expect(asked).toHaveLength(28))
    daemon.hangUp()
    await Promise.allSettled([...urgent, ordinary])
  })

  it('rejects with libvirt’s own code and message', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    daemon.on(procedures.domainLookupByName, (frame) => daemon.fail(frame, 42, 'no domain with that name'))
    expect(await rejection(connection.call(procedures.domainLookupByName, { name: 'x' }))).toMatchObject({
      kind: 'not-found',
      code: 42,
      message: 'no domain with that name',
    })
  })

  it('names the version it needs when the daemon does not know the procedure', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    daemon.on(procedures.connectGetAllDomainStats, (frame) =>
      daemon.fail(frame, 39, 'unknown procedure: 344'),
    )
    expect(await rejection(listDomains(connection))).toMatchObject({
      kind: 'too-old',
      message: expect.stringContaining('1.2.8'),
    })
  })

  it('ends at its deadline and says that the host may go on', async () => {
    const connection = await open(new FakeDaemon())
    const error = await rejection(
      connection.call(procedures.connectGetHostname, undefined, { timeoutMs: 20 }),
    )
    expect(error).toMatchObject({ kind: 'timeout', message: expect.stringContaining('may still be working') })
  })

  it('says so to who looks after the way to the daemon when a call was late', async () => {
    const onLate = vi.fn()
    const connection = await open(new FakeDaemon(), { onLate })
    await connection.call(procedures.authList, undefined)
    expect(onLate).not.toHaveBeenCalled()
    await rejection(connection.call(procedures.connectGetHostname, undefined, { timeoutMs: 20 }))
    expect(onLate).toHaveBeenCalledTimes(1)
  })

  it('ends when its caller gives up', async () => {
    const connection = await open(new FakeDaemon())
    const leaving = new AbortController()
    const call = rejection(
      connection.call(procedures.connectGetHostname, undefined, { signal: leaving.signal }),
    )
    leaving.abort(new Error('enough'))
    expect(await call).toMatchObject({ message: 'enough' })
  })

  it('is told when the daemon goes away, and so is everybody who listens', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    const closed = new Promise<LibvirtError>((resolve) => connection.onClosed(resolve))
    const call = rejection(connection.call(procedures.connectGetHostname, undefined))
    daemon.hangUp()
    expect(await call).toMatchObject({ kind: 'transport' })
    expect(await closed).toBeInstanceOf(LibvirtError)
    expect(await rejection(connection.call(procedures.connectGetHostname, undefined))).toMatchObject({
      kind: 'transport',
    })
  })

  it('ends the session when the daemon does not speak the protocol', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    const call = rejection(connection.call(procedures.connectGetHostname, undefined))
    daemon.stream.push(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
    expect(await call).toMatchObject({
      kind: 'transport',
      message: expect.stringContaining('does not speak'),
    })
  })
})

describe('keepalive', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
  afterEach(() => void vi.useRealTimers())

  it('answers the daemon’s pings', async () => {
    const daemon = new FakeDaemon()
    await open(daemon)
    daemon.send({ program: programs.keepalive, procedure: 1, type: messageTypes.event })
    await vi.waitFor(() =>
      expect(daemon.received.at(-1)).toMatchObject({ program: programs.keepalive, procedure: 2 }),
    )
  })

  it('gives up a daemon that stays silent through five pings', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon, { keepaliveS: 5 })
    const closed = new Promise<LibvirtError>((resolve) => connection.onClosed(resolve))
    vi.advanceTimersByTime(5000 * 7)
    expect((await closed).message).toContain('silent')
    const pings = daemon.received.filter(({ program }) => program === programs.keepalive)
    expect(pings).toHaveLength(5)
  })
})

describe('events', () => {
  it('reach the listener that registered, and none after it left', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    daemon.reply(procedures.connectDomainEventCallbackRegisterAny, () => ({ callbackID: 7 }))
    daemon.reply(procedures.connectDomainEventCallbackDeregisterAny, () => undefined)
    const heard: unknown[] = []
    const leave = await connection.on('lifecycle', ({ dom, event }) => heard.push([dom.name, event]))
    const tell = () => {
      const writer = new Writer()
      domainEvents.lifecycle.args.write(writer, { callbackID: 7, dom: domain, event: 2, detail: 0 })
      daemon.send({
        procedure: domainEvents.lifecycle.number,
        type: messageTypes.event,
        payload: Buffer.from(writer.finish()),
      })
    }
    tell()
    await vi.waitFor(() => expect(heard).toEqual([['web1', 2]]))
    await leave()
    tell()
    await connection.call(procedures.authList, undefined)
    expect(heard).toHaveLength(1)
  })
})

describe('a registration', () => {
  it('loses no event that comes in one piece with its answer', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    const { number: procedure, args } = domainEvents.lifecycle
    const payload = (callbackID: number) => {
      const writer = new Writer()
      args.write(writer, { callbackID, dom: domain, event: callbackID, detail: 0 })
      return Buffer.from(writer.finish())
    }
    daemon.on(procedures.connectDomainEventCallbackRegisterAny, (frame) => {
      daemon.answer(frame, procedures.connectDomainEventCallbackRegisterAny, { callbackID: 7 })
      for (const id of [7, 8]) daemon.send({ procedure, type: messageTypes.event, payload: payload(id) })
    })
    const heard: number[] = []
    await connection.on('lifecycle', ({ event }) => heard.push(event))
    expect(heard).toEqual([7])
  })
})

describe('listeners', () => {
  it('of one event share one registration, which ends with the last of them and can begin again', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    const asked: string[] = []
    let id = 6
    daemon.reply(procedures.connectDomainEventCallbackRegisterAny, () => {
      asked.push('register')
      id += 1
      return { callbackID: id }
    })
    daemon.reply(procedures.connectDomainEventCallbackDeregisterAny, () => {
      asked.push('deregister')
      return undefined
    })
    const heard: string[] = []
    const [first, second] = await Promise.all([
      connection.on('reboot', () => heard.push('first')),
      connection.on('reboot', () => heard.push('second')),
    ])
    const tell = async () => {
      const writer = new Writer()
      domainEvents.reboot.args.write(writer, { callbackID: id, dom: domain })
      const { number: procedure } = domainEvents.reboot
      daemon.send({ procedure, type: messageTypes.event, payload: Buffer.from(writer.finish()) })
      await connection.call(procedures.authList, undefined)
    }
    await tell()
    expect(heard).toEqual(['first', 'second'])
    await first()
    await first()
    await tell()
    expect(heard).toEqual(['first', 'second', 'second'])
    const [third] = await Promise.all([connection.on('reboot', () => heard.push('third')), second()])
    expect(asked).toEqual(['register'])
    await Promise.all([third(), connection.on('reboot', () => heard.push('fourth'))])
    expect(asked).toEqual(['register', 'deregister', 'register'])
    await tell()
    expect(heard.slice(3)).toEqual(['fourth'])
  })
})

describe('a data stream', () => {
  const args = { dom: domain, screen: 0, flags: 0 }
  const screenshot = procedures.domainScreenshot
  const piece = (frame: Frame, status: number, payload = Buffer.alloc(0)) => ({
    ...frame,
    type: messageTypes.stream,
    status,
    payload,
  })

  it('gives all bytes until the daemon’s end, also when they come with the reply', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    daemon.on(screenshot, (frame) => {
      if (frame.type === messageTypes.stream) {
        daemon.send(piece(frame, statuses.ok))
        return
      }
      const writer = new Writer()
      screenshot.reply.write(writer, { mime: 'image/png' })
      const reply = { ...frame, type: messageTypes.reply, payload: Buffer.from(writer.finish()) }
      daemon.stream.push(
        Buffer.concat(
          [
            reply,
            piece(frame, statuses.continue, Buffer.from('abc')),
            piece(frame, statuses.continue, Buffer.from('de')),
            piece(frame, statuses.continue),
          ].map(encodeFrame),
        ),
      )
    })
    const { reply, data } = await connection.stream(screenshot, args)
    const chunks: Buffer[] = []
    for await (const chunk of data) chunks.push(chunk)
    expect([reply.mime, Buffer.concat(chunks).toString()]).toEqual(['image/png', 'abcde'])
  })

  it('fails with the daemon’s error in the middle', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    daemon.on(screenshot, (frame) => {
      daemon.answer(frame, screenshot, { mime: undefined })
      daemon.send(piece(frame, statuses.continue, Buffer.from('abc')))
      daemon.fail(frame, 9, 'the disk is gone', messageTypes.stream)
    })
    const { data } = await connection.stream(screenshot, args)
    const read = async () => {
      for await (const _ of data);
    }
    expect(await rejection(read())).toMatchObject({ message: 'the disk is gone' })
  })

  it('tells the daemon when its reader leaves early', async () => {
    const daemon = new FakeDaemon()
    const connection = await open(daemon)
    daemon.on(screenshot, (frame) => {
      if (frame.type === messageTypes.stream) return
      daemon.answer(frame, screenshot, { mime: undefined })
      daemon.send(piece(frame, statuses.continue, Buffer.from('abc')))
    })
    const { data } = await connection.stream(screenshot, args)
    for await (const _ of data) break
    expect(daemon.received.at(-1)).toMatchObject({ type: messageTypes.stream, status: statuses.error })
  })
})
