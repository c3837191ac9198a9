/** Every change by form and by text, through the real requests and the real job engine: the same job comes of both. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { loadCatalogue } from '../../src/command/index.js'
import { readAppManifest } from '../../src/demo/index.js'
import type { Job } from '../../src/jobs/index.js'
import { startSandbox } from '../../src/sandbox/index.js'
import { anImage, aSnapshot, aVm } from '../fakes/fleet.js'
import { aHouse } from '../request/house.js'
import { aSurface } from './bot-over-fakes.js'

const user = 'U0ANN'
const channel = 'C0VMS'
const changes = (await loadCatalogue(new URL('../../commands', import.meta.url).pathname))
  .entries()
  .filter(({ command }) => command.risk !== 'read')
  .flatMap(({ command }) => command.examples)

/** What an example needs to be there, and not to be there. */
function hostFor(example: string) {
  const isFor = (path: string) => example.startsWith(path)
  const web1 = aVm({
    name: 'web1',
    state: isFor('vm start') ? 'shut off' : 'running',
    snapshots: isFor('snapshot create') ? [] : [aSnapshot({ name: 'before-upgrade' })],
    ...(isFor('vm adopt') ? {} : { ownership: { owner: user, requester: user, job: 'j-1' } }),
  })
  return {
    name: 'kvm1',
    vms: isFor('vm create') ? [] : [web1],
    images: [anImage({ name: 'rockylinux9' })],
    profiles: ['rhel9'],
    capacity: { memoryMiB: 65_536, availableMemoryMiB: 65_536 },
  }
}

/** What a job is, without what tells it from every other. */
function essence({ title, body, version, requester, origin, state, plan, locks, reason }: Job) {
  const job = { title, body, version, requester, origin, state, plan, locks, reason }
  // A snapshot without a name is named by the time.
  return JSON.parse(JSON.stringify(job).replace(/\d{4}-?\d\d-?\d\d[T-]?[\d:-]*/g, '(time)'))
}

describe('every change', () => {
  it.each(changes)('is the same job by form and by text: %s', async (example) => {
    const house = await aHouse({ hosts: [hostFor(example)], people: { operator: [user] } })
    const sandbox = await startSandbox({ port: 0, manifest: await readAppManifest() })
    const surface = aSurface({
      sandbox,
      requests: house.requests,
      jobs: house.jobs,
      catalogue: house.catalogue,
      fleet: house.fleet.fleet,
      policy: house.policy,
    })
    await surface.start()
    onTestFinished(async () => {
      await surface.stop()
      await sandbox.stop()
    })
    const nextJob = async () => {
      const job = await vi.waitFor(
        () => house.jobs.list().find(({ state }) => state !== 'cancelled') ?? expect.fail('no job'),
      )
      const waiting = await house.until(job, 'awaiting-approval')
      const { id } = waiting
      await house.requests.handle({
        text: `job cancel ${id}`,
        person: { id: user },
        origin: { surface: 'terminal' },
      })
      await house.until(job, 'cancelled')
      return essence(waiting)
    }

    await sandbox.control.command({ user, channel, text: `/qnav ${example}` })
    const typed = await nextJob()
    await sandbox.control.command({ user, channel, text: `/qnav ${example} --form` })
    const form = await sandbox.control.waitForModal(user, ({ callbackId }) => callbackId === 'form')
    expect(await sandbox.control.submit({ user, viewId: form.id })).toMatchObject({ errors: {} })
    await sandbox.control.waitForModal(
      user,
      ({ callbackId, submit }) => callbackId === 'plan' && submit === 'Go ahead',
    )
    await sandbox.control.submit({ user, viewId: form.id })
    expect(await nextJob()).toEqual(typed)
  })
})
