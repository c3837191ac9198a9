/** Once before host and e2e tests: installs what is missing where it may, and prepares a real hypervisor. */
import type { TestProject } from 'vitest/node'
import { installMissing, type Lab, type Missing, prepareLab } from '../../src/demo/index.js'

/** What tests get by `inject('lab')`. */
export type ProvidedLab = Pick<Lab, 'pool' | 'poolPath' | 'network' | 'image' | 'tiny' | 'kcli' | 'virtType'>

declare module 'vitest' {
  interface ProvidedContext {
    /** undefined where no lab could be made; such tests skip, and say so. */
    lab: ProvidedLab | undefined
  }
}

/** Two runs on one machine at the same time need two names: each deletes the VMs in its own pool at its end. */
const labName = process.env.QNAV_TEST_LAB ?? 'qnav-test'

let lab: Lab | undefined
let users = 0

export async function setup(project: TestProject): Promise<void> {
  users++
  const say = (line: string) => process.stderr.write(`[lab] ${line}\n`)
  if (lab === undefined) {
    const missing = await installMissing(['hypervisor', 'image', 'ssh', 'browser'], say)
    if (missing === undefined && process.getuid?.() === 0)
      lab = await prepareLab({ name: labName, say, vmsAtEnd: 'delete', accounts: true })
    else announceSkip(missing, say)
  }
  if (lab === undefined) {
    project.provide('lab', undefined)
    return
  }
  const { pool, poolPath, network, image, tiny, kcli, virtType } = lab
  project.provide('lab', { pool, poolPath, network, image, tiny, kcli, virtType })
}

export async function teardown(): Promise<void> {
  users--
  if (users > 0) return
  await lab?.stop()
  lab = undefined
}

function announceSkip(missing: Missing | undefined, say: (line: string) => void): void {
  const why =
    missing === undefined
      ? 'only root may start libvirt and make networks here'
      : `missing: ${missing.names.join(', ')}. Install with: ${missing.command}`
  if (process.env.QNAV_REQUIRE_ALL === '1')
    throw new Error(`host tests cannot run and nothing may be skipped: ${why}`)
  say(`SKIPPING all tests against a real hypervisor: ${why}`)
}
