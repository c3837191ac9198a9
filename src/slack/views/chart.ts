/** Charts as Slack draws them, and as text where it does not. */
import type { KnownBlock } from '@slack/types'
import { type Bar, type Chart, chartLines } from '../../report/index.js'
import { type Message, preformatted, sections } from './message.js'
import { bold, clip, escapeText, oneLine } from './mrkdwn.js'

/** Slack docs, data visualization block: characters of a title and of a label, bars of a series. */
const most = { title: 50, label: 20, bars: 20 } as const
const kind = 'data_visualization'
const used = 'used'
const free = 'free'

interface ChartBlock {
  type: typeof kind
  title: string
  chart: {
    type: 'bar'
    series: { name: string; data: { label: string; value: number }[] }[]
    axis_config: { categories: string[]; y_label: string }
  }
}

/** A message with the chart alone. */
export function chartMessage(chart: Chart): Message {
  const bars = chart.bars.slice(0, most.bars)
  const labels = unique(bars.map(({ label }) => clip(oneLine(label), most.label)))
  const series = (name: string, partOf: (bar: Bar) => number) => ({
    name,
    data: bars.map((bar, index) => ({ label: labels[index] ?? '', value: partOf(bar) })),
  })
  const block: ChartBlock = {
    type: kind,
    title: clip(oneLine(`${chart.title}, %`), most.title),
    chart: {
      type: 'bar',
      // Parts of what differs much in size share an axis only as shares.
      series: [series(used, shareOf), series(free, (bar) => 100 - shareOf(bar))],
      axis_config: { categories: labels, y_label: '%' },
    },
  }
  // Slack's types do not know the block yet.
  return { text: [chart.title, ...chartLines(chart)].map(escapeText).join('\n'), blocks: [block as never] }
}

export function hasChart(blocks: readonly KnownBlock[]): boolean {
  return blocks.some(isChart)
}

/** The same with its charts as text: for a Slack that does not know the block. */
export function withTextCharts(blocks: readonly KnownBlock[]): KnownBlock[] {
  return blocks.flatMap((block) => (isChart(block) ? chartAsText(block) : [block]))
}

function chartAsText({ title, chart }: ChartBlock): KnownBlock[] {
  const [usedOf] = chart.series
  const bars = (usedOf?.data ?? []).map(({ label, value }) => ({ label, used: value, whole: 100 }))
  const lines = chartLines({ title, unit: '%', bars })
  return sections([bold(title), ...preformatted(lines)])
}

function isChart(block: unknown): block is ChartBlock {
  return typeof block === 'object' && block !== null && 'type' in block && block.type === kind
}

function shareOf({ used: part, whole }: Bar): number {
  return whole <= 0 ? 0 : Math.min(100, Math.max(0, Math.round((100 * part) / whole)))
}

/** What was cut to the same text is told apart by a number. */
function unique(labels: readonly string[]): string[] {
  const seen = new Map<string, number>()
  return labels.map((label) => {
    const n = (seen.get(label) ?? 0) + 1
    seen.set(label, n)
    const end = ` ${n}`
    return n === 1 ? label : clip(label, most.label - end.length) + end
  })
}
