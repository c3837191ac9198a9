/** What qnav.yml and the environment say, after validation: the only shape the rest of the house sees. */
import type { HostSettings } from '../agents/host-settings.js'
import type { PolicySettings, QuotaSettings } from '../policy/index.js'

type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** How the bot talks to Slack. */
export interface SlackSettings {
  botToken: string
  /** Base address of the Web API with a trailing slash; Slack's own when absent. */
  apiUrl?: string
  receiver: { kind: 'socket'; appToken: string } | { kind: 'http'; signingSecret: string; port: number }
}

/** Of what ran by break-glass. */
export interface BreakGlassSettings {
  /** Channel id where it is announced; the approvals channel when absent. */
  channel?: string
  /** How often it is reminded of until it is reviewed, in milliseconds. */
  remindMs: number
}

export interface AuditMirrorSettings {
  /** Channel id. */
  channel?: string
  /** The journal of the bot's machine. */
  journald: boolean
  syslog?: { protocol: 'udp' | 'tcp' | 'tls'; host: string; port: number }
}

/** qnav.yml. */
export interface Config {
  /** Absolute path of the file. */
  path: string
  /** Channel id where approval cards go; always there when `policy.approvals` is not empty. */
  approvalsChannel?: string
  /** How it is told that somebody ran something without its approval; absent where nobody may. */
  breakGlass?: BreakGlassSettings
  /** In the order of the file. */
  hosts: HostSettings[]
  policy: PolicySettings
  /** Absent where nothing is limited. */
  quotas?: QuotaSettings
  /** How long VMs may run when nothing is said, and at most, in milliseconds. */
  leases?: { defaultMs?: number; longestMs?: number }
  /** IANA name; of hours in `policy.approvals` and of schedules that name none. */
  timeZone: string
  /** Of each person. */
  rates: { commandsPerMinute: number; changesPerHour: number }
  /** What a change does while another job holds what it wants, when its line does not say. */
  busy: 'queue' | 'refuse'
  /** How long the audit log keeps what is in it, in milliseconds; for ever when absent. */
  auditKeepMs?: number
  /** Who else gets each entry of the audit log. */
  auditMirror: AuditMirrorSettings
  /** How many finished jobs are at hand, and for how long older ones stay in the archive. */
  jobs: { keep: number; archiveMs: number }
}

/** The environment, without anything secret. */
export interface Environment {
  /** Absolute. */
  configPath: string
  /** Absolute. */
  dataDirectory: string
  logLevel: LogLevel
}

export interface Settings extends Config, Environment {
  /** Absent where no Slack is needed, as in `qnav run` without a running bot. */
  slack?: SlackSettings
}
