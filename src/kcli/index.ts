export { accountPrefix } from './account.js'
export type { CreateFailure, CreateOutcome } from './create-outcome.js'
export {
  type CreateRequest,
  createKcli,
  type DetachedRuns,
  type Exec,
  type Kcli,
  type KcliParts,
} from './kcli.js'
export type { CreateParams } from './params.js'
export type { KcliFound } from './probe.js'
