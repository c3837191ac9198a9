/** plan and task_card blocks: what runs, what is done, what failed. */
import type { Json } from '../../protocol.js'
import { h, icon } from '../dom.js'
import { richText } from './rich-text.js'
import { jsonList, link } from './text.js'

const statusText: Record<string, string> = {
  pending: 'Waiting',
  in_progress: 'Running',
  complete: 'Done',
  error: 'Failed',
}

export function taskCard(block: Json): HTMLElement {
  const status = String(block.status)
  const mark = h('span', {
    class: `task-mark ${status}`,
    role: 'img',
    'aria-label': statusText[status] ?? status,
  })
  if (status === 'complete') mark.append(icon('check'))
  if (status === 'error') mark.append(icon('cross'))
  const sources = jsonList(block.sources).map((source) =>
    link(String(source.url), document.createTextNode(String(source.text))),
  )
  return h(
    'li',
    { class: 'task', 'data-status': status },
    mark,
    h(
      'div',
      { class: 'task-body' },
      h('div', { class: 'task-title' }, String(block.title)),
      block.details !== undefined && h('div', { class: 'task-details' }, richText(block.details as Json)),
      block.output !== undefined && h('div', { class: 'task-output' }, richText(block.output as Json)),
      sources.length > 0 && h('div', { class: 'task-details' }, ...sources),
    ),
  )
}

export function plan(block: Json): HTMLElement {
  const tasks = jsonList(block.tasks)
  const done = tasks.filter(({ status }) => status === 'complete').length
  return h(
    'section',
    { class: 'plan', 'aria-label': String(block.title) },
    h(
      'div',
      { class: 'plan-head' },
      h('strong', {}, String(block.title)),
      h('span', { class: 'plan-count' }, `${done} of ${tasks.length}`),
    ),
    h('ol', { class: 'tasks' }, ...tasks.map(taskCard)),
  )
}
