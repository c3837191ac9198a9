/** What a command is. A file in commands/ default-exports one; syntax, help, forms, cards and audit derive from it. */
import type { z } from 'zod'
import type { Agent, Fleet } from '../agents/agent.js'
import type { Job, Jobs, Json, Person, StepControl, Undo } from '../jobs/job.js'
import type { NewSchedule, Schedule, Schedules } from '../jobs/schedule.js'
import type { Preferences } from '../preferences/index.js'
import type { Plan, Report } from '../report/index.js'
import type { Catalogue } from './catalogue.js'
import type { LeaseTerms } from './leases.js'

/** read: changes nothing. change: can be undone. destructive: loses data. host: touches the whole host. */
export type Risk = 'read' | 'change' | 'destructive' | 'host'

/** What each risk means, for help and cards. */
export const risks: Readonly<Record<Risk, string>> = {
  read: 'changes nothing',
  change: 'can be undone',
  destructive: 'loses data',
  host: 'touches the whole host',
}

/** What the risk of a command is, in words: "loses data". */
export function riskInWords(command: Command): string {
  return command.risk === 'read' && command.lasting === true ? 'changes no host' : risks[command.risk]
}

/** What a command takes beyond `read` that changes no host. deciding: the word about others' requests. admin: the role. */
export type Need = 'deciding' | 'admin'

/** A command as policy sees it before it is known where it works. */
export interface AskedCommand {
  risk: Risk
  /** "vm create"; absent for any command of this risk. */
  path?: string
  needs?: Need
}

/** Policy's word about a command before it is known where it works. */
export interface MayAsk {
  answer: 'yes' | 'with approval' | 'no'
  /** "on kvm1 to VMs of their own"; absent where it is everywhere, or nowhere. */
  where?: string
}

/** Who asks, and what policy says of them. */
export interface Caller extends Person {
  roles: string[]
}

/** What a person has of what they may have. */
export interface QuotaUse {
  /** What is limited, e.g. "the VMs of U1"; what is counted; how much is there, and how much unfinished jobs will add. */
  lines: { of: string; what: string; used: string; reserved: string; limit?: string }[]
  /** Hosts that did not answer, in words. */
  notes: string[]
}

export interface QuotaReading {
  of(owner: string): Promise<QuotaUse>
}

/** qnav.yml, read again while the bot runs. */
export interface Reloaded {
  /** Absolute path. */
  file: string
  /** Keys that are different now and count from now on. */
  changed: string[]
  /** Keys that are different now and count after a restart. */
  needRestart: string[]
  /** What is worth knowing about the file, in sentences. */
  warnings: string[]
}

/** What to look for in the audit log, as typed; each that is given must fit. */
export type AuditQuery = Partial<
  Record<'about' | 'by' | 'job' | 'event' | 'command' | 'since' | 'until', string>
>

/** One entry of the audit log. */
export interface AuditHit {
  seq: number
  /** ISO 8601. */
  at: string
  event: string
  /** Empty where there is none. */
  job: string
  by: string
  /** The rest, as JSON; empty where there is none. */
  detail: string
}

export interface AuditReading {
  /** The newest first. `more` is the `before` of what follows, `gaveUpAt` the time (ISO 8601) of the last entry that was
   * looked at when it took too long. Rejects with `bad-argument` for a time that is none. */
  search(
    query: AuditQuery,
    page: { limit: number; before?: number },
  ): Promise<{ hits: AuditHit[]; more?: number; gaveUpAt?: string }>
}

export interface OwnPreferences {
  mine(): Readonly<Preferences>
  /** Instead of those there were. Resolves when they are on disk. */
  set(preferences: Preferences): Promise<void>
}

/** What would happen to a command line, and by which rule. */
export interface Explanation {
  /** As it would be kept: every argument that was read. */
  line: string
  risk: Risk
  person: Person
  /** Why each role is held. */
  roles: readonly { role: string; why: string }[]
  /** Policy's word: on hosts and VMs where a plan could be made, else on the command alone. */
  allowed: boolean
  because: string
  /** Of a change that is allowed so far: what it would do, or what stands in its way. */
  plan?: Plan
  /** In words; absent where it would run at once. */
  approval?: string
}

/** Schedules as the caller sees them. */
export interface ScheduleDesk extends Pick<Schedules, 'get' | 'list' | 'next'> {
  /** Of schedules that name none. */
  timeZone: string
  /** In the caller's name, with cards where the caller is. Rejects with what is wrong with the line, and with `not-allowed`. */
  create(wanted: Pick<NewSchedule, 'line' | 'rhythm' | 'missed'>): Promise<Schedule>
  /** Rejects with `not-allowed` for another's, unless the caller is an admin. */
  delete(id: string): Promise<void>
}

/** What a read command may use. */
export interface ReadContext {
  caller: Caller
  /** Why the caller holds each role. */
  held: Explanation['roles']
  fleet: Fleet
  jobs: Pick<Jobs, 'get' | 'find' | 'list' | 'history' | 'locks' | 'decide' | 'review' | 'cancel'>
  catalogue: Catalogue
  quotas: QuotaReading
  schedules: ScheduleDesk
  /** Whether the caller may ask for something of this risk, or for this command, and whether it needs approval. */
  mayAsk(asked: AskedCommand): MayAsk
  /** What would happen if this line were asked for now, by the caller or by somebody else, and by which rule. Rejects with
   * what is wrong with the line. */
  explain(line: string, as?: Person): Promise<Explanation>
  audit: AuditReading
  /** Those of the caller. */
  preferences: OwnPreferences
  /** Reads qnav.yml again. Rejects with what is wrong with it; then the one before stays in force. */
  reload(): Promise<Reloaded>
  /** Whether the caller may decide about others' requests. */
  mayApprove: boolean
  /** Whether the caller may decide about this one, or review it, if it is somebody else's: its rule may ask holders of their roles. */
  mayDecide(job: Job): boolean
  /** Whether the caller may cancel others' jobs. */
  isAdmin: boolean
}

/** What a plan may use: it looks, it never touches. */
export interface PlanContext {
  /** `roles` as policy says now. */
  caller: Person & { roles?: readonly string[] }
  /** What counts where the line says nothing; none when absent. */
  preferences?: Readonly<Preferences>
  /** What qnav.yml says of leases; nothing when absent. */
  leases?: Readonly<LeaseTerms>
  fleet: Fleet
}

/** What the work of a command may use. */
export interface WorkContext {
  job: Readonly<Job>
  fleet: Fleet
  agent(host: string): Agent
  signal: AbortSignal
  /** What has an `undo` is undone when the job is cancelled or fails later; "keep": all of it stays once this is done. */
  step<T extends Json | void>(
    name: string,
    work: (control: StepControl) => Promise<T>,
    undo?: Undo<T> | 'keep',
  ): Promise<T>
  /** Shows an interim result while the work goes on. */
  publish(report: Report): void
}

interface CommandBase<Shape extends z.ZodRawShape> {
  /** One line in the imperative, without a full stop. */
  summary: string
  /** Longer help, one paragraph a string. */
  details?: string[]
  /** Complete command lines without the leading /qnav. */
  examples: [string, ...string[]]
  args: z.ZodObject<Shape>
  /** Arguments that may be given without their flag, in order. */
  positional?: readonly (keyof Shape & string)[]
  /** One-letter aliases: `{ m: 'memory' }`. */
  aliases?: Readonly<Record<string, keyof Shape & string>>
}

export interface ReadCommand<Shape extends z.ZodRawShape = z.ZodRawShape> extends CommandBase<Shape> {
  risk: 'read'
  /** It changes no host and still must not be lost, as a decision: it is on disk before it is acknowledged. */
  lasting?: true
  /** That it was asked is in the audit log. */
  audited?: true
  /** Whoever has not that is refused before it runs. */
  needs?: Need
  run(args: z.output<z.ZodObject<Shape>>, context: ReadContext): Promise<Report>
}

/** What a VM will be once the work is done, where that is more than it is now: counted against quotas from the plan on. What
 * is not named stays as it is. */
export interface Growth {
  vm: { name: string; host: string }
  /** Whose it will be. */
  owner?: string
  /** It will run. */
  runs?: true
  cpus?: number
  memoryMiB?: number
  /** Of all its disks together. */
  diskGiB?: number
  /** Names of those that it will have beside those it has. */
  snapshots?: string[]
}

/** A plan and the arguments it settled (host chosen, VM looked up): these, not what was typed, are approved and run. */
export interface Planned<Args> {
  plan: Plan
  args: Args
  /** What nobody else may change meanwhile, e.g. `vmLock(vm)`. */
  locks: string[]
  /** Absent where nothing grows. */
  growth?: Growth[]
}

export interface ChangeCommand<Shape extends z.ZodRawShape = z.ZodRawShape> extends CommandBase<Shape> {
  risk: Exclude<Risk, 'read'>
  plan(
    args: z.output<z.ZodObject<Shape>>,
    context: PlanContext,
  ): Promise<Planned<z.output<z.ZodObject<Shape>>>>
  /** Its arguments went through JSON: nothing but JSON values may be in them. */
  run(args: z.output<z.ZodObject<Shape>>, context: WorkContext): Promise<Report>
}

export type Command<Shape extends z.ZodRawShape = z.ZodRawShape> = ReadCommand<Shape> | ChangeCommand<Shape>

/** Gives a command file its types; returns the definition as it is. */
export function defineCommand<Shape extends z.ZodRawShape>(command: ReadCommand<Shape>): ReadCommand<Shape>
export function defineCommand<Shape extends z.ZodRawShape>(
  command: ChangeCommand<Shape>,
): ChangeCommand<Shape>
export function defineCommand(command: Command): Command {
  return command
}

/** What policy is asked about a command of the catalogue. */
export function askedOf({
  path,
  command,
}: {
  path: string
  command: Command
}): Required<Pick<AskedCommand, 'path'>> & AskedCommand {
  const { risk } = command
  return { path, risk, ...(risk === 'read' && command.needs !== undefined ? { needs: command.needs } : {}) }
}
