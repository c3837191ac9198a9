/** What `kcli create vm` came to, by its own words. Exit status 0 is no evidence: whoever asks looks at libvirt. */
import { lastLine, linesOf } from './output.js'

export type CreateFailure =
  | 'name-taken'
  /** Neither an image nor a profile of that name; also an image in a pool that is not active. */
  | 'image-not-found'
  | 'pool-not-found'
  | 'network-invalid'
  /** Defined, and not started: the VM, its disks and its ISO are left behind. */
  | 'start-failed'
  /** No program on the host that writes the cloud-init ISO. */
  | 'iso-tool-missing'
  /** libvirt did not let this account in, or was not there. */
  | 'no-permission'
  /** Something else on the host went away while kcli looked around; asked again it may well work. */
  | 'disturbed'
  /** Ended by its time limit. */
  | 'timed-out'
  /** Cancelled, killed from outside, or the host went down; anything may be left behind. */
  | 'interrupted'
  | 'failed'

export type CreateOutcome = { outcome: 'created' } | { outcome: CreateFailure; line: string }

/** Where kcli can tell its failures apart; the first that fits a line. In its versions of August and October 2026. */
const complaints: [RegExp, CreateFailure][] = [
  [/no (network|storage pool|domain) with matching uuid|no storage vol with matching/i, 'disturbed'],
  [/VM \S+ already exists|domain '\S+' already exists with uuid/i, 'name-taken'],
  [/Image .* not found|you don't have image|Missing profile file/i, 'image-not-found'],
  [/Pool .* not found|no storage pool with matching name/i, 'pool-not-found'],
  [/Invalid network/i, 'network-invalid'],
  [/mkisofs.*(required|needed)|Missing mkisofs/i, 'iso-tool-missing'],
  [
    /Couldn't connect to client|No configuration found|authentication (unavailable|failed)|Missing Section for client/i,
    'no-permission',
  ],
  [
    /cannot set up guest memory|unexpectedly closed the monitor|process exited while connecting to monitor|network '.*' is not active|Cannot access (storage|backing) file|invalid argument: could not find capabilities|Cannot get interface MTU|failed to (create|add) (tap|bridge)|is not supported by hypervisor|KVM is not available/i,
    'start-failed',
  ],
]

/** Characters of a line that are looked at. */
const longestLine = 1000

export interface EndedRun {
  end: 'exited' | 'time-limit' | 'cancelled' | 'killed' | 'rebooted'
  exitCode: number | null
  output: string
}

export function createOutcome(name: string, { end, exitCode, output }: EndedRun): CreateOutcome {
  // The patterns below take time with the square of a line, and a mirror or a guest may have a say in what it holds.
  const lines = linesOf(output).map((line) => line.slice(0, longestLine))
  if (end === 'time-limit') return { outcome: 'timed-out', line: lastLine(output) }
  if (end !== 'exited')
    return { outcome: 'interrupted', line: `${ends[end]}; it last said: ${lastLine(output)}` }
  if (exitCode === 0 && lines.some((line) => line.startsWith(`${name} created on `)))
    return { outcome: 'created' }
  for (const [pattern, outcome] of complaints) {
    const line = lines.findLast((each) => pattern.test(each))
    if (line !== undefined) return { outcome, line: line.slice(0, 500) }
  }
  return { outcome: 'failed', line: lastLine(output) }
}

const ends = {
  cancelled: 'it was cancelled',
  killed: 'it was ended from outside',
  rebooted: 'the host was rebooted meanwhile',
} as const
