/** Charts of reports: in the thread, as Slack draws them, and as text where it does not. */
import { describe, expect, it } from 'vitest'
import { validateMessage, validateView } from '../../src/sandbox/block-validation/index.js'
import { modalOf, withTextCharts } from '../../src/slack/views/index.js'
import { aBotForEachTest, posts, receiver, requests, slack, surface } from './bot-over-fakes.js'
import { aCommand, aReport } from './fakes.js'
import { textOf } from './slack-stub.js'

aBotForEachTest()

const chart = {
  title: 'kvm1: used and free',
  unit: 'GiB',
  bars: [
    { label: 'memory', used: 12.3, whole: 16 },
    { label: 'pool a-very-long-name-of-one', used: 5, whole: 500 },
    { label: 'pool a-very-long-name-of-two', used: 50, whole: 500 },
  ],
}
const ask = async () => {
  requests.answer = () => ({ kind: 'report', report: aReport({ title: 'kvm1', chart }) })
  await receiver.deliver(aCommand('host check kvm1'))
}
const kinds = () =>
  posts().map(({ blocks }) => (blocks as { type: string }[]).map(({ type }) => type).join(' '))

describe('the chart of a report', () => {
  it('is in the thread of the answer, as Slack draws it', async () => {
    await surface.start()
    await ask()
    expect(posts()).toHaveLength(2)
    expect(posts()[1]).toMatchObject({
      thread_ts: expect.any(String),
      text: expect.stringContaining('memory       ████████░░  77 % of 16 GiB'),
      blocks: [
        {
          type: 'data_visualization',
          title: 'kvm1: used and free, %',
          chart: {
            type: 'bar',
            series: [
              { name: 'used', data: [{ label: 'memory', value: 77 }, { value: 1 }, { value: 10 }] },
              { name: 'free', data: [{ label: 'memory', value: 23 }, { value: 99 }, { value: 90 }] },
            ],
            axis_config: {
              categories: ['memory', 'pool a-very-long-na…', 'pool a-very-long-… 2'],
              y_label: '%',
            },
          },
        },
      ],
    })
    expect(textOf(posts()[0])).toContain('Chart in the thread: kvm1: used and free')
    expect(slack.problems).toEqual([])
  })

  it('is text where Slack does not know the block, and from then on at once', async () => {
    slack.on('chat.postMessage', (args) =>
      JSON.stringify(args.blocks).includes('data_visualization')
        ? { ok: false, error: 'invalid_blocks' }
        : slack.posted(args),
    )
    await surface.start()
    await ask()
    await ask()
    expect(kinds().filter((each) => each === 'data_visualization')).toHaveLength(1)
    const texts = posts().filter(({ blocks }) => textOf(blocks).includes('██'))
    expect(texts).toHaveLength(2)
    expect(textOf(texts[0])).toContain('pool a-very… ░░░░░░░░░░   1 %')
    expect(slack.problems).toEqual([])
  })

  it('is text where nothing else is possible: in a modal', async () => {
    await surface.start()
    await ask()
    const blocks = withTextCharts(posts()[1]?.blocks as never)
    expect(validateMessage({ text: '', blocks })).toEqual([])
    expect(validateView(modalOf('Host check', blocks))).toEqual([])
    expect(textOf(blocks)).toContain('memory')
  })
})
