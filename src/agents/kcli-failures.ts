/** What people are told when kcli made no VM. */
import { UserError } from '../errors.js'
import type { CreateOutcome } from '../kcli/index.js'
import type { VmSpec } from './agent.js'
import type { HostContext } from './host-context.js'

export function saidBy(
  outcome: Exclude<CreateOutcome, { outcome: 'created' }>,
  { settings }: HostContext,
  spec: VmSpec,
): UserError {
  const { name } = settings
  const said = `kcli on ${name}: ${outcome.line}`
  switch (outcome.outcome) {
    case 'image-not-found':
      return spec.image === undefined
        ? new UserError('unknown-profile', said, {
            fix: `Check the profile and its image on ${name}: kcli list profile`,
          })
        : new UserError('unknown-image', said, {
            fix: `See what there is: image list --host ${name}. An inactive pool hides its images: host check ${name}`,
          })
    case 'pool-not-found':
      return new UserError('unknown-pool', said, { fix: `See what there is: host show ${name}` })
    case 'network-invalid':
      return new UserError('unknown-network', said, { fix: `See what there is: host show ${name}` })
    case 'no-permission':
      return new UserError('kcli-failed', said, {
        fix: `Allow the bot's user there to use kcli: group libvirt, or sudo without password and kcli: { sudo: true } in qnav.yml.`,
      })
    case 'timed-out':
      return new UserError('timeout', `kcli on ${name} did not end in time; it last said: ${outcome.line}`, {
        fix: `A missing image is downloaded first: fetch it beforehand, or try again. host check ${name}`,
      })
    case 'iso-tool-missing':
      return new UserError('kcli-failed', said, {
        fix: `Install genisoimage (or xorriso) on ${name}: the first configuration of a VM is written with it.`,
      })
    case 'disturbed':
      return new UserError('kcli-failed', said, {
        fix: 'Something else on the host went away while kcli looked; ask again.',
      })
    case 'interrupted':
      return new UserError('kcli-failed', `kcli on ${name} did not end by itself: ${outcome.line}`, {
        fix: `Look at the host, then ask again: host check ${name}`,
      })
    case 'name-taken':
    case 'start-failed':
    case 'failed':
      return new UserError('kcli-failed', said, { fix: `Look at the host: host check ${name}` })
  }
}

export function taken({ settings }: HostContext, name: string): UserError {
  return new UserError('name-taken', `There is already a VM “${name}” on ${settings.name}.`, {
    fix: `Choose another name, or look at that one: vm show ${name}@${settings.name}`,
  })
}
