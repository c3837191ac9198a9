/** data_visualization blocks: bars for every kind of chart, which shows the numbers if not the shape of lines and pies. */
import type { Json } from '../../protocol.js'
import { h } from '../dom.js'
import { jsonList } from './text.js'

interface Series {
  name: string
  data: readonly { label: string; value: number }[]
}

export function chart(block: Json): HTMLElement {
  const { series, segments } = block.chart as Json
  const all =
    segments === undefined ? jsonList(series).map(seriesOf) : [seriesOf({ name: '', data: segments })]
  const labels = all[0]?.data.map(({ label }) => label) ?? []
  const most = Math.max(1, ...labels.map((_, index) => sum(all.map(({ data }) => data[index]?.value ?? 0))))
  return h(
    'figure',
    { class: 'block chart' },
    h('figcaption', {}, String(block.title)),
    ...labels.map((label, index) => bar(label, all, index, most)),
    all.length > 1 &&
      h(
        'div',
        { class: 'chart-legend' },
        ...all.map(({ name }, at) => h('span', { class: `series-${at % 6}` }, name)),
      ),
  )
}

function bar(label: string, all: readonly Series[], index: number, most: number): HTMLElement {
  const parts = all.map(({ name, data }) => ({ name, value: data[index]?.value ?? 0 }))
  const said = parts.map(({ name, value }) => `${value}${name === '' ? '' : ` ${name}`}`).join(', ')
  return h(
    'div',
    { class: 'chart-bar', role: 'img', 'aria-label': `${label}: ${said}` },
    h('span', { class: 'chart-label' }, label),
    h(
      'span',
      { class: 'chart-track' },
      ...parts.map(({ value }, at) => {
        const made = h('span', { class: `series-${at % 6}` })
        made.style.width = `${(100 * value) / most}%`
        return made
      }),
    ),
    h('span', { class: 'chart-values' }, said),
  )
}

function seriesOf(value: Json): Series {
  const data = jsonList(value.data).map((point) => ({
    label: String(point.label),
    value: Number(point.value),
  }))
  return { name: String(value.name), data }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
