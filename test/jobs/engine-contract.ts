/** What every job engine must do. A realisation calls {@link engineContract} with a way to make and break itself. */
import { approvalContract } from './contract/approval.js'
import { breakGlassContract } from './contract/break-glass.js'
import { cancelContract } from './contract/cancelling.js'
import { type Contract, type EngineWorld, reopened } from './contract/engine-world.js'
import { lifeContract } from './contract/life.js'
import { lockContract } from './contract/locks.js'
import { renewedApprovalContract } from './contract/renewed-approval.js'
import { restartContract } from './contract/restarts.js'
import { undoContract } from './contract/undoing.js'

export function engineContract(name: string, makeWorld: () => Promise<EngineWorld>): void {
  const contract: Contract = {
    name,
    makeWorld,
    async working(body) {
      const world = await makeWorld()
      return { world, jobs: await reopened(world, body) }
    },
  }
  lifeContract(contract)
  renewedApprovalContract(contract)
  approvalContract(contract)
  breakGlassContract(contract)
  lockContract(contract)
  cancelContract(contract)
  restartContract(contract)
  undoContract(contract)
}
