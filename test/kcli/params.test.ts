import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { type CreateParams, createArguments, createParameters } from '../../src/kcli/params.js'

const params: CreateParams = {
  memory: 2048,
  numcpus: 2,
  disks: [{ size: 20 }, { size: 5 }],
  nets: [{ name: 'default' }],
  pool: 'default',
  owner: 'U0ASKER',
  keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFi ada@example.com'],
  start: true,
  virttype: 'qemu',
}
/** Whatever somebody may put where a type says otherwise. */
const written = (change: Record<string, unknown>) =>
  createParameters({ ...params, ...change } as unknown as CreateParams)
const refusal = (work: () => unknown): UserError => {
  try {
    work()
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error('it was not refused')
}

/** What a shell, XML, YAML, kcli's own arguments or a path would take for something else than text. */
const attacks = [
  'a;touch /tmp/x;',
  '$(touch x)',
  '`id`',
  "a'b",
  'a"b',
  'a b',
  'a\nb',
  'a\0b',
  'a&b',
  'a<b',
  'a|b',
  'a>b',
  '../../etc/passwd',
  '-a',
  '--force',
  '{{ lookup }}',
  '*',
  '~root',
  'a\\b',
  '\u202eevil',
  'a\u2028b',
]

describe('the arguments for kcli', () => {
  it('say what is made of what, with everything else in the file', () => {
    expect(createArguments('web1', { image: 'rocky9.qcow2' }, 'params.json')).toEqual([
      'create',
      'vm',
      '-i',
      'rocky9.qcow2',
      '--pf',
      'params.json',
      'web1',
    ])
    expect(createArguments('web1', { profile: 'small' }, 'params.json')).toEqual([
      'create',
      'vm',
      '-p',
      'small',
      '--pf',
      'params.json',
      'web1',
    ])
  })

  it.each([...attacks, '', 'a'.repeat(64), 'Web1', '1web', 'web-', 'web.1', 'web_1', 'wéb', 'a/b'])(
    'never hold %j as the name of a VM',
    (name) => {
      const error = refusal(() => createArguments(name, { image: 'rocky9' }, 'params.json'))
      expect(error).toMatchObject({
        code: 'bad-name',
        message: expect.stringContaining(JSON.stringify(name)),
      })
      expect(error.fix).toContain('63')
    },
  )

  it.each(['a', 'web1', 'web-1', 'a'.repeat(63)])('hold %j as the name of a VM', (name) => {
    expect(createArguments(name, { image: 'rocky9' }, 'params.json').at(-1)).toBe(name)
  })

  it.each(['rocky9', 'Rocky-9.x86_64+1.qcow2', '/var/lib/libvirt/images/rocky9.qcow2'])(
    'hold %j as an image',
    (image) => {
      expect(createArguments('web1', { image }, 'params.json')).toContain(image)
    },
  )

  it.each([
    ...attacks,
    '',
    'http://example.com/x.qcow2',
    'https://example.com/x.qcow2',
    // kcli goes by the beginning.
    'httpd.qcow2',
    'images/../../etc/shadow',
    '/images/../etc/shadow',
    '/images/-a',
    '/images/',
    '/',
  ])('never hold %j as an image', (image) => {
    expect(refusal(() => createArguments('web1', { image }, 'params.json')).code).toBe('bad-argument')
  })

  it.each([...attacks, '', 'plan.yml', 'plan.yaml', '/etc/plan'])('never hold %j as a profile', (profile) => {
    expect(refusal(() => createArguments('web1', { profile }, 'params.json')).code).toBe('bad-argument')
  })

  it('are words without any character that a shell gives a meaning, whatever is asked for', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom(...attacks), fc.string())
    const source = fc.oneof(
      text.map((image) => ({ image })),
      text.map((profile) => ({ profile })),
    )
    fc.assert(
      fc.property(text, source, (name, from) => {
        let args: string[]
        try {
          args = createArguments(name, from, 'params.json')
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
          return
        }
        expect(args.filter((word) => word.startsWith('-'))).toEqual(['image' in from ? '-i' : '-p', '--pf'])
        for (const word of args) expect(word).toMatch(/^[\w./+-]+$/)
      }),
    )
  })
})

describe('the parameter file for kcli', () => {
  it('is JSON, which kcli reads as the YAML that it is', () => {
    expect(JSON.parse(createParameters(params))).toEqual(params)
  })

  it('can leave out owner, keys and plan', () => {
    const { owner, keys, ...rest } = params
    expect([owner, keys]).not.toContain(undefined)
    expect(JSON.parse(createParameters(rest))).toEqual(rest)
  })

  // kcli ignores unknown keys in silence, and these it obeys: as commands, as files of the host, as other hosts.
  it.each([
    'cmds',
    'scripts',
    'files',
    'iso',
    'floppy',
    'sharedfolders',
    'pcidevices',
    'qemuextra',
    'emulator',
    'cmdline',
    'notifycmd',
    'ansible',
    'waitcommand',
    'wait',
    'privatekey',
    'client',
    'force',
    'image',
    'name',
    'rootpassword',
    'memmory',
    '__proto__x',
  ])('never has the key %s', (key) => {
    const error = refusal(() => written({ [key]: 'x' }))
    expect(error.code).toBe('bad-argument')
    expect(error.message).toContain(key)
  })

  it.each<[string, unknown]>([
    ['memory', '2048'],
    ['memory', 0],
    ['memory', 0.5],
    ['memory', Number.NaN],
    ['numcpus', 'abc'],
    ['numcpus', -1],
    ['disks', 20],
    ['disks', []],
    ['disks', [20]],
    ['disks', [{ size: 1, name: '/dev/sda' }]],
    ['disks', [{ size: 0.5 }]],
    ['nets', ['default']],
    ['nets', [{ name: 'default', ip: '10.0.0.1' }]],
    ['nets', [{ name: '../x' }]],
    ['pool', ''],
    ['pool', '<x>'],
    ['start', 'false'],
    ['virttype', 'xen'],
    ['owner', ''],
    ['owner', '<owner>'],
    ['owner', 'a&b'],
    ['owner', 'a\nb'],
    ['owner', 'a\ud800'],
    ['plan', 'a b'],
  ])('refuses %s: %j', (key, value) => {
    const error = refusal(() => written({ [key]: value }))
    expect(error.code).toBe('bad-argument')
    expect(error.message).toContain(`parameters.${key}`)
  })

  it.each([
    '/root/.ssh/id_rsa',
    '~/.ssh/id_rsa.pub',
    'ssh-ed25519',
    'ssh-ed25519 not-base64!',
    'sk-ssh-ed25519@openssh.com AAAA',
    'command="reboot" ssh-ed25519 AAAA',
    'ssh-ed25519 AAAA a: b',
    'ssh-ed25519 AAAA a #b',
    'ssh-ed25519 AAAA\nruncmd: [reboot]',
    'ssh-ed25519 AAAA <b>',
  ])('refuses the key %j, which kcli would open as a file, skip, or break its cloud-init with', (key) => {
    expect(refusal(() => written({ keys: [key] })).code).toBe('bad-argument')
  })

  it('holds texts that neither end its XML nor its lines, whatever is asked for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (owner) => {
        try {
          const { owner: kept } = JSON.parse(written({ owner }))
          expect(kept).toBe(owner)
          expect(owner).not.toMatch(/[<>&\p{Cc}\u2028\u2029]/u)
          expect(Buffer.from(owner).toString()).toBe(owner)
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
    )
  })
})
