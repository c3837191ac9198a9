/** A modal to choose a command in, for people who do not know what there is. */
import type { ModalView } from '@slack/types'
import { z } from 'zod'
import type { CatalogueEntry } from '../../command/index.js'
import { optionOf } from './form-element.js'

import { section } from './message.js'

export const pickerCallback = 'pick'
const pickerBlock = 'command'

/** Slack docs: at most 100 options in a group. */
const mostOptions = 100

export function commandPicker(entries: readonly CatalogueEntry[]): ModalView {
  const groups = new Map<string, CatalogueEntry[]>()
  for (const entry of entries) {
    const group = entry.path.includes(' ') ? (entry.path.split(' ')[0] ?? '') : 'other'
    groups.set(group, [...(groups.get(group) ?? []), entry])
  }
  return {
    type: 'modal',
    callback_id: pickerCallback,
    title: { type: 'plain_text', text: 'Run a command' },
    submit: { type: 'plain_text', text: 'Next' },
    close: { type: 'plain_text', text: 'Cancel' },
    blocks: [
      {
        type: 'input',
        block_id: pickerBlock,
        label: { type: 'plain_text', text: 'Command' },
        element: {
          type: 'static_select',
          action_id: pickerBlock,
          focus_on_load: true,
          placeholder: { type: 'plain_text', text: 'Type to search' },
          option_groups: [...groups].map(([group, members]) => ({
            label: { type: 'plain_text', text: group },
            options: members
              .slice(0, mostOptions)
              .map(({ path, command }) => optionOf(path, command.summary)),
          })),
        },
      },
      section('Next you fill in what the command needs. Nothing is done before that.'),
    ],
  }
}

const picked = z.object({
  [pickerBlock]: z.object({ [pickerBlock]: z.object({ selected_option: z.object({ value: z.string() }) }) }),
})

/** The path chosen; undefined for anything else. */
export function pickedCommand(values: unknown): string | undefined {
  const { data } = picked.safeParse(values)
  return data?.[pickerBlock]?.[pickerBlock]?.selected_option.value
}
