/** A small file system of its own, which can be really full and really read-only. Only root may mount one. */
import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'
import { aDirectory } from './temporary-data.js'

export async function aSmallDisk() {
  const path = await aDirectory()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', path])
  onTestFinished(() => void execFileSync('umount', ['-l', path]))
  const remount = (how: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${how}`, path])
  return { path, remount }
}

export function mayMount(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' })
    return process.getuid?.() === 0
  } catch {
    return false
  }
}
