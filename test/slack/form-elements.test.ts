/** The elements of forms that pick, and that what was picked is the line that would have been typed. */
import type { InputBlock } from '@slack/types'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  dateTime,
  dayTime,
  defineCommand,
  diskSize,
  type FormValues,
  list,
  ownerRef,
  readForm,
  scheduleRef,
  sshKey,
  text,
  timeZoneName,
  userRef,
  weekDays,
} from '../../src/command/index.js'
import { formModal, valuesIn } from '../../src/slack/views/index.js'

const command = defineCommand({
  summary: 'Pick',
  examples: ['test pick'],
  risk: 'read',
  args: z.object({
    until: dateTime().optional().describe('Until when'),
    at: dayTime().optional().describe('At which time of day'),
    every: weekDays().optional().describe('On which days'),
    zone: timeZoneName().optional().describe('Whose clock'),
    schedule: scheduleRef().optional().describe('Which schedule'),
    owner: ownerRef().optional().describe('Whose'),
    others: list(userRef()).optional().describe('Who else'),
    why: text().optional().describe('Why'),
    keys: list(sshKey()).default([]).describe('Who may log in'),
    disks: list(diskSize()).default([]).describe('Its disks'),
  }),
  run: async () => ({ title: 'picked', tone: 'ok' }),
})

const element = (name: string, values: FormValues = {}) => {
  const { blocks } = formModal({
    path: 'test pick',
    command,
    values,
    metadata: { path: 'test pick', channel: 'C1', isAnsweredHere: false, round: 0, leaders: {} },
  })
  const field = blocks.find((block) => block.block_id === `arg:${name}`)
  const { element: found, hint } = field as InputBlock
  return { ...found, hint: hint?.text }
}
const lineOf = (state: Parameters<typeof valuesIn>[0][string], name: string) => {
  const read = readForm('test pick', command, valuesIn({ [`arg:${name}`]: state }))
  return read.kind === 'line' ? read.line : read.mistakes
}
const options = (...values: string[]) => values.map((value) => ({ value }))

describe('a form', () => {
  it('has a picker for a date and time, in the reader’s own time zone', () => {
    expect(element('until', { until: '2026-01-31T14:00+01:00' })).toMatchObject({
      type: 'datetimepicker',
      initial_date_time: Date.parse('2026-01-31T13:00Z') / 1000,
      hint: 'Until when',
    })
    for (const wrong of ['', 'soon']) {
      expect(element('until', { until: wrong })).not.toHaveProperty('initial_date_time')
    }
    const picked = { type: 'datetimepicker', selected_date_time: Date.parse('2026-01-31T13:00Z') / 1000 }
    expect(lineOf({ field: picked }, 'until')).toBe('test pick --until 2026-01-31T13:00Z')
    expect(lineOf({ field: { type: 'datetimepicker', selected_date_time: null } }, 'until')).toBe('test pick')
  })

  it('has a picker for a time of day', () => {
    expect(element('at', { at: '7:05' })).toMatchObject({ type: 'timepicker', initial_time: '07:05' })
    expect(element('at', { at: '25:00' })).not.toHaveProperty('initial_time')
    expect(lineOf({ field: { type: 'timepicker', selected_time: '07:05' } }, 'at')).toBe(
      'test pick --at 07:05',
    )
  })

  it('has a list of the days of the week', () => {
    expect(element('every', { every: 'mon-wed' })).toMatchObject({
      type: 'multi_static_select',
      initial_options: options('mon', 'tue', 'wed'),
    })
    expect(element('every')).not.toHaveProperty('initial_options')
    const picked = { type: 'multi_static_select', selected_options: options('sat', 'sun') }
    expect(lineOf({ field: picked }, 'every')).toBe('test pick --every sat,sun')
    expect(lineOf({ field: { ...picked, selected_options: [] } }, 'every')).toBe('test pick')
  })

  it('has lists to search for schedules and time zones', () => {
    expect(element('schedule', { schedule: 's-7k2m9' })).toMatchObject({
      type: 'external_select',
      initial_option: { value: 's-7k2m9' },
    })
    expect(element('zone')).toMatchObject({ type: 'external_select', hint: 'Whose clock' })
  })

  it('has lists of people', () => {
    expect(element('owner', { owner: '<@U0ANN>' })).toMatchObject({
      type: 'users_select',
      initial_user: 'U0ANN',
    })
    expect(element('others', { others: ['<@U0ANN>', 'U0BEN', 'nobody'] })).toMatchObject({
      type: 'multi_users_select',
      initial_users: ['U0ANN', 'U0BEN'],
    })
    expect(lineOf({ field: { type: 'users_select', selected_user: 'U0ANN' } }, 'owner')).toBe(
      'test pick --owner U0ANN',
    )
  })

  it('says how to fill it in, which is not how to type it', () => {
    expect(element('why')).toMatchObject({ hint: 'Why' })
    expect(element('why')).not.toHaveProperty('placeholder')
    expect(element('keys')).toMatchObject({
      multiline: true,
      hint: 'Who may log in: ssh-ed25519 AAAA… comment, one a line',
    })
    expect(element('disks')).toMatchObject({ hint: 'Its disks: 20G, 1T or 20 (GiB); several with commas' })
  })
})
