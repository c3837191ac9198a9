/** The inventory over sessions of the real protocol, with a daemon that does what a test tells it. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { HostEvents } from '../../src/agents/host-events.js'
import { HostLink } from '../../src/agents/host-link.js'
import { HostInventory } from '../../src/agents/inventory.js'
import { inventorySession } from '../../src/agents/inventory-session.js'
import type { HostTransport } from '../../src/agents/transport.js'
import { VolumeQuestions } from '../../src/agents/volume-questions.js'
import { messageTypes } from '../../src/libvirt/frames.js'
import type { Connection } from '../../src/libvirt/index.js'
import { domainEvents, procedures } from '../../src/libvirt/procedures/index.js'
import { Reader, Writer } from '../../src/libvirt/xdr.js'
import { createLog } from '../../src/log.js'
import { FakeDaemon } from '../libvirt/fake-daemon.js'

const log = createLog({ level: 'silent' })
const uuid = (n: number): string => `00000000-0000-0000-0000-${n.toString(16).padStart(12, '0')}`

/** One host, whatever session asks: its VMs by uuid, with the number of their state. */
class FakeHost {
  readonly vms = new Map<string, { name: string; state: number }>()
  daemons: FakeDaemon[] = []
  opened = 0
  /** Lists are kept back while true. */
  holdLists = false
  readonly #held: (() => void)[] = []

  transport: HostTransport = {
    connect: async () => {},
    openSocket: async () => this.#session().stream,
    exec: () => Promise.reject(new Error('not here')),
    close: async () => {},
  } as unknown as HostTransport

  /** Tells every session that something happened to it. */
  tell(id: string): void {
    const writer = new Writer()
    const { args, number } = domainEvents.lifecycle
    args.write(writer, { callbackID: 0, dom: { name: '', uuid: id, id: -1 }, event: 0, detail: 0 })
    const payload = writer.finish()
    for (const daemon of this.daemons) daemon.send({ procedure: number, type: messageTypes.event, payload })
  }

  answerLists(): void {
    this.holdLists = false
    for (const answer of this.#held.splice(0)) answer()
  }

  cut(): void {
    for (const daemon of this.daemons.splice(0)) daemon.hangUp()
  }

  #session(): FakeDaemon {
    this.opened += 1
    const daemon = new FakeDaemon()
    this.daemons.push(daemon)
    let callbackID = 0
    // The first event asked for is the lifecycle of domains.
    daemon.reply(procedures.connectDomainEventCallbackRegisterAny, ({ eventID }) => ({
      callbackID: eventID === 0 ? 0 : ++callbackID,
    }))
    daemon.reply(procedures.connectStoragePoolEventRegisterAny, () => ({ callbackID: ++callbackID }))
    daemon.reply(procedures.connectNetworkEventRegisterAny, () => ({ callbackID: ++callbackID }))
    daemon.reply(procedures.connectGetLibVersion, () => ({ libVer: 9_000_000 }))
    daemon.reply(procedures.domainGetState, ({ dom }) => ({
      state: this.vms.get(dom.uuid)?.state ?? 0,
      reason: 1,
    }))
    daemon.on(procedures.domainGetMetadata, (frame) =>
      daemon.fail(frame, 80, 'Requested metadata not present'),
    )
    daemon.on(procedures.domainLookupByUuid, (frame) => {
      const asked = procedures.domainLookupByUuid.args.read(new Reader(frame.payload))
      const vm = this.vms.get(asked.uuid)
      if (vm === undefined) daemon.fail(frame, 42, 'Domain not found')
      else
        daemon.answer(frame, procedures.domainLookupByUuid, {
          dom: { name: vm.name, uuid: asked.uuid, id: -1 },
        })
    })
    daemon.on(procedures.connectGetAllDomainStats, (frame) => {
      const retStats = [...this.vms].map(([id, { name, state }]) => ({
        dom: { name, uuid: id, id: -1 },
        params: [
          { field: 'state.state', value: state, type: 'int' as const },
          { field: 'state.reason', value: 1, type: 'int' as const },
        ],
      }))
      const answer = (): void => daemon.answer(frame, procedures.connectGetAllDomainStats, { retStats })
      if (this.holdLists) this.#held.push(answer)
      else answer()
    })
    return daemon
  }
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

function follow(host: FakeHost) {
  const events = new HostEvents()
  const link: HostLink = new HostLink({
    settings: { name: 'kvm1', libvirt: { uri: 'qemu:///system', socket: '/fake' } },
    transport: host.transport,
    log,
    backoff: { firstMs: 5, maxMs: 10 },
    onQuickOpen: async (connection) => {
      await events.subscribe(connection)
      inventory.opened()
    },
  })
  const inventory = new HostInventory({ host: 'kvm1', session: inventorySession(link), failed: () => {} })
  events.onAny((event) => inventory.heardOf(event))
  closing.push(async () => {
    inventory.close()
    host.answerLists()
    await link.close()
  })
  return { events, link, inventory }
}

describe('an inventory over libvirt sessions', () => {
  it('takes in what happens while it is listed', async () => {
    const host = new FakeHost()
    host.vms.set(uuid(1), { name: 'stays', state: 1 }).set(uuid(2), { name: 'goes', state: 1 })
    host.holdLists = true
    const { inventory } = follow(host)
    const reading = inventory.vms()
    await vi.waitFor(() =>
      expect(host.daemons[0]?.received.some(({ procedure }) => procedure === 344)).toBe(true),
    )
    host.vms.set(uuid(1), { name: 'stays', state: 5 }).set(uuid(3), { name: 'comes', state: 1 })
    host.vms.delete(uuid(2))
    for (const id of [1, 2, 3]) host.tell(uuid(id))
    host.answerLists()
    await reading
    expect((await inventory.vms()).map(({ name, state }) => `${name} ${state}`)).toEqual([
      'comes running',
      'stays shut off',
    ])
  })

  it('opens again by itself and lists again, with no question from anybody', async () => {
    const host = new FakeHost()
    host.vms.set(uuid(1), { name: 'before', state: 1 })
    const { inventory } = follow(host)
    await inventory.vms()
    host.vms.clear()
    host.vms.set(uuid(2), { name: 'after', state: 5 })
    host.cut()
    await vi.waitFor(() => expect(host.opened).toBe(2))
    await vi.waitFor(() =>
      expect(host.daemons[0]?.received.some(({ procedure }) => procedure === 344)).toBe(true),
    )
    expect((await inventory.vms()).map(({ name }) => name)).toEqual(['after'])
  })

  it('takes events twice, and about VMs that nobody knows, for what they are', async () => {
    const host = new FakeHost()
    host.vms.set(uuid(1), { name: 'web1', state: 1 })
    const { inventory } = follow(host)
    await inventory.vms()
    host.vms.set(uuid(1), { name: 'web1', state: 3 })
    for (let times = 0; times < 10; times++) for (const id of [1, 7]) host.tell(uuid(id))
    expect(await inventory.vms()).toMatchObject([{ name: 'web1', state: 'paused' }])
  })

  it('leaves nobody listening over a thousand sessions', async () => {
    const host = new FakeHost()
    for (let n = 0; n < 20; n++) host.vms.set(uuid(n), { name: `vm-${n}`, state: 1 })
    const { inventory, events } = follow(host)
    await inventory.vms()
    const before = events.listeners
    const stop = events.of(uuid(1), () => {})
    for (let n = 0; n < 1000; n++) {
      const opened = host.opened
      host.cut()
      await vi.waitFor(
        async () => {
          expect(await inventory.vms()).toHaveLength(20)
          expect(host.opened).toBeGreaterThan(opened)
        },
        { interval: 1 },
      )
    }
    stop()
    expect(events.listeners).toBe(before)
    expect(host.daemons).toHaveLength(1)
  })

  it('wakes whoever waits for a VM with its events only', async () => {
    const host = new FakeHost()
    const { inventory, events } = follow(host)
    await inventory.vms()
    const heard: string[] = []
    const stop = events.of(uuid(1), (event) => heard.push(event))
    host.tell(uuid(2))
    host.tell(uuid(1))
    await vi.waitFor(() => expect(heard).toEqual(['lifecycle']))
    stop()
    host.tell(uuid(1))
    await inventory.vms()
    expect(heard).toEqual(['lifecycle'])
  })
})

describe('questions about volumes', () => {
  it('wait a short while, pile up behind no pool that hangs, and are asked again when it lives', async () => {
    const answers: (() => void)[] = []
    let asked = 0
    const session = {
      call: () => {
        asked += 1
        return new Promise((_, reject) => {
          answers.push(() => reject(new Error('over')))
        })
      },
    } as unknown as Connection
    const questions = new VolumeQuestions(async () => session, { answerWithinMs: 5 })
    for (let times = 0; times < 10; times++) await expect(questions.at('/pool/disk')).resolves.toBeUndefined()
    expect(asked).toBe(2)
    for (const answer of answers.splice(0)) answer()
    await vi.waitFor(async () => {
      await questions.at('/pool/disk')
      expect(asked).toBeGreaterThan(2)
    })
    for (const answer of answers.splice(0)) answer()
  })
})
