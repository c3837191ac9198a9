import { describe, expect, it } from 'vitest'
import type { OwnPreferences } from '../../src/command/index.js'
import type { Preferences } from '../../src/preferences/index.js'
import { aFleet, anImage } from '../fakes/fleet.js'
import { ask, factsOf, plan } from './conversation.js'

const images = [anImage({ name: 'tiny.qcow2' })]
const { fleet } = aFleet({ hosts: ['kvm1', 'kvm2'].map((name) => ({ name, images })) })
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFXDpsVRY7bDfPdKq1SbTnnlWyPuqw8KcBYHnkYv2Hx8 ann@laptop'

function own(kept: Preferences = {}): OwnPreferences & { kept: Preferences } {
  return {
    kept,
    mine() {
      return this.kept
    },
    async set(preferences) {
      this.kept = preferences
    },
  }
}

describe('prefs', () => {
  it('are set one by one, and each taken away', async () => {
    const preferences = own()
    await ask('prefs set --host kvm2', { fleet, preferences })
    await ask(`prefs set --ssh-key "${key}" --time-zone Europe/Amsterdam --quiet 22:00-07:00`, {
      fleet,
      preferences,
    })
    expect(preferences.kept).toEqual({
      host: 'kvm2',
      sshKey: key,
      timeZone: 'Europe/Amsterdam',
      quiet: '22:00-07:00',
    })
    expect(factsOf(await ask('prefs show', { fleet, preferences }))).toEqual({
      'New VMs go to': 'kvm2',
      'SSH key of new VMs': 'ssh-ed25519 ann@laptop',
      'Time zone': 'Europe/Amsterdam',
      'Quiet hours': '22:00-07:00',
    })
    await ask('prefs clear quiet', { fleet, preferences })
    expect(preferences.kept).toEqual({ host: 'kvm2', sshKey: key, timeZone: 'Europe/Amsterdam' })
    await ask('prefs clear all', { fleet, preferences })
    expect(preferences.kept).toEqual({})
  })

  it('are not set to what there is not', async () => {
    const preferences = own()
    for (const line of [
      'prefs set --host kvm9',
      'prefs set --time-zone Mars/Base',
      'prefs set --quiet 22-7',
      'prefs set --ssh-key "ssh-rsa nonsense"',
    ])
      await expect(ask(line, { fleet, preferences }), line).rejects.toMatchObject({ fix: expect.any(String) })
    expect(preferences.kept).toEqual({})
  })

  it('say where a new VM goes and which key it gets, and the plan says whose they are', async () => {
    const preferences = { host: 'kvm2', sshKey: key }
    const { plan: made, args } = await plan('vm create web1 --image tiny.qcow2', { fleet, preferences })
    expect(args).toMatchObject({ host: 'kvm2', sshKey: [key] })
    expect(made.facts).toContainEqual({ label: 'Host', value: 'kvm2, your preferred one' })
    expect(made.facts).toContainEqual({
      label: 'SSH keys',
      value: 'ssh-ed25519 ann@laptop, of your preferences',
    })
  })

  it('give way to what the line says', async () => {
    const preferences = { host: 'kvm2', sshKey: key }
    const other = key.replace('ann@laptop', 'other')
    const line = `vm create web1 --image tiny.qcow2 --host kvm1 --ssh-key "${other}"`
    expect((await plan(line, { fleet, preferences })).args).toMatchObject({ host: 'kvm1', sshKey: [other] })
  })

  it('that name a host which is no more are told of and not followed', async () => {
    const { plan: made, args } = await plan('vm create web1 --image tiny.qcow2', {
      fleet,
      preferences: { host: 'kvm9' },
    })
    expect(['kvm1', 'kvm2']).toContain(args.host)
    expect(made.warnings).toContain('Your preferred host kvm9 is not among the hosts any more.')
  })
})
