import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDiskOf, isFileOf, type KnownVolume, sortVolumes } from '../../src/agents/deletion-plan.js'

const volume = (name: string, backing?: string): KnownVolume => ({
  path: `/pool/${name}`,
  pool: 'default',
  capacityGiB: 1,
  ...(backing === undefined ? {} : { backing: `/pool/${backing}` }),
})
const disk = (name: string, device = 'disk', readOnly = false) => ({
  path: `/pool/${name}`,
  device,
  readOnly,
})

function sort(
  vm: string,
  disks: ReturnType<typeof disk>[],
  volumes: KnownVolume[],
  users: Record<string, string[]> = {},
) {
  const { removes, keeps } = sortVolumes({ vm, disks, volumes, usersOf: (path) => users[path] ?? [] })
  return { removes: removes.map(({ path }) => path).sort(), keeps }
}

describe('what goes with a VM', () => {
  it('are its disks and its cloud-init drive, not the image they are based on', () => {
    const volumes = [
      volume('tiny.qcow2'),
      volume('db_0.img', 'tiny.qcow2'),
      volume('db_1.img'),
      volume('db.ISO'),
    ]
    expect(sort('db', [disk('db_0.img'), disk('db_1.img'), disk('db.ISO', 'cdrom')], volumes)).toEqual({
      removes: ['/pool/db.ISO', '/pool/db_0.img', '/pool/db_1.img'],
      keeps: [],
    })
  })

  it('is not the disk of another VM whose name contains its name', () => {
    const volumes = [volume('db_0.img'), volume('mydb_0.img'), volume('db_0.img.bak')]
    expect(sort('db', [disk('db_0.img')], volumes).removes).toEqual(['/pool/db_0.img'])
  })

  it('is its cloud-init drive also when it was ejected', () => {
    expect(sort('db', [disk('db_0.img')], [volume('db_0.img'), volume('db.ISO')]).removes).toContain(
      '/pool/db.ISO',
    )
  })

  it.each([
    [
      'a disk that another VM uses',
      [disk('shared.img')],
      { '/pool/shared.img': ['web1'] },
      'web1 uses it too',
    ],
    ['a disk outside the pools', [disk('outside.img')], {}, 'it is in no active storage pool'],
    [
      'an installation CD',
      [disk('debian.iso', 'cdrom')],
      {},
      'it is a cdrom image, which other VMs may want',
    ],
    ['a read-only disk', [disk('data.img', 'disk', true)], {}, 'it is attached read-only'],
    ['a disk that another one is based on', [disk('base.img')], {}, '/pool/clone.img is based on it'],
  ])('is not %s', (_, disks, users, why) => {
    const volumes = [
      volume('shared.img'),
      volume('debian.iso'),
      volume('data.img'),
      volume('base.img'),
      volume('clone.img', 'base.img'),
    ]
    expect(sort('db', disks, volumes, users)).toEqual({ removes: [], keeps: [{ path: disks[0]?.path, why }] })
  })

  it('is the disk under its own external snapshots, once nothing else is based on it', () => {
    const chain = [volume('db_0.img', 'tiny.qcow2'), volume('db_0.snap1', 'db_0.img'), volume('tiny.qcow2')]
    expect(sort('db', [disk('db_0.snap1')], chain).removes).toEqual(['/pool/db_0.img', '/pool/db_0.snap1'])
    const alsoUsed = [...chain, volume('clone.img', 'db_0.img')]
    expect(sort('db', [disk('db_0.snap1')], alsoUsed).removes).toEqual(['/pool/db_0.snap1'])
  })

  it('is both a disk and its base when both are attached, in any order', () => {
    const volumes = [volume('db_0.img'), volume('db_1.img', 'db_0.img')]
    for (const disks of [
      [disk('db_0.img'), disk('db_1.img')],
      [disk('db_1.img'), disk('db_0.img')],
    ]) {
      expect(sort('db', disks, volumes)).toEqual({ removes: ['/pool/db_0.img', '/pool/db_1.img'], keeps: [] })
    }
  })

  it('never includes what somebody else needs, whatever the host looks like', () => {
    const name = fc.constantFrom('db_0.img', 'db_1.img', 'db.ISO', 'web_0.img', 'tiny.qcow2', 'x.img')
    const arbitraryVolumes = fc
      .uniqueArray(name, { minLength: 1 })
      .chain((names) =>
        fc.tuple(
          ...names.map((each) =>
            fc
              .option(fc.constantFrom(...names), { nil: undefined })
              .map((backing) => volume(each, backing === each ? undefined : backing)),
          ),
        ),
      )
    fc.assert(
      fc.property(arbitraryVolumes, fc.array(name), fc.array(name), (volumes, attached, foreign) => {
        const users = Object.fromEntries(foreign.map((each) => [`/pool/${each}`, ['other']]))
        const { removes, keeps } = sort(
          'db',
          attached.map((each) => disk(each)),
          volumes,
          users,
        )
        for (const path of removes) {
          expect(users[path]).toBeUndefined()
          for (const each of volumes) if (each.backing === path) expect(removes).toContain(each.path)
          expect(keeps.map((kept) => kept.path)).not.toContain(path)
        }
      }),
    )
  })
})

describe('the files of a VM', () => {
  it.each([
    ['db', 'db_0.img', true],
    ['db', 'db_12.img', true],
    ['db', 'db.ISO', true],
    ['db', 'mydb_0.img', false],
    ['db', 'db_0.img.bak', false],
    ['db', 'db_a.img', false],
    ['d.b', 'dxb_0.img', false],
    ['db', 'db.iso', false],
    ['db', 'db_1_0.img', false],
  ])('of %s: %s is one: %s', (vm, name, expected) => {
    expect(isFileOf(vm, `/pool/${name}`)).toBe(expected)
  })

  it('tells a disk from the cloud-init drive', () => {
    expect(isDiskOf('db', '/pool/db.ISO')).toBe(false)
  })
})
