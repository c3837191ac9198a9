/** A Bolt app that shows and uses every block of the sandbox page; no part of qnav. */
import { App, LogLevel } from '@slack/bolt'
import type { KnownBlock, ModalView } from '@slack/types'
import type { Sandbox } from '../../src/sandbox/index.js'

const plain = (text: string) => ({ type: 'plain_text' as const, text, emoji: true })
const mrkdwn = (text: string) => ({ type: 'mrkdwn' as const, text })
const option = (text: string, value = text) => ({ text: plain(text), value })
const rich = (text: string) => {
  return {
    type: 'rich_text' as const,
    elements: [{ type: 'rich_text_section' as const, elements: [{ type: 'text' as const, text }] }],
  }
}

export const approvalCard: KnownBlock[] = [
  { type: 'header', text: plain('Create VM web1 on kvm1') },
  {
    type: 'section',
    fields: [
      mrkdwn('*Asked by*\n<@U0ANN>'),
      mrkdwn('*Image*\nrockylinux9'),
      mrkdwn('*Memory*\n4 GiB'),
      mrkdwn('*Expires*\nin 4 hours'),
    ],
  },
  {
    type: 'plan',
    title: 'What will happen',
    tasks: [
      {
        type: 'task_card',
        task_id: '1',
        title: 'Check name, memory and disk',
        status: 'complete',
        output: rich('12 GiB free on kvm1'),
      },
      { type: 'task_card', task_id: '2', title: 'Create the VM from rockylinux9', status: 'in_progress' },
      { type: 'task_card', task_id: '3', title: 'Wait for an address', status: 'pending' },
    ],
  },
  {
    type: 'actions',
    block_id: 'decide',
    elements: [
      {
        type: 'button',
        action_id: 'approve',
        style: 'primary',
        text: plain('Approve & deploy'),
        value: 'job-1',
      },
      {
        type: 'button',
        action_id: 'deny',
        style: 'danger',
        text: plain('Deny'),
        value: 'job-1',
        confirm: {
          title: plain('Deny this job?'),
          text: mrkdwn('*web1* will not be created.'),
          confirm: plain('Deny'),
          deny: plain('Keep'),
          style: 'danger',
        },
      },
      { type: 'overflow', action_id: 'more', options: [option('Show the plan'), option('Show the log')] },
    ],
  },
  {
    type: 'context',
    elements: [mrkdwn('job `j-20260105-1` · :hourglass_flowing_sand: waiting for one approver')],
  },
]

export const vmTable: KnownBlock[] = [
  {
    type: 'section',
    text: mrkdwn(':white_check_mark: *3 VMs* on `kvm1`'),
    accessory: { type: 'button', action_id: 'refresh', text: plain('Refresh') },
  },
  {
    type: 'table',
    column_settings: [{ align: 'left' }, { align: 'left' }, { align: 'right' }],
    rows: [
      ['VM', 'State', 'Memory', 'Address'],
      ['web1', 'running', '4 GiB', '192.168.122.31'],
      ['db-main', 'running', '16 GiB', '192.168.122.32'],
      ['build-runner-long-name', 'shut off', '8 GiB', '–'],
    ].map((row) => row.map((text) => ({ type: 'raw_text' as const, text }))),
  },
]

const everything: KnownBlock[] = [
  {
    type: 'section',
    text: mrkdwn(
      '*bold* _italic_ ~strike~ `code` <https://example.com|a link> <@U0BEN> <#C0VMS> :rocket:\n> quoted &lt;text&gt;\n```virsh list --all```',
    ),
  },
  { type: 'divider' },
  {
    type: 'markdown',
    text: '## Markdown\n- **one**\n- [two](https://example.com)\n\n| a | b |\n|---|---|\n| 1 | 2 |',
  },
  {
    type: 'rich_text',
    elements: [
      {
        type: 'rich_text_section',
        elements: [
          { type: 'text', text: 'Rich ', style: { bold: true } },
          { type: 'user', user_id: 'U0OLU' },
        ],
      },
      {
        type: 'rich_text_list',
        style: 'bullet',
        elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'an item' }] }],
      },
      {
        type: 'rich_text_preformatted',
        elements: [{ type: 'text', text: 'Domain installed.\nAddress 192.168.122.31' }],
      },
    ],
  },
  {
    type: 'actions',
    block_id: 'choose',
    elements: [
      {
        type: 'static_select',
        action_id: 'size',
        placeholder: plain('Size'),
        options: [option('Small', 's'), option('Large', 'l')],
      },
      { type: 'datepicker', action_id: 'day', initial_date: '2026-01-05' },
    ],
  },
]

export const form: ModalView = {
  type: 'modal',
  callback_id: 'create',
  title: plain('Create a VM'),
  submit: plain('Plan it'),
  close: plain('Cancel'),
  blocks: [
    { type: 'section', text: mrkdwn('A plan is made first; nothing changes before it is approved.') },
    {
      type: 'input',
      block_id: 'name',
      label: plain('Name'),
      hint: plain('Lower case letters, digits and -'),
      element: { type: 'plain_text_input', action_id: 'v', placeholder: plain('web1') },
    },
    {
      type: 'input',
      block_id: 'image',
      label: plain('Image'),
      element: {
        type: 'external_select',
        action_id: 'images',
        min_query_length: 0,
        placeholder: plain('Choose an image'),
      },
    },
    {
      type: 'input',
      block_id: 'memory',
      label: plain('Memory (MiB)'),
      element: {
        type: 'number_input',
        action_id: 'v',
        is_decimal_allowed: false,
        min_value: '256',
        initial_value: '2048',
      },
    },
    {
      type: 'input',
      block_id: 'networks',
      label: plain('Networks'),
      optional: true,
      element: {
        type: 'multi_static_select',
        action_id: 'v',
        options: [option('default'), option('storage'), option('dmz')],
      },
    },
    {
      type: 'input',
      block_id: 'disk',
      label: plain('Disk bus'),
      element: {
        type: 'radio_buttons',
        action_id: 'v',
        initial_option: option('virtio'),
        options: [option('virtio'), option('sata')],
      },
    },
    {
      type: 'input',
      block_id: 'extra',
      label: plain('Then'),
      optional: true,
      element: {
        type: 'checkboxes',
        action_id: 'v',
        options: [option('Start it', 'start'), option('Take a snapshot', 'snapshot')],
      },
    },
    {
      type: 'input',
      block_id: 'until',
      label: plain('Keep until'),
      optional: true,
      element: { type: 'datepicker', action_id: 'v' },
    },
  ],
}

/** Starts it; `heard` collects what it was told. */
export async function startPageBot(sandbox: Sandbox): Promise<{ app: App; heard: string[] }> {
  const heard: string[] = []
  const app = new App({
    token: sandbox.botToken,
    appToken: sandbox.appToken,
    socketMode: true,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: sandbox.apiUrl },
  })
  app.command('/qnav', async ({ ack, command, client, respond }) => {
    await ack()
    heard.push(command.text)
    const channel = command.channel_id
    if (command.text === 'vm list') await client.chat.postMessage({ channel, text: '3 VMs', blocks: vmTable })
    else if (command.text === 'all')
      await client.chat.postMessage({ channel, text: 'everything', blocks: everything })
    else if (command.text === 'vm create')
      await client.views
        .open({ trigger_id: command.trigger_id, view: form })
        .catch((error: unknown) => heard.push(String(error)))
    else if (command.text === 'approve')
      await client.chat.postMessage({ channel: 'C0APPROVE', text: 'Create web1', blocks: approvalCard })
    else await respond(`Unknown command \`${command.text}\`. Did you mean \`vm list\`?`)
  })
  app.options('images', async ({ ack, payload }) => {
    const images = ['rockylinux9', 'debian12', 'cirros'].filter((name) => name.includes(payload.value))
    await ack({ options: images.map((name) => option(`Image ${name}`, name)) })
  })
  app.view('create', async ({ ack, view, client, body }) => {
    const name = view.state.values.name?.v?.value ?? ''
    if (name === 'taken')
      return ack({ response_action: 'errors', errors: { name: 'A VM with this name exists.' } })
    await ack()
    const image = view.state.values.image?.images?.selected_option?.value
    const networks = view.state.values.networks?.v?.selected_options?.map((each) => each.value).join('+')
    await client.chat.postMessage({
      channel: 'C0VMS',
      text: `<@${body.user.id}> asked for *${name}* from \`${image}\` on ${networks || 'no network'}`,
    })
  })
  app.action('approve', async ({ ack, client, body }) => {
    await ack()
    heard.push(`approved by ${body.user.id}`)
    const { channel, message } = body as { channel?: { id: string }; message?: { ts: string } }
    if (channel === undefined || message === undefined) return
    const text = `:white_check_mark: *web1* approved by <@${body.user.id}>`
    await client.chat.update({
      channel: channel.id,
      ts: message.ts,
      text,
      blocks: [{ type: 'section', text: mrkdwn(text) }],
    })
    await client.chat.postMessage({ channel: channel.id, thread_ts: message.ts, text: 'Domain installed.' })
  })
  for (const id of ['deny', 'more', 'refresh', 'size', 'day']) {
    app.action(id, async ({ ack, body }) => {
      await ack()
      heard.push(`${id} by ${body.user.id}`)
    })
  }
  app.event('app_home_opened', async ({ event, client }) => {
    await client.views.publish({
      user_id: event.user,
      view: {
        type: 'home',
        blocks: [
          { type: 'header', text: plain('Your VMs') },
          {
            type: 'section',
            text: mrkdwn('*web1* · running · 192.168.122.31'),
            accessory: { type: 'button', action_id: 'refresh', text: plain('Show') },
          },
        ],
      },
    })
  })
  await app.start()
  await sandbox.control.waitForConnections(1)
  return { app, heard }
}
