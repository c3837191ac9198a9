/** Whether guests can really run with hardware virtualization here: /dev/kvm may exist and guests hang in it all the same. */
import { spawn } from 'node:child_process'
import { exists } from './commands.js'
import type { TinyImage } from './tiny-image.js'

/** The kernel says its first words within two seconds where KVM works. */
const speakWithinMs = 12_000

/** Boots the tiny kernel with KVM and waits for anything on its serial line. */
export async function kvmWorks({ kernel, initrd }: Pick<TinyImage, 'kernel' | 'initrd'>): Promise<boolean> {
  if (!(await exists('/dev/kvm'))) return false
  return new Promise((resolve) => {
    const guest = spawn(
      'qemu-system-x86_64',
      [
        '-accel',
        'kvm',
        '-m',
        '128',
        '-nographic',
        '-no-reboot',
        '-kernel',
        kernel,
        '-initrd',
        initrd,
        '-append',
        'console=ttyS0 panic=-1',
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    )
    let heard = ''
    const decide = (works: boolean) => {
      clearTimeout(timer)
      guest.kill('SIGKILL')
      resolve(works)
    }
    const timer = setTimeout(() => decide(false), speakWithinMs)
    guest.stdout.on('data', (chunk: Buffer) => {
      heard = (heard + chunk.toString('latin1')).slice(-4096)
      if (heard.includes('Linux version') || heard.includes('GUEST-UP')) decide(true)
    })
    guest.once('error', () => decide(false))
    guest.once('exit', () => decide(heard.includes('Linux version')))
  })
}
