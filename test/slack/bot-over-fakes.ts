/** The Slack side of the bot over fakes, for tests of what it takes in and says. */
import { afterEach, beforeEach } from 'vitest'
import type { Sandbox } from '../../src/sandbox/index.js'
import { createSlackSurface, type SlackParts, type SlackSurface } from '../../src/slack/index.js'
import { aHouse, aLog, FakeBook, FakeIntakeLog, FakeJobs, FakeRequests, InMemoryReceiver } from './fakes.js'
import { SlackStub } from './slack-stub.js'

/** A surface over a Slack that is played, or over the local one. Without a data directory it keeps everything in memory. */
export function aSurface({
  sandbox,
  asksInChannel = true,
  ...parts
}: Partial<SlackParts> &
  Pick<SlackParts, 'requests' | 'jobs'> & {
    sandbox?: Sandbox
    /** There is a channel for approvals. */
    asksInChannel?: boolean
  }): SlackSurface {
  return createSlackSurface({
    settings:
      sandbox === undefined
        ? { botToken: 'xoxb-test-token', receiver: { kind: 'socket', appToken: 'xapp-test' } }
        : {
            botToken: sandbox.botToken,
            apiUrl: sandbox.apiUrl,
            receiver: { kind: 'socket', appToken: sandbox.appToken },
          },
    ...aHouse(),
    ...(asksInChannel ? { approvalsChannel: 'C0APPROVE' } : {}),
    log: aLog(),
    ...(parts.dataDirectory === undefined
      ? { cardBook: new FakeBook(), intakeLog: new FakeIntakeLog() }
      : {}),
    dataDirectory: '/nonexistent',
    ...parts,
  })
}

export let slack: SlackStub
export let jobs: FakeJobs
export let requests: FakeRequests
export let receiver: InMemoryReceiver
export let book: FakeBook
export let log: ReturnType<typeof aLog>
export let surface: SlackSurface

/** A bot of its own for each test of a file, not started yet; what is exported here is that of the running test. */
export function aBotForEachTest(): void {
  beforeEach(() => {
    slack = new SlackStub()
    jobs = new FakeJobs()
    requests = new FakeRequests()
    receiver = new InMemoryReceiver()
    book = new FakeBook()
    log = aLog()
    buildBot()
  })
  afterEach(async () => {
    await surface.stop()
    slack.close()
  })
}

/** In the place of the one before, with something else about it. */
export function buildBot(more: Partial<SlackParts> = {}): SlackSurface {
  surface = aSurface({ requests, jobs, log, receiver, cardBook: book, ...more })
  return surface
}

/** What was posted, in order. */
export const posts = () => slack.of('chat.postMessage').map(({ args }) => args)
