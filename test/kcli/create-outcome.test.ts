import { describe, expect, it } from 'vitest'
import { createOutcome, type EndedRun } from '../../src/kcli/create-outcome.js'

/** Lines as kcli 99.0 prints them on libvirt 9.0 and QEMU 7.2, in its own colours. */
const pprint = (text: string) => `\x1b[36m${text}\x1b[0m\n`
const error = (text: string) => `\x1b[31m${text}\x1b[0m\n`
const success = (text: string) => `\x1b[32m${text}\x1b[0m\n`
const deploying = pprint('Deploying vm web1 from image rocky9.qcow2...')
const notCreated = (why: string) => deploying + error(`web1 not created because ${why}`)

const ended = (output: string, change: Partial<EndedRun> = {}) =>
  createOutcome('web1', { end: 'exited', exitCode: 1, output, ...change })

describe('what a kcli create came to', () => {
  it('is a VM only where kcli says so of that very name and ends with 0', () => {
    const created = deploying + success('web1 created on local')
    expect(ended(created, { exitCode: 0 })).toEqual({ outcome: 'created' })
    expect(ended(created, { exitCode: 1 })).toMatchObject({ outcome: 'failed' })
    expect(ended(created, { exitCode: null })).toMatchObject({ outcome: 'failed' })
    for (const lie of [
      '',
      deploying,
      success('web10 created on local'),
      success('old-web1 created on local'),
    ])
      expect(ended(lie, { exitCode: 0 })).toMatchObject({ outcome: 'failed' })
  })

  it.each([
    ['name-taken', notCreated('VM web1 already exists')],
    [
      'name-taken',
      `${deploying}Traceback (most recent call last):\n  File "/usr/bin/kcli", line 8, in <module>\nlibvirt.libvirtError: operation failed: domain 'web1' already exists with uuid 5f0b7c35-8f4b-4c0e-9b6e-2f1a6d1c7e11\n`,
    ],
    ['image-not-found', pprint('Deploying vm web1 from profile rocky9...') + error('Image rocky9 not found')],
    ['image-not-found', notCreated("you don't have image rocky9.qcow2")],
    ['image-not-found', notCreated("you don't have image CentOS-8. Use kcli download centos8")],
    ['image-not-found', error('Missing profile file small.yml')],
    ['pool-not-found', notCreated('Pool fast not found')],
    [
      'pool-not-found',
      "libvirt.libvirtError: Storage pool not found: no storage pool with matching name 'fast'\n",
    ],
    ['network-invalid', notCreated('Invalid network dmz')],
    [
      'iso-tool-missing',
      error('mkisofs, genisoimage or xorrisofs are required in order to create cloudinit iso'),
    ],
    ['iso-tool-missing', notCreated('Missing mkisofs/genisoimage/xorrisofs needed for cloudinit')],
    [
      'no-permission',
      error('authentication unavailable: no polkit agent available to authenticate action') +
        error("Couldn't connect to client local. Leaving..."),
    ],
    ['no-permission', error("Couldn't connect to client local. Leaving...")],
    ['no-permission', error('No configuration found nor local hypervisor. Is libvirt running?')],
    ['no-permission', error('Missing Section for client nowhere.Leaving...')],
    [
      'start-failed',
      notCreated(
        'internal error: qemu unexpectedly closed the monitor: qemu-system-x86_64: cannot set up guest memory',
      ),
    ],
    [
      'start-failed',
      notCreated(
        'internal error: process exited while connecting to monitor: Failed to create PTY: Permission denied',
      ),
    ],
    ['start-failed', notCreated("Requested operation is not valid: network 'default' is not active")],
    ['start-failed', notCreated('invalid argument: could not find capabilities for domaintype=kvm')],
    ['start-failed', notCreated("Cannot access storage file '/images/rocky9.qcow2': Permission denied")],
    ['start-failed', notCreated("Cannot get interface MTU on 'br0': No such device")],
    [
      'disturbed',
      "libvirt.libvirtError: Network not found: no network with matching uuid '6f233c06-cc81-4816-99eb-7d5612a7bad2' (lab)\n",
    ],
    [
      'disturbed',
      "libvirt.libvirtError: Storage pool not found: no storage pool with matching uuid '6f233c06-cc81-4816-99eb-7d5612a7bad2' (lab)\n",
    ],
    ['disturbed', "libvirt.libvirtError: Storage volume not found: no storage vol with matching name 'x'\n"],
    ['failed', notCreated('Wrong memory abc')],
    ['failed', notCreated("wrong type, it should be <class 'list'>")],
    [
      'failed',
      `${deploying}Traceback (most recent call last):\nlibvirt.libvirtError: unsupported configuration: Maximum CPUs greater than specified machine type limit 255\n`,
    ],
  ])('is called %s, with the line that says so', (outcome, output) => {
    const result = ended(output)
    expect(result).toMatchObject({ outcome })
    const { line } = result as { line: string }
    expect(line).not.toMatch(/\p{Cc}/u)
    expect(output).toContain(line)
    expect(line).not.toMatch(/^(Deploying|Traceback)/)
  })

  it('is no success because kcli ends with 0', () => {
    expect(ended(notCreated('VM web1 already exists'), { exitCode: 0 })).toMatchObject({
      outcome: 'name-taken',
    })
    expect(
      ended(error('mkisofs, genisoimage or xorrisofs are required in order to create cloudinit iso'), {
        exitCode: 0,
      }),
    ).toMatchObject({ outcome: 'iso-tool-missing' })
  })

  it('is not taken from a warning when the failure follows', () => {
    const output = pprint('Image cache not found, fetching') + notCreated('VM web1 already exists')
    expect(ended(output)).toEqual({
      outcome: 'name-taken',
      line: 'web1 not created because VM web1 already exists',
    })
  })

  it('is told with at most 500 characters', () => {
    const { line } = ended(error(`Image ${'x'.repeat(5000)} not found`)) as { line: string }
    expect(line).toHaveLength(500)
  })

  it('is a time limit, also when kcli had said that all is well', () => {
    const limited = ended(deploying, { end: 'time-limit', exitCode: 124 })
    expect(limited).toEqual({ outcome: 'timed-out', line: 'Deploying vm web1 from image rocky9.qcow2...' })
    expect(ended(success('web1 created on local'), { end: 'time-limit', exitCode: 137 })).toMatchObject({
      outcome: 'timed-out',
    })
  })

  it.each([
    ['cancelled', 143],
    ['killed', null],
    ['rebooted', null],
  ] as const)('is an interruption when the run was %s, with what it last said', (end, exitCode) => {
    expect(ended(deploying, { end, exitCode })).toMatchObject({
      outcome: 'interrupted',
      line: expect.stringContaining('Deploying vm web1'),
    })
    expect(ended('', { end, exitCode })).toMatchObject({
      outcome: 'interrupted',
      line: expect.stringContaining('it printed nothing'),
    })
  })
})
