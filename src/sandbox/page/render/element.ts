/** Any block element, by its type. */
import type { Json } from '../../protocol.js'
import { h } from '../dom.js'
import { button, feedbackButtons, iconButton, overflow } from './buttons.js'
import type { BlockContext } from './context.js'
import { choices, textField } from './inputs.js'
import { select } from './selects.js'
import { plainOf } from './text.js'

interface Labels {
  labelledBy?: string
  describedBy?: string
}

export function element(block: Json, value: Json, context: BlockContext, labels: Labels = {}): HTMLElement {
  const type = String(value.type)
  const id = `${context.key}-${String(block.block_id)}-${String(value.action_id)}`.replace(/[^\w-]/g, '_')
  const props = { id, label: plainOf(value.placeholder), ...labels }
  if (type === 'button' || type === 'workflow_button') return button(block, value, context)
  if (type === 'overflow') return overflow(block, value, context)
  if (type === 'feedback_buttons') return feedbackButtons(block, value, context)
  if (type === 'icon_button') return iconButton(block, value, context)
  if (type === 'image') return picture(value, 'accessory-image')
  if (type === 'radio_buttons' || type === 'checkboxes') return choices(block, value, context, props)
  if (type.endsWith('_select')) return select(block, value, context, props)
  if (/(_input|picker)$/.test(type) && type !== 'file_input') return textField(block, value, context, props)
  return h('em', { class: 'unsupported' }, `(${type} is not drawn here)`)
}

export function picture(value: Json, className: string): HTMLElement {
  const file = value.slack_file as Json | undefined
  const url =
    typeof value.image_url === 'string'
      ? value.image_url
      : typeof file?.url === 'string'
        ? file.url
        : `/files/${String(file?.id)}/image`
  return h('img', {
    src: url,
    alt: String(value.alt_text ?? ''),
    class: className,
    loading: 'lazy',
    referrerpolicy: 'no-referrer',
  })
}
