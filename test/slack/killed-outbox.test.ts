/** The outbox is killed at every moment at which the disk or Slack has changed: nothing is lost, and nothing posted twice. */
import { readFileSync } from 'node:fs'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { aDirectory } from '../store/temporary-data.js'
import { ManualClock } from './fakes.js'
import { aMessage, OutboxProcess } from './outbox-process.js'
import { SlackModel, type Weather } from './slack-model.js'

/** What a kill in one moment leaves. */
interface Moment {
  disk: Buffer
  slack: SlackModel
  /** Keys that the outbox had reported as posted. */
  posted: string[]
}

const posts = [
  { key: 'card:1', channel: 'C1', worth: 'card' },
  { key: 'report:1', channel: 'C1' },
  { key: 'card:2', channel: 'C2', worth: 'card' },
  { key: 'direct:1', channel: 'U1' },
  { key: 'read:1', channel: 'C1', atOnce: true },
  { key: 'report:2', channel: 'C1' },
] as const
/** Those that whoever gave them gives again after a crash. */
const lasting = posts.filter((post) => !('atOnce' in post))

/** States of the first card, in their order. */
const states = ['card:1', 'planning', 'running', 'still running', 'done']

afterEach(() => vi.restoreAllMocks())

/** One life of an outbox, and every moment of it. */
async function lived(forecast: Weather[]): Promise<Moment[]> {
  const directory = await aDirectory()
  const path = join(directory, 'outbox.jsonl')
  const slack = new SlackModel()
  const process = await OutboxProcess.start(directory, slack, new ManualClock())
  const moments: Moment[] = []
  const posted: string[] = []
  const look = () => {
    const moment = { disk: readFileSync(path), slack: new SlackModel(slack), posted: [...posted] }
    const before = moments.at(-1)
    const isNew =
      before === undefined ||
      !before.disk.equals(moment.disk) ||
      JSON.stringify([...before.slack.channels]) !== JSON.stringify([...slack.channels]) ||
      before.posted.length !== posted.length
    if (isNew) moments.push(moment)
  }
  await watchDisk(path, look)
  slack.onEffect = look
  slack.forecast = forecast
  const { outbox } = process
  const given = posts.map(async (post) => {
    const at = await outbox.post({ ...post, message: aMessage(post.key) })
    posted.push(post.key)
    look()
    return at
  })
  const [card] = await Promise.all([given[0], process.quiet()])
  if (card === undefined) throw new Error('the first card was not posted')
  const shown = [outbox.update(card, aMessage('planning')), outbox.update(card, aMessage('running'))]
  await process.quiet()
  shown.push(outbox.update(card, aMessage('still running')))
  shown.push(outbox.update(card, aMessage('done'), { final: true }))
  void outbox.say({ user: 'U1', channel: 'C9', responseUrl: undefined }, aMessage('no'), 'answer:1')
  await process.quiet()
  await Promise.all([...given, ...shown])
  look()
  vi.restoreAllMocks()
  await outbox.stop()
  return moments
}

/** Calls back around every write of a file handle. */
async function watchDisk(path: string, look: () => void): Promise<void> {
  const handle = await open(path, 'r')
  const prototype = Object.getPrototypeOf(handle) as {
    appendFile(text: string): Promise<void>
    datasync(): Promise<void>
  }
  await handle.close()
  for (const method of ['appendFile', 'datasync'] as const) {
    const real = prototype[method]
    vi.spyOn(prototype, method).mockImplementation(async function (this: unknown, ...args: unknown[]) {
      look()
      await Reflect.apply(real, this, args)
      look()
    })
  }
}

/** The moments, and between them those in which a write was half done. */
function withTornWrites(moments: Moment[]): Moment[] {
  return moments.flatMap((moment, index) => {
    const next = moments[index + 1]
    if (next === undefined || next.disk.length <= moment.disk.length) return [moment]
    if (!next.disk.subarray(0, moment.disk.length).equals(moment.disk)) return [moment]
    const middle = Math.floor((moment.disk.length + next.disk.length) / 2)
    const torn = [moment.disk.length + 1, middle, next.disk.length - 1]
    return [moment, ...torn.map((length) => ({ ...moment, disk: next.disk.subarray(0, length) }))]
  })
}

/** Keys of whole lines that are promised and not done. */
function promisedOn(disk: Buffer): string[] {
  const open = new Set<string>()
  for (const line of disk.toString().split('\n').slice(0, -1)) {
    const { key, done } = JSON.parse(line) as { key: string; done?: string }
    if (done === undefined) open.add(key)
    else open.delete(key)
  }
  return [...open]
}

/** A new process over what is left. */
async function revived(moment: Moment) {
  const directory = await aDirectory()
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'outbox.jsonl'), moment.disk)
  const slack = new SlackModel(moment.slack)
  return { slack, process: await OutboxProcess.start(directory, slack, new ManualClock()) }
}

const weathers: [string, Weather[]][] = [
  ['nothing goes wrong', []],
  ['answers are lost', ['drop', 'fine', 'drop', 'fine', 'fine', 'fine', 'drop', 'fine', 'drop', 'drop']],
  ['Slack limits, fails, and is away', ['limit', 'fail', 'late-fail', 'fine', 'refuse', 'limit', 'drop']],
]

describe.each(weathers)('when %s, an outbox that is killed at any moment', (_, forecast) => {
  it('sends at the next start what was on disk, each once and in order', async () => {
    const moments = withTornWrites(await lived([...forecast]))
    expect(moments.length).toBeGreaterThan(50)
    for (const moment of moments) {
      const { slack, process } = await revived(moment)
      await process.quiet()
      const { keys } = slack
      expect(new Set(keys).size).toBe(keys.length)
      const promised = promisedOn(moment.disk)
      const wanted = posts.map(({ key }) => key).filter((key) => promised.includes(key))
      expect(keys).toEqual(expect.arrayContaining([...wanted, ...moment.posted]))
      const inOrder = posts.filter(({ channel }) => channel === 'C1').map(({ key }) => key)
      const seen = slack.messages('C1').map(({ key }) => key)
      expect(seen).toEqual(inOrder.filter((key) => seen.includes(key as (typeof seen)[number])))
      if (promised.includes('answer:1')) expect(slack.whispers).toContain('no')
      await process.outbox.stop()
    }
  })

  it('never shows an older state of a message than was shown or kept', async () => {
    for (const moment of withTornWrites(await lived([...forecast]))) {
      const { slack, process } = await revived(moment)
      await process.quiet()
      const [card] = slack.messages('C1').filter(({ key }) => key === 'card:1')
      const turns = card?.history.map((text) => states.indexOf(text)) ?? []
      expect(turns).toEqual([...turns].sort((a, b) => a - b))
      await process.outbox.stop()
    }
  })

  it('has everything once when whoever gave it gives it again', async () => {
    for (const moment of withTornWrites(await lived([...forecast]))) {
      const { slack, process } = await revived(moment)
      const { outbox } = process
      const given = lasting
        .filter(({ key }) => !moment.posted.includes(key))
        .map((post) => outbox.post({ ...post, message: aMessage(post.key) }))
      const placed = Promise.all(given)
      await process.quiet()
      await placed
      const keys = slack.keys.filter((key) => key !== 'read:1')
      expect(keys.sort()).toEqual(lasting.map(({ key }) => key).sort())
      expect(slack.keys.filter((key) => key === 'read:1').length).toBeLessThan(2)
      const [card] = slack.messages('C1')
      if (card === undefined) throw new Error('there is no card')
      const shown = outbox.update({ channel: 'C1', ts: card.ts }, aMessage('done'), { final: true })
      await process.quiet()
      await expect(shown).resolves.toBe('shown')
      expect(slack.messages('C1')[0]?.text).toBe('done')
      await outbox.stop()
    }
  })
})
