/** The Slack side of the bot, put together. */
import { App, type Receiver } from '@slack/bolt'
import type { Fleet } from '../agents/index.js'
import type { Sink } from '../audit-mirror/index.js'
import { type Catalogue, Suggestions } from '../command/index.js'
import { type Clock, type Jobs, type Schedules, systemClock } from '../jobs/index.js'
import type { LeaseNews } from '../leases/index.js'
import type { Logger } from '../log.js'
import type { GroupDirectory, PeopleDirectory, Policy } from '../policy/index.js'
import { type PreferenceBook, quietUntil } from '../preferences/index.js'
import type { Requests } from '../request/index.js'
import { Answering } from './answering.js'
import { auditChannel } from './audit-channel.js'
import { callFailure } from './call-failure.js'
import { type BreakGlassNews, type CardBook, JobCards, openCardBook } from './cards/index.js'
import { clientOptions, createClients } from './clients.js'
import type { SlackConnection } from './connection.js'
import { Forms } from './forms/index.js'
import { Homes } from './home/index.js'
import { Intake } from './intake.js'
import { IntakeJournal, type IntakeLog, openIntakeLog } from './intake-journal.js'
import { leaseNews } from './lease-news.js'
import { listen } from './listeners.js'
import { Modals } from './modals.js'
import { Names } from './names.js'
import { createOutbox, type Outbox, type OutboxLog, openOutboxLog } from './outbox/index.js'
import { Pictures } from './pictures.js'
import { isTokenProblem, PooledSocketReceiver, SignedHttpReceiver } from './receivers/index.js'
import { Shortcuts } from './shortcuts.js'
import { slackLogger } from './slack-logger.js'
import { slackStandings } from './standings.js'
import { slackUnavailable, wrongToken } from './start-errors.js'
import { slackGroups } from './user-groups.js'
import { createWhisper } from './whisper.js'

export interface SlackParts {
  settings: SlackConnection
  requests: Requests
  /** What forms and the Home tab are made of. */
  catalogue: Catalogue
  fleet: Fleet
  policy: Pick<Policy, 'rightsOf' | 'approversOf' | 'notIn'>
  jobs: Pick<Jobs, 'get' | 'list' | 'onChange'>
  /** None when absent. */
  schedules?: Pick<Schedules, 'list'>
  /** Channel id where approval cards go; without it they go where the request came from. */
  approvalsChannel?: string
  /** How it is told that something ran without its approval. */
  breakGlass?: BreakGlassNews
  /** Where it is remembered which message is which job's card. */
  dataDirectory: string
  log: Logger
  clock?: Clock
  /** Time zones of people and when they are not called; nobody has any when absent. */
  preferences?: Pick<PreferenceBook, 'of'>
  /** Where deliveries come from; by default what `settings.receiver` says. */
  receiver?: Receiver
  /** Remembers cards in the data directory when absent. */
  cardBook?: CardBook
  /** Keeps what was taken in in the data directory when absent. */
  intakeLog?: IntakeLog
  /** Keeps what waits to be sent in the data directory when absent. */
  outboxLog?: OutboxLog
}

export interface SlackSurface {
  /** Listens and connects. Rejects with `bad-config` (a token Slack does not accept, a port that is taken) or
   * `slack-unavailable`. */
  start(): Promise<void>
  /** Works what a crash left of what was taken in, and brings the cards of all jobs up to date. Call when the jobs are
   * loaded (after `jobs.start()`). */
  catchUp(): Promise<void>
  /** Takes nothing more in, finishes what was taken in, sends what waits to be sent; within some 11 s. */
  stop(): Promise<void>
  groups: GroupDirectory
  people: PeopleDirectory
  /** Takes entries of the audit log for a channel, once it was started. */
  auditChannel(channel: string): Sink
  /** Says what there is to say about leases, once it was started. */
  leases: LeaseNews
}

/** Together with the receivers' 3 s below the 15 s that the process has. */
const answerWithinMs = 4000
const sendWithinMs = 4000

export function createSlackSurface(parts: SlackParts): SlackSurface {
  const { settings, requests, catalogue, fleet, policy, jobs, approvalsChannel, dataDirectory } = parts
  const { clock = systemClock, schedules = { list: () => [] } } = parts
  const log = parts.log.child({ room: 'slack' })
  const { interactive, background } = createClients(settings, log)
  const receiver = parts.receiver ?? createReceiver(settings, log, clock)
  const intake = new Intake({ log, clock })
  let outbox: Outbox | undefined
  let cards: JobCards | undefined
  const preferences = parts.preferences ?? { of: () => ({}) }
  let answering: Answering | undefined
  let homes: Homes | undefined
  let journal: IntakeJournal | undefined
  let intakeLog: IntakeLog | undefined

  /** Its own check, because the library's makes two calls and says less. */
  const checkToken = async () => {
    try {
      const { bot_id, user_id, team_id, team } = await interactive.auth.test()
      log.info({ team, bot: user_id }, 'Slack accepts the bot')
      return {
        botToken: settings.botToken,
        ...(bot_id === undefined ? {} : { botId: bot_id }),
        ...(user_id === undefined ? {} : { botUserId: user_id }),
        ...(team_id === undefined ? {} : { teamId: team_id }),
      }
    } catch (error) {
      const { why } = callFailure(error)
      if (isTokenProblem(why)) throw wrongToken('SLACK_BOT_TOKEN', why, error)
      throw slackUnavailable('Slack does not answer', why, error)
    }
  }

  const people = slackStandings(background)

  return {
    groups: slackGroups({ client: background, log, clock }),
    people,
    leases: leaseNews({
      ...{ people, approvalsChannel, preferences, log },
      outbox: () => outbox,
      now: () => clock.now(),
    }),

    async start() {
      const identity = await checkToken()
      const app = new App({
        receiver,
        authorize: async () => identity,
        clientOptions: clientOptions(settings.apiUrl, { retryConfig: { retries: 2 }, timeout: 5000 }),
        logger: slackLogger(log),
        convoStore: false,
        extendedErrorHandler: true,
        deferInitialization: true,
      })
      // Receivers call this method of the app: here everything that comes in passes the gate.
      const process = app.processEvent.bind(app)
      app.processEvent = (event) => intake.take(event, process)

      const pending = parts.outboxLog ?? (await openOutboxLog(dataDirectory, log, () => clock.now()))
      outbox = createOutbox({ client: background, interactive, pending, log, clock })
      const book = parts.cardBook ?? (await openCardBook(dataDirectory, log))
      cards = new JobCards({
        ...{ jobs, outbox, book, approvalsChannel, log, clock },
        approvers: policy,
        quietUntil: (user) => quietUntil(preferences.of(user), clock.now()),
        breakGlass: parts.breakGlass,
      })
      const whisper = createWhisper({ outbox })
      const modals = new Modals(interactive, log)
      const names = new Names(jobs)
      const showIn = modals.showMessage.bind(modals)
      answering = new Answering({
        requests,
        jobs,
        cards,
        outbox,
        whisper,
        names,
        pictures: new Pictures({ client: interactive, outbox, log }),
        preferences,
        showIn,
        log,
        clock,
      })
      const suggestions = new Suggestions({ fleet, jobs, schedules })
      const forms = new Forms({ catalogue, suggestions, policy, modals, requests, answering, whisper, log })
      // Somebody looks at it: the outbox must not hold it up.
      homes = new Homes({ fleet, jobs, policy, client: interactive, log, clock })
      const shortcuts = new Shortcuts({ catalogue, fleet, policy, answering, forms, homes, modals })
      intakeLog = parts.intakeLog ?? (await openIntakeLog(dataDirectory, log))
      journal = new IntakeJournal({
        pending: intakeLog,
        mayChange: (text) => requests.mayChange(text),
        log,
        now: () => clock.now(),
      })
      listen({ app, answering, journal, forms, modals, homes, shortcuts, jobs, interactive, log, clock })
      await app.init()
      await cards.start()
      homes.start()
      await receiver.start()
    },

    auditChannel(channel) {
      return auditChannel({ outbox: () => outbox, channel })
    },

    async catchUp() {
      cards?.catchUp()
      await journal?.workLeft(
        async (line) => answering?.answer(line),
        async (line, at) => answering?.tellOfLateLine(line, at),
      )
    },

    async stop() {
      intake.close()
      homes?.stop()
      await receiver.stop().catch((error: unknown) => log.error({ err: error }, 'a receiver did not stop'))
      await intake.drain(answerWithinMs)
      await intakeLog
        ?.close()
        .catch((error: unknown) => log.error({ err: error }, 'what was done could not be written down'))
      await outbox?.drain(sendWithinMs)
      cards?.stop()
      await outbox?.stop()
    },
  }
}

function createReceiver({ receiver, apiUrl }: SlackConnection, log: Logger, clock: Clock): Receiver {
  switch (receiver.kind) {
    case 'socket':
      return new PooledSocketReceiver({ appToken: receiver.appToken, apiUrl, log, clock })
    case 'http':
      return new SignedHttpReceiver({
        signingSecret: receiver.signingSecret,
        port: receiver.port,
        log,
        clock,
      })
  }
}
