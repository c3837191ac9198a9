/** Pictures of reports against the local Slack: real uploads, seen where the answer is. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { readAppManifest } from '../../src/demo/index.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js'
import type { SlackSurface } from '../../src/slack/index.js'
import { aSurface } from './bot-over-fakes.js'
import { aReport, FakeJobs, FakeRequests } from './fakes.js'
import { textOf } from './slack-stub.js'

const user = 'U0ANN'
const png = Buffer.from('a picture')
let sandbox: Sandbox
let surface: SlackSurface

const start = async (scopes: string[] = ['files:write']) => {
  const manifest = await readAppManifest()
  const { bot, bot_optional: optional = [] } = manifest.oauth_config.scopes
  const granted = [...bot, ...optional].filter((each) => each !== 'files:write' || scopes.includes(each))
  sandbox = await startSandbox({
    port: 0,
    manifest: { ...manifest, oauth_config: { scopes: { bot: granted } } },
  })
  const requests = new FakeRequests()
  requests.answer = () => ({
    kind: 'report',
    report: aReport({ title: 'The screen', picture: { file: 'web1.png', alt: 'The screen of web1', png } }),
  })
  surface = aSurface({ sandbox, requests, jobs: new FakeJobs() })
  await surface.start()
  await sandbox.control.waitForConnections(2)
}
afterEach(async () => {
  await surface.stop()
  await sandbox.stop()
})
const pictureIn = (channel: string) =>
  vi.waitFor(
    () =>
      sandbox.control.messages(channel).find(({ files }) => files.length > 0) ??
      expect.fail('no picture yet'),
    5000,
  )

describe('the picture of a report', () => {
  it('is in the thread of the answer', async () => {
    await start()
    await sandbox.control.command({ user, channel: 'C0VMS', text: '/qnav vm screenshot web1' })
    const message = await pictureIn('C0VMS')
    const [answer] = sandbox.control.messages('C0VMS')
    expect(message).toMatchObject({
      threadTs: answer?.ts,
      files: [{ name: 'web1.png', mimetype: 'image/png' }],
    })
    const { url } = message.files[0] ?? { url: '' }
    expect(Buffer.from(await (await fetch(new URL(url, sandbox.apiUrl))).arrayBuffer())).toEqual(png)
  })

  it('is in a direct message where the bot is no member', async () => {
    await start()
    await sandbox.control.command({ user, channel: 'C0RANDOM', text: '/qnav vm screenshot web1' })
    expect(await pictureIn('D0ANN')).toMatchObject({ files: [{ name: 'web1.png' }] })
    expect(sandbox.control.messages('C0RANDOM')).toEqual([])
  })

  it('that may not be uploaded is told of, with what is missing', async () => {
    await start([])
    await sandbox.control.command({ user, channel: 'C0VMS', text: '/qnav vm screenshot web1' })
    const told = await sandbox.control.waitForEphemeral(user, ({ text }) => text.includes('picture'))
    expect(textOf(told)).toContain('the app lacks the scope files:write')
    expect(sandbox.control.messages('C0VMS')).toHaveLength(1)
  })
})
