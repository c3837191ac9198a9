/** Whatever is given in whatever order, whatever Slack does, and whenever the process is killed. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Place } from '../../src/slack/outbox/index.js'
import { aDirectory } from '../store/temporary-data.js'
import { ManualClock, settle } from './fakes.js'
import { aMessage, OutboxProcess } from './outbox-process.js'
import { SlackModel, type Weather } from './slack-model.js'

/** A message as its giver knows it: what was not reported done is given again after a crash. */
interface Given {
  key: string
  channel: string
  place?: Place
  /** The latest state; 0 is what was posted. */
  state: number
  isShown: boolean
}

class Giver {
  readonly slack = new SlackModel()
  readonly clock = new ManualClock()
  readonly given: Given[] = []
  #root = ''
  #lives = 0
  #process: OutboxProcess | undefined

  async begin(disk?: Buffer): Promise<void> {
    if (this.#root === '') this.#root = await aDirectory()
    const directory = join(this.#root, String(this.#lives++))
    await mkdir(directory)
    if (disk !== undefined) await writeFile(join(directory, 'outbox.jsonl'), disk)
    this.#process = await OutboxProcess.start(directory, this.slack, this.clock)
    for (const each of this.given) {
      if (each.place === undefined) this.#post(each)
      else if (!each.isShown) this.#show(each, each.place)
    }
  }

  get process(): OutboxProcess {
    if (this.#process === undefined) throw new Error('it was not begun')
    return this.#process
  }

  give(channel: string): void {
    const each: Given = { key: `k${this.given.length}`, channel, state: 0, isShown: true }
    this.given.push(each)
    this.#post(each)
  }

  change(n: number, final: boolean): void {
    const placed = this.given.filter(({ place }) => place !== undefined)
    const each = placed[n % Math.max(1, placed.length)]
    if (each?.place === undefined) return
    each.state += 1
    this.#show(each, each.place, final)
  }

  async kill(): Promise<void> {
    this.process.kill()
    this.#lives += 1
    const disk = await this.process.journal()
    await this.begin(disk)
  }

  #post(each: Given): void {
    const life = this.#lives
    const { key, channel } = each
    const words = `${key} 0`
    void this.process.outbox.post({ key, channel, message: aMessage(words), worth: 'card' }).then((place) => {
      if (life === this.#lives) each.place = place
    })
  }

  #show(each: Given, place: Place, final = false): void {
    const life = this.#lives
    const { state } = each
    each.isShown = false
    void this.process.outbox.update(place, aMessage(`${each.key} ${state}`), { final }).then(() => {
      if (life === this.#lives && state === each.state) each.isShown = true
    })
  }
}

const weather = fc.constantFrom<Weather>('fine', 'drop', 'refuse', 'limit', 'fail', 'late-fail')
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ give: fc.constantFrom('C1', 'C2', 'U1') }) },
  { weight: 6, arbitrary: fc.record({ change: fc.nat({ max: 9 }), final: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ forecast: fc.array(weather, { maxLength: 6 }) }) },
  { weight: 5, arbitrary: fc.record({ passMs: fc.nat({ max: 20_000 }) }) },
  { weight: 2, arbitrary: fc.constant({ kill: true as const }) },
)

describe('an outbox', () => {
  it('has each post once and in order, and each message in its last state, after anything', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const giver = new Giver()
        await giver.begin()
        for (const each of steps) {
          if ('give' in each) giver.give(each.give)
          else if ('change' in each) giver.change(each.change, each.final)
          else if ('forecast' in each) giver.slack.forecast.push(...each.forecast)
          else if ('passMs' in each) await giver.clock.pass(each.passMs)
          else await giver.kill()
        }
        await giver.process.quiet()
        await settle()
        const { slack, given } = giver
        for (const channel of ['C1', 'C2', 'U1']) {
          const wanted = given.filter((each) => each.channel === channel)
          const seen = slack.messages(channel.replace('U', 'D'))
          expect(seen.map(({ key }) => key)).toEqual(wanted.map(({ key }) => key))
          expect(seen.map(({ text }) => text)).toEqual(wanted.map(({ key, state }) => `${key} ${state}`))
        }
        for (const { history } of [...slack.channels.values()].flat()) {
          const states = history.map((text) => Number(text.split(' ')[1]))
          expect(states).toEqual([...states].sort((a, b) => a - b))
        }
        await giver.process.outbox.stop()
      }),
      { numRuns: 150 },
    )
  })
})
