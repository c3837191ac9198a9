/** The bot is killed at every point at which it makes something durable: after the next start everything comes to its end. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { journeyKilledAt } from './killed-journey.js'
import { WholeBot } from './whole-bot.js'

const run = promisify(execFile)
const lab = inject('lab')
/** More than any of these commands has. */
const mostPoints = 200

describe.skipIf(lab === undefined)('a bot that is killed at every write', () => {
  let directory: string
  const virsh = async (...args: string[]) => (await run('virsh', ['-c', 'qemu:///system', ...args])).stdout
  const names = async (...list: string[]) =>
    (await virsh(...list, '--name')).split('\n').filter(Boolean).sort()
  const diskOf = (name: string) => join(lab?.poolPath ?? '', `${name}_0.img`)
  /** A guest with nothing but a small disk, which is off. */
  const define = async (name: string) => {
    const file = join(directory, `${name}.xml`)
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', diskOf(name), '1M'])
    await writeFile(
      file,
      `<domain type='qemu'><name>${name}</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>
       <os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
       <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
       <source file='${diskOf(name)}'/><target dev='vda' bus='virtio'/></disk></devices></domain>`,
    )
    await virsh('define', file)
  }
  const remove = async (name: string) => {
    await virsh('undefine', name, '--snapshots-metadata')
    await rm(diskOf(name))
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'qnav-kills-'))
  })
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true })
  })

  const commands = [
    {
      what: 'deletes a VM',
      line: (name: string) => `vm delete ${name}`,
      prepare: define,
      check: async (name: string) => {
        expect(await names('list', '--all')).not.toContain(name)
        expect(existsSync(diskOf(name))).toBe(false)
      },
      atEvery: 1,
    },
    {
      what: 'goes back to a snapshot',
      line: (name: string) => `snapshot revert ${name} before`,
      prepare: async (name: string) => {
        await define(name)
        await virsh('snapshot-create-as', name, 'before')
        await virsh('snapshot-create-as', name, 'later')
      },
      check: async (name: string) => {
        expect((await virsh('snapshot-current', name, '--name')).trim()).toBe('before')
        await remove(name)
      },
      atEvery: 1,
    },
    {
      what: 'takes a snapshot',
      line: (name: string) => `snapshot create ${name} now`,
      prepare: define,
      check: async (name: string) => {
        expect(await names('snapshot-list', name)).toEqual(['now'])
        await remove(name)
      },
      atEvery: 4,
    },
    {
      what: 'creates a VM with kcli',
      line: (name: string) =>
        `vm create ${name} --image ${lab?.image} --memory 64M --cpus 1 --disk 1G --no-start`,
      prepare: async () => {},
      check: async (name: string) => {
        expect((await names('list', '--all')).filter((each) => each === name)).toEqual([name])
        expect(existsSync(diskOf(name))).toBe(true)
        await virsh('undefine', name, '--remove-all-storage')
      },
      atEvery: 4,
    },
  ]

  it.concurrent.each(commands)(
    '$what once, whenever it dies',
    async ({ line, prepare, check, atEvery }) => {
      if (lab === undefined) return
      const bot = await WholeBot.start({ lab })
      await bot.end('SIGTERM')
      const kind = commands.findIndex((each) => each.line === line)
      let kills = 0
      try {
        for (let n = 1; n <= mostPoints; n += atEvery) {
          const name = `kill${process.pid}-${kind}-${n}`
          await prepare(name)
          const { wasKilled, end } = await journeyKilledAt(bot, line(name), n)
          expect(end).toMatch(/: done/)
          await check(name)
          if (!wasKilled) break
          kills += 1
        }
      } finally {
        await bot.stop()
      }
      process.stderr.write(
        `[kills] ${line('…')}: ${kills}, at ${atEvery === 1 ? 'each' : `every ${atEvery}th`} of its writes\n`,
      )
      expect(kills).toBeGreaterThan(60 / atEvery)
      expect(kills * atEvery).toBeLessThan(mostPoints)
    },
    900_000,
  )
})
