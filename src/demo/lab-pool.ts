/** The lab's storage pool with the image in it, and the VMs whose disks lie there. */
import { chmod, cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { exists } from './commands.js'
import { virsh } from './virsh.js'

/** Makes sure that the pool runs. The emulator runs as another user and must be able to pass through its directory. */
export async function ensurePool(name: string, path: string): Promise<void> {
  const known = await virsh.attempt('pool-info', name)
  await mkdir(path, { recursive: true })
  await chmod(path, 0o711)
  if (known.exitCode !== 0) await virsh('pool-define-as', name, 'dir', '--target', path)
  if (!/^State:\s+running/m.test(known.output)) await virsh('pool-start', name)
}

/** Puts an image into the pool. One that VMs stand on stays as it is, because their disks hold only the difference. */
export async function placeImage(name: string, poolPath: string, from: string, image: string): Promise<void> {
  const to = join(poolPath, image)
  const isThere = await exists(to)
  const isSame = isThere && (await readFile(to)).equals(await readFile(from))
  const isUsed = isThere && (await readdir(poolPath)).some((file) => file.endsWith('.img'))
  if (!isSame && !isUsed) {
    // Beside its place first: nobody may see half an image. A name with a dot is no image to kcli.
    const beside = join(poolPath, `.${image}.${process.pid}.part`)
    await cp(from, beside)
    await chmod(beside, 0o644)
    await rename(beside, to)
  }
  await virsh('pool-refresh', name)
}

/** Powers off VMs that have a disk in the pool; with `remove` they and their disks go. Gives their names. */
export async function endVms(poolPath: string, { remove }: { remove: boolean }): Promise<string[]> {
  const uuids = (await virsh('list', '--all', '--uuid')).split('\n').filter((line) => line.trim() !== '')
  const ended: string[] = []
  for (const uuid of uuids) {
    const disks = disksOf((await virsh.attempt('domblklist', uuid)).output)
    if (!disks.some((path) => path.startsWith(`${poolPath}/`))) continue
    ended.push((await virsh('domname', uuid)).trim())
    await virsh.attempt('destroy', uuid)
    if (remove) await virsh('undefine', uuid, '--snapshots-metadata', '--managed-save', '--nvram')
  }
  return ended
}

/** Takes the pool away with everything in it. Nothing may use it any more. */
export async function removePool(name: string, path: string): Promise<void> {
  await virsh.attempt('pool-destroy', name)
  await virsh.attempt('pool-undefine', name)
  await rm(path, { recursive: true, force: true })
}

/** Sources in the table that virsh prints. */
export function disksOf(table: string): string[] {
  return [...table.matchAll(/^\s*\S+\s+(\/.*?)\s*$/gm)].map(([, path]) => path ?? '')
}
