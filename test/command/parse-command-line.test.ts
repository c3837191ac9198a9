import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  Catalogue,
  type Command,
  choice,
  defineCommand,
  diskSize,
  duration,
  flag,
  jobRef,
  list,
  memorySize,
  networkName,
  snapshotName,
  snapshotRef,
  sshKey,
  text,
  userRef,
  vmName,
  vmRef,
  wholeNumber,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { isFreeText } from './any-line.js'

const key =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1y5nmxnNn0Yc0nZ1rWbUBXn3xVW8OVqcDqmBDYcS5n ann@laptop, home'

const shared = {
  summary: 'Do something',
  risk: 'read' as const,
  run: async () => ({ title: '', tone: 'ok' as const }),
}

const create = defineCommand({
  ...shared,
  examples: ['vm create web1 --memory 4G'],
  args: z.object({
    name: vmName().describe('Its name'),
    memory: memorySize().default(2048).describe('Its memory'),
    cpus: wholeNumber({ min: 1, max: 64 }).default(2).describe('Its CPUs'),
    disk: list(diskSize()).optional().describe('Its disks'),
    network: list(networkName()).default(['default']).describe('Its networks'),
    sshKey: list(sshKey()).default([]).describe('Keys that may log in'),
    owner: userRef().optional().describe('Whose it is'),
    start: flag().default(true).describe('Start it'),
    note: text().optional().describe('A remark'),
  }),
  positional: ['name'],
  aliases: { m: 'memory', c: 'cpus' },
})

const stop = defineCommand({
  ...shared,
  examples: ['vm stop web1'],
  args: z.object({
    vm: vmRef().describe('The VM'),
    force: flag().default(false).describe('Hard'),
    timeout: duration().default(240_000).describe('How long to wait'),
    how: choice('power', 'agent').default('power').describe('Whom to ask'),
  }),
  positional: ['vm'],
})

const snapshot = defineCommand({
  ...shared,
  examples: ['snapshot create web1'],
  args: z.object({
    vm: vmRef().describe('The VM'),
    name: snapshotName().optional().describe('Its name'),
    description: text().optional().describe('What it is for'),
  }),
  positional: ['vm', 'name', 'description'],
})

const help = defineCommand({
  ...shared,
  examples: ['help'],
  args: z.object({ command: list(text()).default([]).describe('What about') }),
  positional: ['command'],
})

const pick = defineCommand({
  ...shared,
  examples: ['pick j-7k2m9'],
  args: z.object({
    job: jobRef().describe('A job'),
    snapshot: snapshotRef().optional().describe('A snapshot'),
  }),
  positional: ['job', 'snapshot'],
})

const catalogue = new Catalogue([
  { path: 'vm create', command: create as Command },
  { path: 'vm stop', command: stop as Command },
  { path: 'vm list', command: { ...shared, examples: ['vm list'], args: z.object({}) } as Command },
  { path: 'snapshot create', command: snapshot as Command },
  { path: 'help', command: help as Command },
  { path: 'pick', command: pick as Command },
])

const argsOf = (line: string) => catalogue.parse(line).args
const mistake = (line: string): UserError => {
  try {
    catalogue.parse(line)
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
  throw new Error(`"${line}" was understood`)
}

describe('a command line', () => {
  it('is understood with defaults for what is left out', () => {
    expect(argsOf('vm create web1')).toEqual({
      name: 'web1',
      memory: 2048,
      cpus: 2,
      network: ['default'],
      sshKey: [],
      start: true,
    })
  })

  it.each([
    '--memory 4G',
    '--memory=4G',
    '-m 4G',
    '-m=4096',
    '--Memory 4096M',
    '—memory 4gb',
    '–memory=4GiB',
    '--memory "4 GiB"',
  ])('takes its memory as %s', (typed) => {
    expect(argsOf(`vm create web1 ${typed}`)).toMatchObject({ memory: 4096 })
  })

  it('has flags and words in any order, and in capitals as phones begin a line', () => {
    expect(argsOf('Vm Create --cpus 4 web1 --no-start')).toMatchObject({
      name: 'web1',
      cpus: 4,
      start: false,
    })
  })

  it('may have been copied with its slash', () => {
    expect(catalogue.parse('/qnav vm list').path).toBe('vm list')
  })

  it('switches with --name, --no-name and --name=no', () => {
    expect(argsOf('vm stop web1 --force')).toMatchObject({ force: true })
    expect(argsOf('vm stop web1 --no-force')).toMatchObject({ force: false })
    expect(argsOf('vm create web1 --start=no')).toMatchObject({ start: false })
    expect(argsOf('vm create web1 —no-start')).toMatchObject({ start: false })
  })

  it('takes a switch as no reason to swallow the next word', () => {
    expect(argsOf('vm stop --force web1')).toMatchObject({ force: true, vm: { name: 'web1' } })
  })

  it('takes lists with commas and by repeating the flag', () => {
    expect(argsOf('vm create web1 --disk 20G,100 --disk 1T')).toMatchObject({ disk: [20, 100, 1024] })
    expect(argsOf('vm create web1 --network "default, lab"')).toMatchObject({ network: ['default', 'lab'] })
  })

  it('keeps the commas of a key', () => {
    expect(argsOf(`vm create web1 --ssh-key "${key}"`)).toMatchObject({ sshKey: [key] })
  })

  it('takes the rest of the line for a list at its end', () => {
    expect(argsOf('help vm create')).toEqual({ command: ['vm', 'create'] })
  })

  it('reads a VM with and without its host', () => {
    expect(argsOf('vm stop web1')).toMatchObject({ vm: { name: 'web1' } })
    expect(argsOf('vm stop web1@kvm1')).toMatchObject({ vm: { name: 'web1', host: 'kvm1' } })
    expect(argsOf('vm stop "old VM (2)@kvm1"')).toMatchObject({ vm: { name: 'old VM (2)', host: 'kvm1' } })
  })

  it.each([
    ['30m', 1_800_000],
    ['1h30m', 5_400_000],
    ['"1h 30min"', 5_400_000],
    ['7d', 604_800_000],
    ['90s', 90_000],
  ])('reads the duration %s', (typed, ms) => {
    expect(argsOf(`vm stop web1 --timeout ${typed}`)).toMatchObject({ timeout: ms })
  })

  it('reads a person as Slack escapes one', () => {
    expect(argsOf('vm create web1 --owner <@U123|ann>')).toMatchObject({ owner: 'U123' })
    expect(argsOf('vm create web1 --owner=<@U123>')).toMatchObject({ owner: 'U123' })
  })

  it('takes everything after -- as values', () => {
    expect(argsOf('snapshot create web1 before -- --strange')).toMatchObject({ description: '--strange' })
  })

  it('asks for help with --help, with a group alone, and with nothing', () => {
    expect(catalogue.parse('vm create --help')).toMatchObject({
      path: 'help',
      args: { command: ['vm', 'create'] },
    })
    expect(catalogue.parse('vm create web1 -h')).toMatchObject({
      path: 'help',
      args: { command: ['vm', 'create'] },
    })
    expect(catalogue.parse('vm')).toMatchObject({ path: 'help', args: { command: ['vm'] } })
    expect(catalogue.parse('vm --help')).toMatchObject({ path: 'help', args: { command: ['vm'] } })
    expect(catalogue.parse('  ')).toMatchObject({ path: 'help', args: { command: [] } })
  })

  it('is told in one spelling, with units and without defaults', () => {
    expect(catalogue.parse('VM create -c 2 -m 4096 --disk 20,1024 web1').line).toBe(
      'vm create web1 --memory 4G --disk 20G,1T',
    )
    expect(catalogue.parse('vm stop web1 --timeout 5400s').line).toBe('vm stop web1 --timeout 1h30m')
    expect(catalogue.parse('snapshot create web1 --description "a b"').line).toBe(
      'snapshot create web1 --description "a b"',
    )
    expect(catalogue.parse('vm create web1 --network ""').line).toBe('vm create web1 --network ""')
  })
})

describe('a mistake in a command line', () => {
  it.each([
    [
      'vm craete web1 -m 4G',
      'unknown-command',
      'There is no command "vm craete".',
      'Did you mean: vm create web1 -m 4G',
    ],
    ['vn list', 'unknown-command', 'There is no command "vn list".', 'Did you mean: vm list'],
    ['list vm', 'unknown-command', 'There is no command "list vm".', 'Did you mean: vm list'],
    [
      'vmstop web1 --force',
      'unknown-command',
      'There is no command "vmstop web1".',
      'Did you mean: vm stop web1 --force',
    ],
    ['stop web1', 'unknown-command', 'There is no command "stop web1".', 'Did you mean: vm stop web1'],
    [
      'create web1 before',
      'unknown-command',
      'There is no command "create web1".',
      'Did you mean: snapshot create web1 before Or: vm create',
    ],
    ['hepl vm', 'unknown-command', 'There is no command "hepl vm".', 'Did you mean: help vm'],
    ['xyzzy', 'unknown-command', 'There is no command "xyzzy".', 'Type help for all commands.'],
    [
      'vm create web1 --memmory 4G',
      'unknown-flag',
      '"vm create" has no flag --memmory.',
      'Did you mean: vm create web1 --memory 4G',
    ],
    ['vm list --all', 'unknown-flag', '"vm list" has no flag --all.', 'It takes none.'],
    [
      'vm stop web1 -x',
      'unknown-flag',
      '"vm stop" has no flag -x.',
      'It takes --vm, --force, --timeout or --how.',
    ],
    [
      'vm create web1 --memory lots',
      'bad-argument',
      '--memory "lots" must be a size like 4G, 512M or 4096 (MiB), from 64M to 256G.',
      'For example: vm create web1 --memory 4G',
    ],
    [
      'vm create web1 --memory 1G --cpus 100 --no-start',
      'bad-argument',
      '--cpus "100" must be a whole number from 1 to 64.',
      'For example: vm create web1 --memory 1G --cpus 64 --no-start',
    ],
    [
      'vm create Web_1 -m 4g',
      'bad-name',
      'name "Web_1" must be small letters, digits and hyphens, beginning with a letter and not ending with a hyphen.',
      'For example: vm create web-1 --memory 4g',
    ],
    [
      'vm create web1 --disk 20G,lots',
      'bad-argument',
      '--disk "lots" must be a size like 20G, 1T or 20 (GiB), from 1G to 64T.',
      'For example: vm create web1 --disk 20G,20G',
    ],
    [
      'vm create web1 --disk 512M',
      'bad-argument',
      '--disk "512M" must be a size like 20G, 1T or 20 (GiB), from 1G to 64T.',
      'For example: vm create web1 --disk 1G',
    ],
    [
      'vm stop web1 --timeout 30',
      'bad-argument',
      '--timeout "30" must be a duration like 30s, 10m, 1h30m or 7d, at most 90d.',
      'For example: vm stop web1 --timeout 30m',
    ],
    [
      'vm stop web1 --how agnet',
      'bad-argument',
      '--how "agnet" must be power or agent.',
      'For example: vm stop web1 --how agent',
    ],
    ['pick 7k2m9', 'bad-argument', 'job "7k2m9" must be a job, like j-7k2m9.', 'For example: pick j-7k2m9'],
    [
      'vm stop web1 --timeout --force',
      'missing-argument',
      '--timeout wants a value: 30s, 10m, 1h30m or 7d.',
      'For example: vm stop web1 --timeout 10m --force',
    ],
    [
      'vm stop --force',
      'missing-argument',
      '"vm stop" needs vm: The VM.',
      'Its form is: vm stop <vm> [--force] [--timeout …] [--how …]. For example: vm stop web1',
    ],
    [
      'vm stop web1 web2',
      'bad-argument',
      '"vm stop" does not know what to do with: web2',
      'Its form is: vm stop <vm> [--force] [--timeout …] [--how …].',
    ],
    [
      'snapshot create web1 before the upgrade',
      'bad-argument',
      '"snapshot create" does not know what to do with: upgrade',
      'Its form is: snapshot create <vm> [name] [description]. A value that has blanks is quoted: "…".',
    ],
    [
      'vm stop web1 --timeout 1m --timeout 2m',
      'bad-argument',
      '--timeout is given twice.',
      'Leave one of them out: vm stop <vm> [--force] [--timeout …] [--how …]',
    ],
    [
      'vm create web1 --start=maybe',
      'bad-argument',
      '--start=maybe: this is a switch.',
      'Type --start or --no-start.',
    ],
  ])('in "%s" is named, with what to type', (line, code, message, fix) => {
    const { code: is, message: said, fix: todo } = mistake(line)
    expect({ code: is, message: said, fix: todo }).toEqual({ code, message, fix })
  })

  it('never repeats what may be a private key', () => {
    const error = mistake('vm create web1 --ssh-key "-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1r"')
    expect(`${error.message} ${error.fix}`).not.toContain('b3BlbnNzaC1r')
    expect(error.message).toBe('--ssh-key must be one public SSH key, quoted: "ssh-ed25519 AAAA… comment".')
  })

  it('in a key is found: its body says another type', () => {
    expect(mistake(`vm create web1 --ssh-key "${key.replace('ssh-ed25519', 'ssh-rsa')}"`).code).toBe(
      'bad-argument',
    )
  })

  it('in a very long line is told without the line', () => {
    expect(mistake(`vm list ${'x'.repeat(9000)}`).message).toBe(
      'The command line has 9008 characters; at most 8000 are read.',
    )
  })

  it('is mended by lines that work', () => {
    const lines = [
      'vm create Web_1 -m 4g',
      'vm create web1 --cpus 0',
      'vm create web1 --disk x',
      'vm stop a/b',
    ]
    for (const line of lines)
      expect(() => catalogue.parse(mistake(line).fix.replace('For example: ', ''))).not.toThrow()
  })
})

describe('whatever is typed', () => {
  const words = fc.oneof(
    fc.constantFrom(
      ...[
        'vm',
        'create',
        'stop',
        'list',
        'snapshot',
        'help',
        'pick',
        'web1',
        'web1@kvm1',
        '--memory',
        '-m',
        '4G',
      ],
      ...[
        '--disk',
        '20G,',
        '--force',
        '--no-start',
        '--start=yes',
        '--',
        '-',
        '--=',
        '—',
        '"',
        "'",
        '\\',
        '--ssh-key',
      ],
      ...[
        '__proto__',
        'constructor',
        '--__proto__',
        '--constructor=1',
        '--no-',
        '<@U1|a>',
        '--owner',
        '-5',
        '=',
        '',
      ],
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
  )

  it('is understood, or answered with a UserError that has something to do next', () => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 10 }), (parts) => {
        try {
          catalogue.parse(parts.join(' '))
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
          expect((error as UserError).fix).not.toBe('')
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('that was understood means the same in its one spelling', () => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 10 }), (parts) => {
        let parsed: ReturnType<typeof catalogue.parse>
        try {
          parsed = catalogue.parse(parts.join(' '))
        } catch {
          return
        }
        expect(catalogue.parse(parsed.line)).toEqual(parsed)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('arguments', () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/)
  const plain = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,30}$/)
  const createArgs = fc.record(
    {
      name: label,
      memory: fc.integer({ min: 64, max: 262_144 }),
      cpus: fc.integer({ min: 1, max: 64 }),
      network: fc.array(plain, { maxLength: 3 }),
      sshKey: fc.array(fc.constant(key), { maxLength: 2 }),
      start: fc.boolean(),
      disk: fc.array(fc.integer({ min: 1, max: 65_536 }), { maxLength: 3 }),
      owner: fc.stringMatching(/^U[A-Z0-9]{2,8}$/),
      note: fc.string({ unit: 'binary', maxLength: 80 }).filter(isFreeText),
    },
    { requiredKeys: ['name', 'memory', 'cpus', 'network', 'sshKey', 'start'] },
  )

  it('come back from the line that they make', () => {
    fc.assert(
      fc.property(createArgs, (args) => {
        expect(catalogue.parse(catalogue.lineOf('vm create', args)).args).toEqual(args)
      }),
    )
  })

  it('come back when an optional one in the middle is left out', () => {
    const args = fc.record(
      {
        vm: fc.record({ name: plain, host: plain }, { requiredKeys: ['name'] }),
        name: plain,
        description: note(),
      },
      { requiredKeys: ['vm'] },
    )
    fc.assert(
      fc.property(args, (each) => {
        expect(catalogue.parse(catalogue.lineOf('snapshot create', each)).args).toEqual(each)
      }),
    )
  })

  it('are JSON', () => {
    fc.assert(
      fc.property(createArgs, (args) => {
        const parsed = catalogue.parse(catalogue.lineOf('vm create', args)).args
        expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed)
      }),
    )
  })
})

function note() {
  return fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter(isFreeText)
}
