/** What a row of the procedure table is. */
import { programs } from './frames.js'
import { type Codec, nothing, type Of, struct } from './xdr.js'

export interface Procedure<Args, Reply> {
  /** libvirt's own name, without REMOTE_PROC_. */
  name: string
  program: number
  number: number
  args: Codec<Args>
  /** Names of the arguments, in order. */
  argNames: readonly string[]
  reply: Codec<Reply>
  /** libvirt works it on its reserved threads: never behind slow work. */
  highPriority: boolean
  /** First libvirt version that has it, when that is later than 1.2. */
  since?: string
}

type Fields = { readonly [name: string]: Codec<never> | Codec<unknown> }
type ValueOf<F extends Fields> = [keyof F] extends [never] ? undefined : { [K in keyof F]: Of<F[K]> }

/** One row: `proc(16, 'domain_get_info', { dom: Domain }, { state: u32, … })`. `high` marks high priority. */
export function proc<const A extends Fields, const R extends Fields>(
  number: number,
  name: string,
  args: A,
  reply: R,
  options: { high?: boolean; since?: string; program?: number } = {},
): Procedure<ValueOf<A>, ValueOf<R>> {
  const codecOf = <F extends Fields>(fields: F) =>
    (Object.keys(fields).length === 0 ? nothing : struct(fields)) as unknown as Codec<ValueOf<F>>
  return {
    name,
    number,
    program: options.program ?? programs.remote,
    args: codecOf(args),
    argNames: Object.keys(args),
    reply: codecOf(reply),
    highPriority: options.high ?? false,
    ...(options.since === undefined ? {} : { since: options.since }),
  }
}
