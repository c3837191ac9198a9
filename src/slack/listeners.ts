/** Everything the app listens to, and where it goes: the command, messages, buttons, forms, shortcuts, the Home tab. */
import type { App } from '@slack/bolt'
import type { WebClient } from '@slack/web-api'
import { quoteWord } from '../command/index.js'
import { UserError } from '../errors.js'
import type { Clock, Jobs } from '../jobs/index.js'
import type { Logger } from '../log.js'
import type { Answering, Line } from './answering.js'
import { aPerson, clickOf, deliveryOf } from './clicks.js'
import type { Forms } from './forms/index.js'
import type { Homes } from './home/index.js'
import type { IntakeJournal } from './intake-journal.js'
import { lineOfMessage } from './message-line.js'
import type { Modals, Trigger } from './modals.js'
import {
  actionPayload,
  commandPayload,
  formAction,
  formSubmission,
  homeOpened,
  messageEvent,
  suggesting,
  viewPayload,
} from './payloads.js'
import { RecentKeys } from './recent-keys.js'
import { type Shortcuts, shortcutPayload } from './shortcuts.js'
import {
  type DenyMetadata,
  denyCallback,
  denyMetadata,
  denyModal,
  fieldAction,
  formCallback,
  loadingModal,
  longestReason,
  pickerCallback,
  planCallback,
  prepareOptions,
  prepareView,
  reasonBlock,
  reasonInput,
  titleOf,
} from './views/index.js'

export const commandName = '/qnav'

export interface ListenerParts {
  app: App
  answering: Answering
  journal: Pick<IntakeJournal, 'take' | 'done' | 'withdraw'>
  forms: Forms
  modals: Modals
  homes: Homes
  shortcuts: Shortcuts
  jobs: Pick<Jobs, 'get'>
  interactive: WebClient
  log: Logger
  clock: Clock
}

/** A second click of an impatient finger within this time is the same click. */
const doubleClickMs = 3000
const clicksRemembered = 1000
/** Slack may tell of one message several times, each time as another event. */
const messagesRemembered = 10_000

export function listen(parts: ListenerParts): void {
  const { app, answering, journal, forms, modals, homes, shortcuts, jobs, interactive, log, clock } = parts
  const messages = new RecentKeys(messagesRemembered, clock)
  const clicks = new RecentKeys(clicksRemembered, clock, doubleClickMs)

  app.command(commandName, async ({ ack, body, context }) => {
    const payload = commandPayload.safeParse(body)
    if (!payload.success) {
      await ack()
      throw payload.error
    }
    const { text, user_id, user_name, channel_id, trigger_id, response_url } = payload.data
    const line: Line = {
      text,
      person: aPerson(user_id, user_name),
      channel: channel_id,
      responseUrl: response_url,
      delivery: deliveryOf(context),
      isPrivate: false,
    }
    await run(line, ack, trigger_id === undefined ? undefined : { id: trigger_id, isInModal: false })
  })

  app.action(/.*/, async ({ ack, body, context }) => {
    const choice = formAction.safeParse(body)
    if (choice.data?.view.callback_id === formCallback && choice.data.actions[0]?.action_id === fieldAction) {
      await ack()
      return forms.follow(choice.data)
    }
    const payload = actionPayload.safeParse(body)
    // Selects of old cards, links and the like: acknowledged, and nothing to do.
    const click = payload.success ? clickOf(payload.data, deliveryOf(context)) : undefined
    // Turning pages to and fro is no double click.
    if (click === undefined || (click.kind !== 'page' && !clicks.add(click.key))) return ack()
    const { trigger } = click
    switch (click.kind) {
      case 'page':
        await ack()
        return homes.show(click.line.person.id, click.page)
      case 'deny':
        await ack()
        return askForReason(click.line, click.job, trigger?.id)
      case 'run':
        return run(click.line, ack, trigger, click.isAtHome)
    }
  })

  app.options(/.*/, async ({ ack, body }) => {
    const asked = suggesting.safeParse(body)
    const options = asked.data?.view.callback_id === formCallback ? await forms.options(asked.data) : []
    await ack({ options: prepareOptions(options) })
  })

  app.shortcut(/.*/, async ({ ack, body, context }) => {
    await ack()
    await shortcuts.use(shortcutPayload.parse(body), deliveryOf(context))
  })

  app.event('app_home_opened', async ({ event }) => {
    const { user, tab } = homeOpened.parse(event)
    if (tab === 'home') await homes.show(user)
  })

  // Events are acknowledged before any listener hears of them.
  const hear = async (event: unknown, bot: string | undefined) => {
    const line = lineOfMessage(messageEvent.parse(event), bot)
    if (line !== undefined && messages.add(line.delivery)) await run(line, async () => undefined)
  }
  app.event('app_mention', ({ event, context }) => hear(event, context.botUserId))
  app.event('message', ({ event, context }) => hear(event, context.botUserId))

  app.view({ callback_id: formCallback, type: 'view_submission' }, async ({ ack, body }) => {
    const outcome = forms.submitted(formSubmission.parse(body))
    if (outcome.kind === 'errors') return ack({ response_action: 'errors', errors: outcome.errors })
    if (outcome.kind === 'plan') {
      const { line, metadata, modal } = outcome
      await ack({ response_action: 'update', view: prepareView(loadingModal(line.text)) })
      return forms.showPlan(line, metadata, modal)
    }
    const { line, next } = outcome
    await work(line, () =>
      next === undefined ? ack() : ack({ response_action: 'update', view: prepareView(next) }),
    )
  })

  app.view({ callback_id: planCallback, type: 'view_submission' }, async ({ ack, body }) => {
    const { line, next } = forms.agreed(formSubmission.parse(body))
    await work(line, () =>
      next === undefined ? ack() : ack({ response_action: 'update', view: prepareView(next) }),
    )
  })

  app.view({ callback_id: pickerCallback, type: 'view_submission' }, async ({ ack, body }) => {
    const { user, view } = formSubmission.parse(body)
    const picked = shortcuts.picked(aPerson(user.id, user.username ?? user.name), view)
    await ack({ response_action: 'update', view: prepareView(picked.view) })
    if (picked.line !== undefined) await work(picked.line, async () => undefined)
  })

  app.view({ callback_id: denyCallback, type: 'view_submission' }, async ({ ack, body, context }) => {
    const { user, view } = viewPayload.parse(body)
    const reason = (view.state.values[reasonBlock]?.[reasonInput]?.value ?? '').trim()
    if (reason === '') {
      await ack({
        response_action: 'errors',
        errors: { [reasonBlock]: 'Say why: the requester will read it.' },
      })
      return
    }
    const { job, channel, responseUrl } = denyMetadata.parse(JSON.parse(view.private_metadata))
    await work(
      {
        text: `job deny ${job} --reason ${quoteReason(reason)}`,
        person: aPerson(user.id, user.username ?? user.name),
        channel,
        responseUrl,
        delivery: deliveryOf(context),
        isPrivate: true,
        job,
      },
      ack,
    )
  })

  app.error(async ({ error }: { error: Error }) => {
    log.error({ err: error }, 'an update from Slack could not be worked')
  })

  /** A line whose form is wanted opens it; any other is worked. Where there is no channel the answer has a modal. */
  async function run(
    line: Line,
    ack: () => Promise<void>,
    trigger?: Trigger,
    needsModal = false,
  ): Promise<void> {
    const wanted = forms.wanted(line.text)
    if (wanted !== undefined) {
      await ack()
      return trigger === undefined ? forms.offer(wanted, line) : forms.open(wanted, line, trigger)
    }
    if (!needsModal || trigger === undefined) return work(line, ack)
    await work(line, ack, async (taken) => {
      const modal = await modals.tryOpen(titleOf(taken.text), trigger)
      return modal === undefined ? taken : { ...taken, modal }
    })
  }

  /** What may change something is on disk before Slack is told that it arrived. */
  async function work(
    line: Line,
    ack: () => Promise<void>,
    place: (line: Line) => Promise<Line> = async (taken) => taken,
  ): Promise<void> {
    let taken: Line | undefined
    try {
      taken = await journal.take(line)
    } catch (error) {
      await ack()
      await answering.explain(error, line)
      return
    }
    try {
      await ack()
    } catch (error) {
      if (taken !== undefined) journal.withdraw(taken)
      throw error
    }
    if (taken === undefined) return
    await answering.answer(await place(taken))
    journal.done(taken)
  }

  async function askForReason(line: Line, jobId: string, triggerId: string | undefined): Promise<void> {
    try {
      const job = jobs.get(jobId)
      if (job.state !== 'awaiting-approval') {
        throw new UserError('already-decided', `"${job.title}" does not wait for approval any more.`, {
          fix: 'Nothing to do.',
        })
      }
      if (triggerId === undefined) throw new Error('a click without trigger_id')
      const metadata: DenyMetadata = {
        job: jobId,
        channel: line.channel,
        ...(line.responseUrl === undefined ? {} : { responseUrl: line.responseUrl }),
      }
      await interactive.views.open({ trigger_id: triggerId, view: prepareView(denyModal(job, metadata)) })
    } catch (error) {
      await answering.explain(expiredTrigger(error, jobId) ?? error, line)
    }
  }
}

/** The reason as one word of a command line: curly quotes would end it, line breaks have no place in it. */
function quoteReason(reason: string): string {
  const straight = reason.replace(/[\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033]/g, '"').replace(/\s+/g, ' ')
  return quoteWord(straight.slice(0, longestReason))
}

/** Slack gives a click 3 s to open a form. */
function expiredTrigger(error: unknown, job: string): UserError | undefined {
  const isLate = error instanceof Error && /expired_trigger_id|exchanged_trigger_id/.test(error.message)
  if (!isLate) return undefined
  return new UserError('timeout', 'Slack waited too long for the form.', {
    fix: `Click again, or type \`/qnav job deny ${job} --reason "…"\`.`,
    cause: error,
  })
}
