/** Command lines from Slack, handed on and answered: reports in the channel, mistakes to the person alone. */
import { randomBytes } from 'node:crypto'
import { UserError } from '../errors.js'
import type { Clock, Job, Jobs, Person } from '../jobs/index.js'
import type { Logger } from '../log.js'
import type { PreferenceBook } from '../preferences/index.js'
import { type Picture, type Report, reportIn } from '../report/index.js'
import type { Answer, Requests } from '../request/index.js'
import type { JobCards } from './cards/index.js'
import { isOwnEffect } from './intake-journal.js'
import type { Names } from './names.js'
import { type Outbox, type Place, PostFailed } from './outbox/index.js'
import type { Pictures } from './pictures.js'
import {
  context,
  formButton,
  inviteLine,
  isDirect,
  jobLine,
  type Message,
  mistake,
  noPicture,
  reportMessage,
  sections,
  somethingWentWrong,
  stillAtIt,
  tooLate,
  whatHappened,
  withTextCharts,
} from './views/index.js'
import type { Whisper } from './whisper.js'

/** A command line somebody typed or clicked. */
export interface Line {
  text: string
  person: Person
  channel: string
  /** The thread that was asked in, by the timestamp of its first message: the answer goes there. */
  thread?: string | undefined
  responseUrl: string | undefined
  /** Tells this delivery from every other. */
  delivery: string | undefined
  /** The answer is for them alone, e.g. because the card shows the outcome to everybody. */
  isPrivate: boolean
  /** The job that the line is about, when it came from that job's card. */
  job?: string | undefined
  /** The id of a modal that shows the answer, because it was asked where there is no channel. */
  modal?: string | undefined
  /** It was filled in: what is wrong with it is mended in the form. */
  isForm?: true
  /** It is on disk until it is answered; so are its answers until they were given, each once. */
  isKept?: true
  /** It was taken in before a crash and may have had its effect already. */
  isAgain?: true
}

export interface AnsweringParts {
  requests: Requests
  jobs: Pick<Jobs, 'get'>
  cards: Pick<JobCards, 'placeOf' | 'refresh'>
  outbox: Pick<Outbox, 'post'>
  whisper: Whisper
  names: Pick<Names, 'learn' | 'in'>
  pictures: Pick<Pictures, 'showIn' | 'showTo'>
  preferences: Pick<PreferenceBook, 'of'>
  /** Shows a message in a modal; `false` when it is not there any more. */
  showIn(modal: string, title: string, message: Message): Promise<boolean>
  log: Logger
  clock: Clock
  newReference?: () => string
}

/** A response_url takes 5 answers; one is for “still asking”, one is kept. */
const whispersForLongOutput = 3

/** A host that does not answer is waited for up to 15 s: nobody is left without a word for that long. */
const patienceMs = 2500

/** Words that concern nobody else. */
const privateCommand = /^\s*(?:$|help\b|whoami\b)|(?:^|\s)--help\b/i

export class Answering {
  readonly #parts: AnsweringParts
  readonly #newReference: () => string
  #count = 0

  constructor(parts: AnsweringParts) {
    this.#parts = parts
    this.#newReference = parts.newReference ?? (() => randomBytes(3).toString('hex'))
  }

  /** Never rejects: whatever happens, the person is told. */
  async answer(line: Line): Promise<void> {
    try {
      this.#parts.names.learn(line.person)
      const answer = await this.#handle(line)
      if (answer.kind === 'job') await this.#tellOfJob(answer.job, line)
      else await this.#giveReport(this.#parts.names.in(answer.report), line)
    } catch (error) {
      if (line.isAgain && isOwnEffect(error)) return
      await this.#explain(error, line)
    }
  }

  /** It was taken in and the bot stopped, too long ago to do it now without being asked again. */
  async tellOfLateLine(line: Line, at: string): Promise<void> {
    await this.#whisper(line, tooLate(line.text.trim(), at), 'late')
  }

  /** The modal or form could not be shown, or anything else went wrong that is not an answer. */
  async explain(error: unknown, line: Line): Promise<void> {
    await this.#explain(error, line)
  }

  async #handle(line: Line): Promise<Answer> {
    let said: Promise<unknown> | undefined
    const forget = this.#parts.clock.after(patienceMs, () => {
      said = this.#whisper(line, stillAtIt(line.text.trim()))
    })
    try {
      return await this.#parts.requests.handle({
        text: line.text,
        person: line.person,
        origin: {
          surface: 'slack',
          channel: line.channel,
          ...(line.thread === undefined ? {} : { thread: line.thread }),
        },
        ...(line.delivery === undefined ? {} : { idempotencyKey: `slack:${line.delivery}` }),
      })
    } finally {
      forget()
      // In this order, and not the other.
      await said
    }
  }

  async #giveReport({ picture, ...said }: Report, line: Line): Promise<void> {
    const isForOne = line.modal !== undefined || line.isPrivate || privateCommand.test(line.text)
    const { timeZone } = this.#parts.preferences.of(line.person.id)
    const report =
      timeZone !== undefined && (isForOne || isDirect(line.channel)) ? reportIn(timeZone, said) : said
    const asked = { by: line.person, line: line.text.trim() }
    if (line.modal !== undefined) {
      const { text, blocks, thread } = reportMessage(report)
      // Modals have no charts.
      const all = withTextCharts([...blocks, ...thread.flatMap((message) => message.blocks)])
      const there =
        picture === undefined ? [] : context(['The picture is in our direct message, under Messages.'])
      if (await this.#parts.showIn(line.modal, line.text, { text, blocks: [...all, ...there] })) {
        return this.#showPicture(picture, line)
      }
    }
    if (isForOne) {
      const { text, blocks, thread } = reportMessage(report)
      await this.#whisper(line, { text, blocks }, 'report')
      await this.#whisperAll(line, thread)
      return this.#showPicture(picture, line)
    }
    const { text, blocks, thread } = reportMessage(report, asked)
    const delivery = line.delivery ?? this.#newReference()
    const key = line.isKept ? `report:${delivery}` : `report:${delivery}:${this.#count++}`
    // What was only read can be asked for again.
    const atOnce = line.isKept !== true
    try {
      const asking = line.thread === undefined ? {} : { thread: line.thread }
      const at = await this.#parts.outbox.post({
        key,
        channel: line.channel,
        message: { text, blocks },
        atOnce,
        ...asking,
      })
      for (const [index, message] of thread.entries()) {
        const there = { channel: at.channel, thread: line.thread ?? at.ts }
        await this.#parts.outbox.post({ key: `${key}:${index}`, ...there, message, worth: 'detail', atOnce })
      }
      await this.#showPicture(picture, line, { channel: at.channel, ts: line.thread ?? at.ts })
    } catch (error) {
      if (!(error instanceof PostFailed)) throw error
      const here = { text, blocks: [...blocks, ...context([inviteLine(error.why)])] }
      await this.#whisper(line, here, 'report')
      await this.#whisperAll(line, thread)
      await this.#showPicture(picture, line)
    }
  }

  /** In the thread of the answer; in a direct message where the answer has none. */
  async #showPicture(picture: Picture | undefined, line: Line, answer?: Place): Promise<void> {
    if (picture === undefined) return
    const { pictures } = this.#parts
    const why = await (answer === undefined
      ? pictures.showTo(line.person.id, picture)
      : pictures.showIn(answer, picture))
    if (why !== undefined) await this.#whisper(line, noPicture(why))
  }

  /** The card itself is posted by the keeper of cards; only when it is elsewhere there is something to say. */
  async #tellOfJob(job: Job, line: Line): Promise<void> {
    const place = await this.#parts.cards.placeOf(job)
    const { text, blocks } = jobLine(job)
    if (place.kind === 'channel') {
      if (line.modal === undefined) return
      const there = context(['Its card is in our direct message, under Messages.'])
      await this.#parts.showIn(line.modal, line.text, { text, blocks: [...blocks, ...there] })
      return
    }
    const where = place.kind === 'direct' ? ['Its card is in our direct message.'] : []
    const here = { text, blocks: [...blocks, ...sections(where), ...context([inviteLine(place.why)])] }
    await this.#whisper(line, here, 'card')
  }

  async #explain(error: unknown, line: Line): Promise<void> {
    if (error instanceof UserError && error.code !== 'internal') {
      const since = this.#since(line)
      const { text, blocks } = mistake(error, since)
      const form = line.isForm ? formButton(line.text, 'Change it') : []
      await this.#whisper(line, { text, blocks: [...blocks, ...form] }, 'mistake')
      return
    }
    const reference = this.#newReference()
    this.#parts.log.error({ err: error, reference, person: line.person.id }, 'a request failed unexpectedly')
    await this.#whisper(line, somethingWentWrong(reference), 'trouble')
  }

  /** For a click on an old card: what became of the job; and the card is made true again. */
  #since({ job: id }: Line): string[] {
    if (id === undefined) return []
    try {
      const job = this.#parts.jobs.get(id)
      if (job.state === 'awaiting-approval') return []
      this.#parts.cards.refresh(job)
      return whatHappened(job)
    } catch {
      // The mistake itself says that there is no such job.
      return []
    }
  }

  async #whisperAll(line: Line, messages: readonly Message[]): Promise<void> {
    for (const [index, message] of messages.slice(0, whispersForLongOutput).entries()) {
      await this.#whisper(line, message, `report:${index}`)
    }
    const left = messages.length - whispersForLongOutput
    if (left > 0)
      this.#parts.log.info({ left }, 'long output was cut for somebody outside of a channel of the bot')
  }

  /** `part`: what of the answer it is; without it it is gone when it is not heard at once. */
  async #whisper(line: Line, { text, blocks }: Message, part?: string): Promise<boolean> {
    // Only messages that stay are known to take charts.
    const message = { text, blocks: withTextCharts(blocks) }
    const { person, channel, thread, responseUrl, modal, isKept, delivery } = line
    if (modal !== undefined && (await this.#parts.showIn(modal, line.text, message))) return true
    const key =
      isKept && delivery !== undefined && part !== undefined ? `answer:${delivery}:${part}` : undefined
    return this.#parts.whisper({ user: person.id, channel, thread, responseUrl }, message, key)
  }
}
