export {
  type CreateRequest,
  createKcli,
  type DetachedRuns,
  type Exec,
  type Kcli,
  type KcliParts,
} from './kcli.js'
export type { CreateOutcome } from './output.js'
export type { CreateParams } from './params.js'
