/** What a command is. A file in commands/ default-exports one; syntax, help, forms, cards and audit derive from it. */
import type { z } from 'zod'
import type { Agent, Fleet } from '../agents/agent.js'
import type { Job, Jobs, Json, Person, StepControl } from '../jobs/job.js'
import type { Plan, Report } from '../report/index.js'
import type { Catalogue } from './catalogue.js'

/** read: changes nothing. change: can be undone. destructive: loses data. host: touches the whole host. */
export type Risk = 'read' | 'change' | 'destructive' | 'host'

/** What each risk means, for help and cards. */
export const risks: Readonly<Record<Risk, string>> = {
  read: 'changes nothing',
  change: 'can be undone',
  destructive: 'loses data',
  host: 'touches the whole host',
}

/** Who asks, and what policy says of them. */
export interface Caller extends Person {
  roles: string[]
}

/** What a read command may use. */
export interface ReadContext {
  caller: Caller
  fleet: Fleet
  jobs: Pick<Jobs, 'get' | 'list' | 'decide' | 'cancel'>
  catalogue: Catalogue
  /** Which risks the caller may ask for, and which of them need approval. */
  mayAsk(risk: Risk): 'yes' | 'with approval' | 'no'
  /** Whether the caller may decide about others' requests. */
  mayApprove: boolean
  /** Whether the caller may cancel others' jobs. */
  isAdmin: boolean
}

/** What a plan may use: it looks, it never touches. */
export interface PlanContext {
  /** `roles` as policy says now. */
  caller: Person & { roles?: readonly string[] }
  fleet: Fleet
}

/** What the work of a command may use. */
export interface WorkContext {
  job: Readonly<Job>
  fleet: Fleet
  agent(host: string): Agent
  signal: AbortSignal
  step<T extends Json | void>(name: string, work: (control: StepControl) => Promise<T>): Promise<T>
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
  run(args: z.output<z.ZodObject<Shape>>, context: ReadContext): Promise<Report>
}

/** A plan and the arguments it settled (host chosen, VM looked up): these, not what was typed, are approved and run. */
export interface Planned<Args> {
  plan: Plan
  args: Args
  /** What nobody else may change meanwhile, e.g. `vmLock(vm)`. */
  locks: string[]
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
