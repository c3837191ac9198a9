/** The bot in this process, at the local Slack: real commands, policy, jobs and Slack room over hosts in memory. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadCatalogue } from '../../src/command/index.js'
import { readAppManifest } from '../../src/demo/index.js'
import { createJobs, createSchedules, type Jobs } from '../../src/jobs/index.js'
import { createLog } from '../../src/log.js'
import { createPolicy, type GroupDirectory, type PolicySettings } from '../../src/policy/index.js'
import { createRequests } from '../../src/request/index.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js'
import { createSlackSurface, type SlackParts } from '../../src/slack/index.js'
import { aFleet, type FakeHostOptions } from '../fakes/fleet.js'

export interface SlackHouse {
  sandbox: Sandbox
  jobs: Jobs
  host: ReturnType<typeof aFleet>['host']
  stop(): Promise<void>
}

/** Ann may ask for changes, Ben approves them, Olu is the admin. */
export async function startSlackHouse(
  hosts: FakeHostOptions[],
  { rules, breakGlass }: { rules?: Partial<PolicySettings>; breakGlass?: SlackParts['breakGlass'] } = {},
): Promise<SlackHouse> {
  const path = await mkdtemp(join(tmpdir(), 'qnav-slack-'))
  const log = createLog({ level: 'silent' })
  const sandbox = await startSandbox({ port: 0, manifest: await readAppManifest() })
  const { fleet, host } = aFleet({ hosts })
  const audit = async () => undefined
  let directory: GroupDirectory | undefined
  const policy = createPolicy({
    settings: {
      roles: {
        operator: { users: ['U0ANN'], groups: [] },
        approver: { users: ['U0BEN'], groups: [] },
        admin: { users: ['U0OLU'], groups: [] },
      },
      approvals: [{ risks: ['change', 'destructive'], rule: { approvers: 1, expiresMs: 4 * 3_600_000 } }],
      ...rules,
    },
    groups: { membersOf: async (id) => directory?.membersOf(id) ?? [] },
    log,
  })
  const jobs = createJobs({ data: { path }, audit, log })
  const catalogue = await loadCatalogue(fileURLToPath(new URL('../../commands', import.meta.url)))
  const schedules = createSchedules({ data: { path }, jobs, audit, log })
  const requests = createRequests({ catalogue, policy, fleet, jobs, schedules, audit })
  const surface = createSlackSurface({
    settings: {
      botToken: sandbox.botToken,
      apiUrl: sandbox.apiUrl,
      receiver: { kind: 'socket', appToken: sandbox.appToken },
    },
    requests,
    catalogue,
    fleet,
    policy,
    jobs,
    schedules,
    approvalsChannel: 'C0APPROVE',
    dataDirectory: path,
    log,
    ...(breakGlass === undefined ? {} : { breakGlass }),
  })
  directory = surface.groups
  await jobs.start()
  await schedules.start()
  await surface.start()
  return {
    sandbox,
    jobs,
    host,
    async stop() {
      await surface.stop()
      await schedules.stop()
      await jobs.stop()
      await sandbox.stop()
      await rm(path, { recursive: true, force: true })
    },
  }
}
