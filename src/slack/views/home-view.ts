/** The Home tab: what is mine, what waits for me, and for operators how the hosts are. Made for a phone: one line a thing. */
import type { Button, HomeView, KnownBlock } from '@slack/types'
import type { VmSummary } from '../../agents/index.js'
import { timeLeft, vmWord } from '../../command/index.js'
import type { Job } from '../../jobs/index.js'
import { count, showMiB } from '../../report/index.js'
import { denyAction, runAction } from './ids.js'
import { headline } from './job-words.js'
import { fitViewBlocks, limits } from './limits.js'
import { buttons, confirmation, context, header, section } from './message.js'
import { bold, clip, dateTime, escapeText, mention } from './mrkdwn.js'

export const pageAction = 'home:page'

export interface HostLine {
  name: string
  /** Why it does not answer; absent when it does. */
  problem?: string
  total: number
  running: number
  /** Jobs that are at work on it. */
  jobs: number
  /** Absent while it is not known. */
  room?: { availableMemoryMiB: number; totalMemoryMiB: number; freeGiB: number; alerts: readonly string[] }
}

export interface HomeFacts {
  myVms: readonly VmSummary[]
  /** By uuid: first address of those on the page. */
  addresses: ReadonlyMap<string, string>
  /** From 0. */
  page: number
  /** Newest first. */
  myJobs: readonly Job[]
  /** Requests of others that this person may decide about. */
  toDecide: readonly Job[]
  /** Only for those who may change things. */
  hosts?: readonly HostLine[]
  /** Only for them: jobs of everybody that are not over. */
  openJobs?: readonly Job[]
  /** ISO 8601. */
  at: string
}

export const vmsOnPage = 8
const jobsShown = 8
const decisionsShown = 8
const hostsShown = 15

export function homeView(facts: HomeFacts): HomeView {
  const { myVms, page, toDecide, hosts, at } = facts
  return {
    type: 'home',
    blocks: fitViewBlocks([
      ...buttons(
        [
          ...(hosts === undefined
            ? []
            : [{ label: 'Create VM', command: 'vm create --form', style: 'primary' as const }]),
          { label: 'All VMs', command: 'vm list' },
          { label: 'Check hosts', command: 'host check' },
          { label: 'Preferences', command: 'prefs set --form' },
          { label: 'Help', command: 'help' },
        ],
        'start',
      ),
      ...(toDecide.length === 0
        ? []
        : [header(`Waiting for you (${toDecide.length})`), ...decisions(toDecide)]),
      header(`My VMs (${myVms.length})`),
      ...vmLines(facts),
      ...pager(page, myVms.length),
      header('My jobs'),
      ...jobLines(facts.myJobs),
      ...(hosts === undefined ? [] : [header(`Hosts (${hosts.length})`), ...hostLines(hosts)]),
      ...(facts.openJobs === undefined || facts.openJobs.length === 0
        ? []
        : [header(`Under way (${facts.openJobs.length})`), ...jobLines(facts.openJobs)]),
      ...context([`As of ${dateTime(at)}. It follows what happens by itself.`]),
    ]),
  }
}

/** The same lines for a modal. */
export function myVmBlocks(
  vms: readonly VmSummary[],
  addresses: ReadonlyMap<string, string>,
  at = new Date().toISOString(),
): KnownBlock[] {
  if (vms.length === 0) return noVms()
  const shown = vms.slice(0, limits.viewBlocks - 10)
  const left = vms.length - shown.length
  return [
    ...shown.map((vm, index) => vmLine(vm, addresses.get(vm.uuid), index, at)),
    ...(left === 0 ? [] : context([`… ${left} more: \`/qnav vm list\``])),
  ]
}

export function vmBlocks(vms: readonly VmSummary[], at = new Date().toISOString()): KnownBlock[] {
  return vms.map((vm, index) => vmLine(vm, undefined, index, at))
}

function vmLines({ myVms, addresses, page, at }: HomeFacts): KnownBlock[] {
  if (myVms.length === 0) return noVms()
  const first = page * vmsOnPage
  return myVms
    .slice(first, first + vmsOnPage)
    .map((vm, index) => vmLine(vm, addresses.get(vm.uuid), index, at))
}

function noVms(): KnownBlock[] {
  return [section('No VM is yours yet.')]
}

/** `at`, ISO 8601: when it is shown. */
function vmLine(vm: VmSummary, address: string | undefined, index: number, at: string): KnownBlock {
  const left = vm.lease === undefined ? [] : [timeLeft(vm.lease, Date.parse(at))]
  const facts = [vm.state, vm.host, ...(address === undefined ? [] : [address]), ...left]
    .map(escapeText)
    .join(' · ')
  return withButton(`${vmSign(vm)} ${bold(vm.name)}\n${facts}`, openButton(`vm show ${vmWord(vm)}`, index))
}

function vmSign({ state }: VmSummary): string {
  switch (state) {
    case 'running':
      return '🟢'
    case 'crashed':
      return '🔴'
    case 'shut off':
      return '⚪'
    default:
      return '🟡'
  }
}

function pager(page: number, total: number): KnownBlock[] {
  const pages = Math.ceil(total / vmsOnPage)
  if (pages < 2) return []
  const to = (target: number, label: string): Button => ({
    type: 'button',
    action_id: `${pageAction}:${target < page ? 'back' : 'on'}`,
    text: { type: 'plain_text', text: label },
    value: String(target),
  })
  return [
    {
      type: 'actions',
      block_id: 'pages',
      elements: [
        ...(page > 0 ? [to(page - 1, '‹ Back')] : []),
        ...(page < pages - 1 ? [to(page + 1, 'More ›')] : []),
      ],
    },
    ...context([`Page ${page + 1} of ${pages}`]),
  ]
}

function jobLines(jobs: readonly Job[]): KnownBlock[] {
  if (jobs.length === 0) return [section('None under way.')]
  const left = jobs.length - jobsShown
  return [
    ...jobs
      .slice(0, jobsShown)
      .map((job, index) =>
        withButton(escapeText(clip(headline(job), 200)), openButton(`job show ${job.id}`, index)),
      ),
    ...(left > 0 ? context([`… ${left} more: \`/qnav job list\``]) : []),
  ]
}

function decisions(jobs: readonly Job[]): KnownBlock[] {
  const left = jobs.length - decisionsShown
  return [
    ...jobs.slice(0, decisionsShown).flatMap((job): KnownBlock[] => {
      const what = job.plan?.summary ?? job.title
      const until = job.approval === undefined ? '' : ` · until ${dateTime(job.approval.expiresAt)}`
      return [
        section(`🔐 ${bold(what)}\n${mention(job.requester)}${until}`),
        {
          type: 'actions',
          block_id: `decide:${job.id}`,
          elements: [
            {
              type: 'button',
              action_id: runAction(0),
              text: { type: 'plain_text', text: 'Approve & deploy' },
              style: 'primary',
              value: `job approve ${job.id}`,
              confirm: confirmation(what, 'Approve & deploy'),
            },
            {
              type: 'button',
              action_id: denyAction,
              text: { type: 'plain_text', text: 'Deny' },
              style: 'danger',
              value: job.id,
            },
            {
              type: 'button',
              action_id: runAction(1),
              text: { type: 'plain_text', text: 'Look' },
              value: `job show ${job.id}`,
            },
          ],
        },
      ]
    }),
    ...(left > 0 ? context([`… ${left} more: \`/qnav job list --state waiting\``]) : []),
  ]
}

function hostLines(hosts: readonly HostLine[]): KnownBlock[] {
  // What needs somebody comes first.
  const sorted = hosts.toSorted((a, b) => urgency(b) - urgency(a))
  const left = hosts.length - hostsShown
  return [
    ...sorted.slice(0, hostsShown).map((host, index) => {
      const { name } = host
      const sign = ['✅', '⚠️', '❌'][urgency(host)]
      const check: Button = {
        type: 'button',
        action_id: runAction(index),
        text: { type: 'plain_text', text: 'Check' },
        value: `host check ${name}`,
      }
      return withButton(`${sign} ${bold(name)}\n${escapeText(clip(hostFacts(host), 400))}`, check)
    }),
    ...(left > 0 ? context([`… ${left} more: \`/qnav host list\``]) : []),
  ]
}

function urgency({ problem, room }: HostLine): 0 | 1 | 2 {
  if (problem !== undefined) return 2
  return room === undefined || room.alerts.length === 0 ? 0 : 1
}

function hostFacts({ problem, total, running, jobs, room }: HostLine): string {
  if (problem !== undefined) return problem
  const facts = [
    `${count(total, 'VM')}, ${running} running`,
    ...(jobs === 0 ? [] : [`${count(jobs, 'job')} at work`]),
    ...(room === undefined
      ? []
      : [
          `${showMiB(room.availableMemoryMiB)} of ${showMiB(room.totalMemoryMiB)} memory available`,
          `${showMiB(room.freeGiB * 1024)} disk free`,
        ]),
  ].join(' · ')
  return [...(room?.alerts ?? []).map((alert) => `${alert}.`), facts].join('\n')
}

function openButton(command: string, index: number): Button {
  return {
    type: 'button',
    action_id: runAction(index),
    text: { type: 'plain_text', text: 'Open' },
    value: command,
  }
}

function withButton(text: string, accessory: Button): KnownBlock {
  return { ...section(text), accessory }
}
