/**
 * Making a VM: kcli does it, detached on the host; libvirt tells whether it is true; what a failed attempt left is removed.
 *
 * | run of this key | VM or files of the name | then                                                              |
 * |-----------------|-------------------------|-------------------------------------------------------------------|
 * | none            | none                    | start it                                                          |
 * | none            | some                    | refuse: they are somebody else's                                  |
 * | known           | any                     | re-attach: before it was started there were none, so these are ours |
 *
 * A second attempt has a key of its own; once that is known, the first is over.
 */
import { UserError } from '../errors.js'
import type { CreateOutcome, Kcli } from '../kcli/index.js'
import { findDomain } from '../libvirt/index.js'
import type { FoundVm, ImageSummary, VmSpec, WorkControl } from './agent.js'
import { type HostContext, mustBeWritable } from './host-context.js'
import { readHostFacts } from './host-facts.js'
import { usableVirtType } from './host-reading.js'
import { describePools, filesInTheWay, listImages } from './host-storage.js'
import { saidBy, taken } from './kcli-failures.js'
import type { Runs } from './run-directory.js'
import { shellWord } from './shell-word.js'
import { removeLeftovers } from './vm-deletion.js'
import { lookAt } from './vm-verification.js'

export interface Maker {
  kcli: Kcli
  runs: Runs
}

export async function createVm(
  context: HostContext,
  maker: Maker,
  spec: VmSpec,
  control: WorkControl,
): Promise<FoundVm> {
  mustBeWritable(context.settings)
  checkName(spec.name)
  // What was begun has to be cleared up in its turn, also when it was cancelled meanwhile.
  const begun = await maker.runs.isKnown(control.key)
  return context.mutations.run(begun ? undefined : control.signal, () =>
    create(context, maker, spec, control),
  )
}

/** kcli looks at everything on the host, and gives up when any of it goes away meanwhile; so it is asked twice. */
async function create(
  context: HostContext,
  maker: Maker,
  spec: VmSpec,
  control: WorkControl,
): Promise<FoundVm> {
  const again = { ...control, key: `${control.key}/again` }
  if (!(await maker.runs.isKnown(again.key))) {
    const first = await attempt(context, maker, spec, control)
    if ('vm' in first) return first.vm
    if (!first.worthRepeating) throw first.failure
    context.log.info({ vm: spec.name, err: first.failure }, 'kcli was disturbed and is asked again')
  }
  const last = await attempt(context, maker, spec, again)
  if ('vm' in last) return last.vm
  throw last.failure
}

type Attempt = { vm: FoundVm } | { failure: UserError; worthRepeating: boolean }

async function attempt(
  context: HostContext,
  maker: Maker,
  spec: VmSpec,
  control: WorkControl,
): Promise<Attempt> {
  const begun = await maker.runs.isKnown(control.key)
  if (!begun) {
    control.signal.throwIfAborted()
    await mustBeFree(context, spec)
  }
  const image = begun ? await pathOfImage(context, spec) : await mustHaveImage(context, spec)
  const failed = (failure: UserError) =>
    withLeftoversRemoved(context, maker.runs, { ...spec, ...control }, failure)
  let outcome: CreateOutcome
  try {
    outcome = await runKcli(
      context,
      maker.kcli,
      { ...spec, ...(image === undefined ? {} : { image }) },
      control,
    )
  } catch (error) {
    if (!isCancelled(control.signal)) throw error
    control.progress('cancelling')
    throw await failed(control.signal.reason as UserError)
  }
  if (isCancelled(control.signal)) throw await failed(control.signal.reason as UserError)
  // Nothing of the name was there before, so whoever took it did so in between: it is not ours to touch.
  if (outcome.outcome === 'name-taken') throw taken(context, spec.name)
  control.progress('verifying')
  const refusal = outcome.outcome === 'created' ? undefined : saidBy(outcome, context, spec)
  const made = await lookAt(context, spec, image, refusal)
  if ('vm' in made) return made
  const failure = await failed(made.failure)
  // While libvirt reads a pool anew, kcli does not see the images in it.
  const unseen = outcome.outcome === 'image-not-found' && image !== undefined
  const isClear = failure === made.failure
  return { failure, worthRepeating: isClear && (outcome.outcome === 'disturbed' || unseen) }
}

async function runKcli(
  context: HostContext,
  kcli: Kcli,
  spec: VmSpec,
  control: WorkControl,
): Promise<CreateOutcome> {
  const { name, image, profile, cpus, memoryMiB, disksGiB, networks, pool, sshKeys, owner, start } = spec
  control.progress('creating')
  return kcli.createVm({
    key: control.key,
    name,
    ...(image === undefined ? {} : { image }),
    ...(profile === undefined ? {} : { profile }),
    params: {
      memory: memoryMiB,
      numcpus: cpus,
      disks: disksGiB.map((gib) => ({ size: Math.ceil(gib) })),
      nets: networks.map((network) => ({ name: network })),
      pool,
      ...(owner === undefined ? {} : { owner }),
      ...(sshKeys.length === 0 ? {} : { keys: sshKeys }),
      start,
      virttype: await usableVirtType(context, await readHostFacts(context.link.transport)),
    },
    signal: control.signal,
    progress: control.progress,
  })
}

/** A DNS label. Checked wherever a name comes in, and here again: kcli gives it to a shell. */
function checkName(name: string): void {
  if (/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return
  throw new UserError('bad-name', `“${name}” cannot be the name of a VM.`, {
    fix: 'Use at most 63 small letters, digits and hyphens, a letter first and no hyphen last.',
  })
}

async function mustBeFree(context: HostContext, { name, pool }: VmSpec): Promise<void> {
  const { link, settings } = context
  if ((await findDomain(await link.quick(), name)) !== undefined) throw taken(context, name)
  if (!(await describePools(context)).some((each) => each.name === pool)) {
    throw new UserError('unknown-pool', `There is no pool “${pool}” on ${settings.name}.`, {
      fix: `See what there is: host show ${settings.name}`,
    })
  }
  const files = await filesInTheWay(context, name)
  if (files.length === 0) return
  const used = files.filter(({ users }) => users.length > 0)
  const deletions = files.map(({ path }) => `virsh vol-delete ${shellWord(path)}`).join(' && ')
  throw new UserError(
    'orphan-disk',
    `Files of an earlier VM “${name}” are on ${settings.name}, and kcli would boot the new one from them: ${files.map(({ path }) => path).join(', ')}.`,
    {
      fix:
        used.length === 0
          ? `Choose another name, or delete them there: ${deletions}`
          : `Choose another name: ${used.map(({ path, users }) => `${path} is in use by VM ${users.join(' and ')}`).join(', ')}.`,
    },
  )
}

/** The image's path: where two pools have an image of one name, kcli takes whichever it saw last, and a profile of that
 * name instead of either. undefined when it is not clear which is meant. */
async function pathOfImage(context: HostContext, spec: VmSpec): Promise<string | undefined> {
  const found = await imagesFor(context, spec)
  return (found.find(({ pool }) => pool === spec.pool) ?? (found.length === 1 ? found[0] : undefined))?.path
}

/** As pathOfImage, undefined only for a profile. What no pool has does not get to kcli: it would download what it knows
 * by that name into the pool, unchecked, and leave half of it there when it fails. */
async function mustHaveImage(context: HostContext, spec: VmSpec): Promise<string | undefined> {
  const { image, pool } = spec
  if (image === undefined) return undefined
  const path = await pathOfImage(context, spec)
  if (path !== undefined) return path
  const host = context.settings.name
  const pools = (await imagesFor(context, spec)).map((each) => each.pool)
  if (pools.length === 0) {
    throw new UserError('unknown-image', `There is no image “${image}” on ${host}.`, {
      fix: `See what there is: image list --host ${host}. An inactive pool hides its images: host check ${host}`,
    })
  }
  throw new UserError(
    'bad-argument',
    `Image “${image}” is in the pools ${pools.join(' and ')} of ${host}, and not in ${pool}.`,
    { fix: 'Name the pool whose image is meant with --pool, or remove one of them.' },
  )
}

async function imagesFor(context: HostContext, { image }: VmSpec): Promise<ImageSummary[]> {
  return image === undefined ? [] : (await listImages(context)).filter(({ name }) => name === image)
}

/** The failure, with what could not be removed named in its fix. */
async function withLeftoversRemoved(
  context: HostContext,
  runs: Runs,
  { name, key }: Pick<VmSpec, 'name'> & Pick<WorkControl, 'key'>,
  failure: UserError,
): Promise<UserError> {
  const { code, message, fix } = failure
  const byHand = (what: string): UserError =>
    new UserError(code, message, {
      fix: `${fix} The attempt left things on ${context.settings.name}: ${what}.`,
      cause: failure,
    })
  try {
    // Whoever ended its watcher may have left kcli at work.
    await runs.cancel(key)
    const left = await removeLeftovers(context, name)
    return left.length === 0 ? failure : byHand(left.join('; '))
  } catch (error) {
    context.log.warn({ err: error, vm: name }, 'leftovers of a failed create could not be removed')
    return byHand(`VM ${name}, ${name}_*.img and ${name}.ISO, as far as they exist (${String(error)})`)
  }
}

function isCancelled({ aborted, reason }: AbortSignal): boolean {
  // Any other reason is the bot stopping: the run goes on, and is found again at the next start.
  return aborted && reason instanceof UserError && reason.code === 'cancelled'
}
