/** VMs that are only defined: enough to be listed, quick to make by the hundred. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt, run } from '../src/demo/index.js'

const prefix = 'qnav-bench-'
const virsh = (...args: string[]) => run('virsh', ['-c', 'qemu:///system', ...args])

/** Defines such VMs until there are `size` of them. */
export async function defineDomains(size: number): Promise<void> {
  const there = new Set(await names())
  const directory = await mkdtemp(join(tmpdir(), 'qnav-bench-'))
  try {
    for (let n = 0; n < size; n++) {
      const name = `${prefix}${n}`
      if (there.has(name)) continue
      const file = join(directory, `${name}.xml`)
      await writeFile(
        file,
        `<domain type="qemu"><name>${name}</name><memory unit="MiB">64</memory><vcpu>1</vcpu><os><type arch="x86_64">hvm</type></os></domain>`,
      )
      await virsh('define', file)
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Removes all of them, those that an earlier run left as well. */
export async function undefineDomains(): Promise<void> {
  for (const name of await names()) await attempt('virsh', ['-c', 'qemu:///system', 'undefine', name])
}

async function names(): Promise<string[]> {
  const listed = await virsh('list', '--all', '--name')
  return listed.split('\n').filter((name) => name.startsWith(prefix))
}
