/**
 * A libvirtd that was taken over: it speaks the protocol and says anything. Whatever an agent is asked then is answered or
 * refused in words for people, and nothing ends the bot.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HostAgent } from '../../src/agents/host-agent.js'
import type { HostTransport } from '../../src/agents/transport.js'
import { UserError } from '../../src/errors.js'
import { messages } from '../../src/libvirt/event-registration.js'
import { messageTypes, statuses } from '../../src/libvirt/frames.js'
import type { Procedure } from '../../src/libvirt/procedure.js'
import { procedures } from '../../src/libvirt/procedures/index.js'
import { Reader, Writer } from '../../src/libvirt/xdr.js'
import { createLog } from '../../src/log.js'
import { FakeDaemon } from '../libvirt/fake-daemon.js'
import { hostileText } from './hostile-text.js'

const uuid = '6f1b0b3e-0000-4000-8000-000000000001'
const vm = { name: 'web1', host: 'kvm1', uuid }

/** What XML may say where somebody wrote it. */
const documents = [
  `<domain type='kvm'><name>web1</name><uuid>${uuid}</uuid><memory unit='Parsec'>NaN</memory><vcpu current='-1'>x</vcpu><devices><disk><source pool='p' volume='../../x'/></disk><disk device='disk'><source file='/etc/shadow'/><target/></disk><interface><mac address='&lt;!channel&gt;'/></interface><channel><target name='org.qemu.guest_agent.0' state='connected'/></channel></devices><metadata><info xmlns='kvirt'><creationdate>99-99-2026 99:99</creationdate><image>../..</image></info></metadata></domain>`,
  '<domain/>',
  '<domainsnapshot><name>a</name><creationTime>soon</creationTime><parent><name>a</name></parent></domainsnapshot>',
  '<domainsnapshot><creationTime>99999999999999999999</creationTime><state/></domainsnapshot>',
  "<pool type='x'><name/><target><path>relative</path></target></pool>",
  '<network><name>n</name><ip address="999.1.2" prefix="99"/><ip address="::" netmask="x"/></network>',
  "<volume><name>web1_0.img</name><capacity unit='bytes'>1e999</capacity><allocation>-5</allocation><target><path>/x</path></target></volume>",
  `<vm xmlns='https://qnav.dev/xmlns/vm/1'><owner>&lt;@U0&gt;</owner><requester/><createdAt>never</createdAt></vm>`,
  `<capabilities><host><cpu/></host></capabilities>`,
  '<not xml',
]

type Random = (below: number) => number

/** mulberry32: quick, and the same numbers for the same seed. */
function randomOf(state: number): Random {
  let a = state
  return (below) => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/** A value that the codec can write, with evil text in its strings. */
function replyOf(
  procedure: Procedure<unknown, unknown>,
  codec: 'reply' | 'args',
  random: Random,
  texts: readonly string[],
): Buffer | undefined {
  for (let attempt = 0; attempt < 30; attempt += 1) {
    const bytes = Buffer.alloc(4 * 128)
    for (let word = 0; word < 128; word += 1) bytes.writeUInt32BE(random(4), word * 4)
    try {
      const writer = new Writer()
      procedure[codec].write(writer, spoiled(procedure[codec].read(new Reader(bytes)), random, texts))
      return Buffer.from(writer.finish())
    } catch {
      // Not a value of it; another one is tried.
    }
  }
  return undefined
}

function spoiled(value: unknown, random: Random, texts: readonly string[], key = ''): unknown {
  if (typeof value === 'string') {
    if (key === 'uuid') return random(3) === 0 ? '6f1b0b3e-0000-4000-8000-00000000000f' : uuid
    if (key === 'name' && random(3) > 0) return 'web1'
    return random(2) === 0 ? documents[random(documents.length)] : texts[random(texts.length)]
  }
  if (typeof value === 'number' && random(6) === 0) return [0, 1, -1, 0x7fffffff, 5][random(5)]
  if (Array.isArray(value)) return value.map((each) => spoiled(each, random, texts))
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, spoiled(each, random, texts, name)]),
  )
}

/** What it does with a call: mostly it answers. */
function aDaemon(random: Random, texts: readonly string[]): FakeDaemon {
  const daemon = new FakeDaemon()
  // Nothing would be asked of one that lets nobody in.
  const isFixed = (name: string) => /^auth|^connect_open$|^connect_supports_feature$/.test(name)
  const isOpening = (name: string) => /register_any$|^connect_get_lib_version$/.test(name)
  for (const procedure of Object.values(procedures) as Procedure<unknown, unknown>[]) {
    if (isFixed(procedure.name)) continue
    daemon.on(procedure, (frame) => {
      const answer = (payload: Buffer) =>
        daemon.send({
          procedure: frame.procedure,
          serial: frame.serial,
          type: messageTypes.reply,
          status: statuses.ok,
          payload,
        })
      const choice = isOpening(procedure.name) ? 199 : random(200)
      const all = Object.values(messages) as Procedure<unknown, unknown>[]
      const event = all[random(all.length)]
      if (choice < 30 && event !== undefined) {
        const payload = replyOf(event, 'args', random, texts)
        if (payload !== undefined)
          daemon.send({ program: event.program, procedure: event.number, type: messageTypes.event, payload })
      }
      if (choice === 0) daemon.hangUp()
      else if (choice === 1) answer(Buffer.from(Array.from({ length: random(64) }, () => random(256))))
      else if (choice < 12) daemon.fail(frame, random(110), texts[random(texts.length)] ?? '')
      else if (choice < 20) daemon.fail(frame, 42, 'no such thing')
      else {
        const payload = replyOf(procedure, 'reply', random, texts)
        if (payload === undefined) daemon.fail(frame, 1, 'nothing comes to mind')
        else answer(payload)
      }
    })
  }
  return daemon
}

const printed = (random: Random, texts: readonly string[]) => {
  const facts =
    '[uname]\nh\nx86_64\n6\n[meminfo]\nMemTotal: 99999999999999999999 kB\nMemAvailable: 1 kB\n[cpumodel]\nmodel name : <!channel>\n[cpus]\n4\n[virtualization]\n[kvm]\n666 a b\n[root]\n/ 1 1 1 1% /\n[end]\n'
  return (
    [
      facts,
      'path /usr/bin/kcli\nversion \u001b[31m<!here>\n',
      'missing\n',
      'ended exited 0\n!!!!',
      texts[random(texts.length)] ?? '',
      '\0'.repeat(100_000),
    ][random(6)] ?? ''
  )
}

describe('an agent whose libvirtd says anything', () => {
  it('answers, or refuses in words for people', async () => {
    const odd = new Map<string, unknown>()
    let answers = 0
    let refusals = 0
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(hostileText, { minLength: 5, maxLength: 8 }),
        async (seed, texts) => {
          const random = randomOf(seed)
          const transport = {
            kind: 'ssh',
            connect: async () => {},
            openSocket: async () => aDaemon(random, texts).stream,
            exec: async () => ({
              exitCode: [0, 0, 0, 1, 127, null][random(6)] ?? null,
              stdout: printed(random, texts),
              stderr: texts[0] ?? '',
              truncated: false,
            }),
            close: async () => {},
          } as unknown as HostTransport
          const agent = new HostAgent({
            settings: {
              name: 'kvm1',
              labels: {},
              connection: { transport: 'local' },
              libvirt: { uri: 'qemu:///system' },
              kcli: { sudo: false },
              virtType: 'auto',
              pool: 'default',
              network: 'default',
            },
            transport,
            log: createLog({ level: 'silent' }),
          })
          const verbs: Record<string, () => Promise<unknown>> = {
            summary: () => agent.summary(),
            detail: () => agent.detail(),
            check: () => agent.check(),
            capacity: () => agent.capacity(),
            vms: () => agent.vms(),
            holdings: () => agent.holdings(),
            find: () => agent.find('web1'),
            detailOf: () => agent.detailOf(vm),
            ownershipOf: () => agent.ownershipOf(vm),
            addressesOf: () => agent.addressesOf(vm),
            images: () => agent.images(),
            profiles: () => agent.profiles(),
            pools: () => agent.pools(),
            networks: () => agent.networks(),
            orphansOf: () => agent.orphansOf('web1'),
            impactOf: () => agent.impactOf(vm, { storage: true }),
            deletionOf: () => agent.deletionOf(vm),
            snapshots: () => agent.snapshots(vm),
            deleteSnapshot: () => agent.deleteSnapshot(vm, 'a'),
            powerOff: () => agent.powerOff(vm),
          }
          const all = Object.entries(verbs)
          // A session that is ended because of one question answers no other.
          const some = [0, 1, 2].flatMap(() => all.splice(random(all.length), 1))
          // What has not come to an end by then waits for a deadline of its own, which is what it should do.
          const soon = new Promise<'later'>((resolve) => setTimeout(resolve, 400, 'later'))
          await Promise.all(
            some.map(async ([name, ask]) => {
              try {
                if ((await Promise.race([ask(), soon])) !== 'later') answers += 1
              } catch (error) {
                refusals += 1
                if (!(error instanceof UserError)) odd.set(`${name}: ${String(error).slice(0, 100)}`, error)
              }
            }),
          )
          await agent.close()
        },
      ),
      { numRuns: 1500 },
    )
    for (const error of odd.values()) process.stderr.write(`${(error as Error).stack}\n`)
    expect([...odd.keys()]).toEqual([])
    expect(answers).toBeGreaterThan(100)
    expect(refusals).toBeGreaterThan(50)
  }, 120_000)
})
