/** What libvirt says, in words for people: what was being done, what happened, what to do next. The only translation. */
import { type ErrorCode, UserError } from '../errors.js'
import { LibvirtError } from '../libvirt/index.js'

export interface Attempt {
  host: string
  /** What was being done, as it reads after "could not": "start VM web1". */
  what: string
  /** The VM concerned, for the next command in the fix. */
  vm?: string
}

/** A UserError stays as it is, libvirt's errors are translated, anything else is a defect and stays as it is too. */
export function explained(error: unknown, attempt: Attempt): unknown {
  if (!(error instanceof LibvirtError)) return error
  const { code, fix } = explanation(error, attempt)
  return new UserError(code, `Host ${attempt.host} could not ${attempt.what}: ${sentence(error.message)}`, {
    fix,
    cause: error,
  })
}

/** Runs the work and rejects with what `explained` makes of its error. */
export async function explaining<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explained(error, attempt)
  }
}

// libvirt's numbers for what was not found (virterror.h).
const missing: Record<number, { code: ErrorCode; fix: (attempt: Attempt) => string }> = {
  42: { code: 'unknown-vm', fix: () => 'It may have been deleted meanwhile. See what there is: vm list' },
  43: { code: 'unknown-network', fix: ({ host }) => `See what there is: host show ${host}` },
  49: { code: 'unknown-pool', fix: ({ host }) => `See what there is: host show ${host}` },
  72: {
    code: 'unknown-snapshot',
    fix: ({ vm, host }) =>
      `See what there is: snapshot list ${vm === undefined ? '' : `${vm}@${host}`}`.trim(),
  },
}

// VIR_FROM_POLKIT and VIR_FROM_AUTH: without polkit or its bus, the error is an “internal” one of these.
const fromPolkit = new Set([47, 60])

function explanation(error: LibvirtError, attempt: Attempt): { code: ErrorCode; fix: string } {
  const { host, vm } = attempt
  if (error.kind === 'denied' || fromPolkit.has(error.domain)) {
    return {
      code: 'libvirt-denied',
      fix: `The bot's user on ${host} must be in the group libvirt (usermod -aG libvirt USER there), with D-Bus and polkit running.`,
    }
  }
  const look = vm === undefined ? `host check ${host}` : `vm show ${vm}@${host}`
  switch (error.kind) {
    case 'not-found': {
      const known = missing[error.code]
      return known === undefined
        ? { code: 'libvirt-failed', fix: `Look at it: ${look}` }
        : { code: known.code, fix: known.fix(attempt) }
    }
    case 'exists':
      return { code: 'name-taken', fix: 'Choose another name.' }
    case 'invalid-state':
      return { code: 'invalid-state', fix: `Look at its state, then try again: ${look}` }
    case 'busy':
    case 'timeout':
      return {
        code: 'timeout',
        fix: `Something else may be working on it. Wait a little, look, try again: ${look}`,
      }
    case 'unsupported':
      return { code: 'unsupported', fix: `This VM or this libvirt cannot do it. Look: ${look}` }
    case 'too-old':
      return { code: 'unsupported', fix: `Update libvirt on ${host}.` }
    case 'agent':
      return { code: 'libvirt-failed', fix: 'Check that qemu-guest-agent runs in the guest.' }
    case 'transport':
      return { code: 'libvirt-unavailable', fix: `Check that libvirt runs there: host check ${host}` }
    case 'bad-xml':
    case 'bad-argument':
    case 'failed':
      return {
        code: 'libvirt-failed',
        fix: `Look at the host and its log (journalctl -u libvirtd -u virtqemud): ${look}`,
      }
  }
}

const longestMessage = 1000

function sentence(text: string): string {
  // libvirt's strings may have 4 MiB; what helps stands at the beginning.
  const trimmed = text.trim().slice(0, longestMessage)
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`
}
