/** What people see without asking again, with a real host: the Home tab and the lists of forms follow libvirt's events. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { attempt, run } from '../../src/demo/index.js'
import type { SandboxView } from '../../src/sandbox/index.js'
import { WholeBot } from './whole-bot.js'

const lab = inject('lab')
const user = 'U0ANN'
const name = `live-${randomUUID().slice(0, 6)}`
const virsh = (...args: string[]) => run('virsh', ['-c', 'qemu:///system', ...args])

describe.skipIf(lab === undefined)('in the running bot', () => {
  let bot: WholeBot
  let directory: string

  beforeAll(async () => {
    if (lab === undefined) return
    bot = await WholeBot.start({ lab })
    directory = await mkdtemp(join(tmpdir(), 'qnav-live-'))
    await writeFile(
      join(directory, 'vm.xml'),
      `<domain type="qemu"><name>${name}</name><memory unit="MiB">64</memory><vcpu>1</vcpu><os><type arch="x86_64">hvm</type></os></domain>`,
    )
  })
  afterAll(async () => {
    if (lab === undefined) return
    await attempt('virsh', ['-c', 'qemu:///system', 'undefine', name])
    await bot.stop()
    await rm(directory, { recursive: true, force: true })
  })

  const vmsIn = (view: SandboxView | undefined) =>
    Number(/(\d+) VMs?, /.exec(JSON.stringify(view?.blocks))?.[1])
  const offered = async (viewId: string) => {
    const { options } = await bot.sandbox.control.suggest({ user, viewId, actionId: 'field', query: name })
    return options.map(({ value }) => value)
  }

  it('a VM that somebody else defines is in the Home tab and in forms, and gone from both when it goes', async () => {
    const { control } = bot.sandbox
    await control.home({ user })
    const before = vmsIn(await control.waitForHome(user, (view) => vmsIn(view) >= 0))
    await control.command({ user, channel: 'C0VMS', text: '/qnav vm show' })
    const { id } = await control.waitForModal(user, ({ callbackId }) => callbackId === 'form')
    expect(await offered(id)).toEqual([])

    await virsh('define', join(directory, 'vm.xml'))
    await control.waitForHome(user, (view) => vmsIn(view) > before, 15_000)
    expect(await offered(id)).toEqual([name])

    const published = control.calls('views.publish').length
    await virsh('undefine', name)
    await control.waitFor(
      'the Home tab to follow',
      () => (control.calls('views.publish').length > published ? true : undefined),
      15_000,
    )
    expect(await offered(id)).toEqual([])
  })
})
