/** Whether a VM that was made is what was asked for, by what libvirt says of it. */
import { UserError } from '../errors.js'
import {
  type Connection,
  domainXml,
  findDomain,
  findVolume,
  findVolumeByPath,
  readDomainXml,
} from '../libvirt/index.js'
import type { FoundVm, VmSpec } from './agent.js'
import { type HostContext, workingOn } from './host-context.js'
import { stateOfVm } from './vm-reading.js'

/** What is there now, whatever kcli said of it. */
export async function lookAt(
  context: HostContext,
  spec: VmSpec,
  image: string | undefined,
  failure: UserError | undefined,
): Promise<{ vm: FoundVm } | { failure: UserError }> {
  if (failure !== undefined) return { failure }
  const found = await findDomain(await context.link.quick(), spec.name)
  if (found === undefined) {
    return {
      failure: new UserError(
        'kcli-failed',
        `kcli says that it created VM “${spec.name}”, and libvirt has none.`,
        {
          fix: 'Check that genisoimage is installed on the host: without it kcli fails in silence.',
        },
      ),
    }
  }
  const vm = { ...found, host: context.settings.name }
  const wrong = await workingOn(context, 'verify VM', vm, ({ quick }) => differences(quick, vm, spec, image))
  if (wrong.length === 0) return { vm }
  return {
    failure: new UserError(
      'kcli-failed',
      `VM “${spec.name}” is not what was asked for: ${wrong.join('; ')}.`,
      {
        fix: `Check the profile and kcli's version on ${vm.host}: host show ${vm.host}`,
      },
    ),
  }
}

async function differences(
  libvirt: Connection,
  vm: FoundVm,
  spec: VmSpec,
  image: string | undefined,
): Promise<string[]> {
  const [xml, { state, reason }] = await Promise.all([
    domainXml(libvirt, vm.uuid, { inactive: true }),
    stateOfVm(libvirt, vm),
  ])
  const { vcpus, memoryKiB, disks, nics, kcli } = readDomainXml(xml)
  const hard = disks.filter(({ device }) => device === 'disk')
  const volumes = await Promise.all(
    hard.map(async ({ source }) =>
      source === undefined
        ? undefined
        : ((await findVolume(libvirt, { pool: spec.pool, path: source })) ??
          (await findVolumeByPath(libvirt, source))),
    ),
  )
  const wrong: string[] = []
  const expect = (what: string, seen: unknown, asked: unknown): void => {
    if (seen !== asked) wrong.push(`${what} ${String(seen)} instead of ${String(asked)}`)
  }
  expect('CPUs', vcpus, spec.cpus)
  expect('memory in MiB', memoryKiB / 1024, spec.memoryMiB)
  expect('disks', hard.length, spec.disksGiB.length)
  for (const [index, volume] of volumes.entries()) {
    const asked = Math.ceil(spec.disksGiB[index] ?? 0)
    const size = (volume?.capacity ?? 0) / 1024 ** 3
    // An image larger than what was asked for keeps its size.
    if (size < asked) wrong.push(`disk ${index} has ${size} GiB instead of ${asked}`)
    expect(`pool of disk ${index}`, volume?.pool, spec.pool)
  }
  expect(
    'networks',
    nics.map(({ network, bridge }) => network ?? bridge).join(', '),
    spec.networks.join(', '),
  )
  if (spec.image !== undefined) expect('image', volumes[0]?.backing ?? kcli?.image, image ?? spec.image)
  if (spec.start && state !== 'running')
    wrong.push(`it is ${state}${reason === undefined ? '' : ` (${reason})`} instead of running`)
  if (!spec.start && state !== 'shut off') wrong.push(`it is ${state} instead of shut off`)
  return wrong
}
