/** /dev/kvm: it may be there and be of no use, in two ways. */
import { spawn } from 'node:child_process'
import { chmod, chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt, exists, findProgram } from './commands.js'
import type { TinyImage } from './tiny-image.js'

const device = '/dev/kvm'
/** With working KVM the tiny guest is up in two seconds, in a nested one in four. */
const upWithinMs = 15_000

/**
 * A device that only root may open makes libvirt probe QEMU anew at every look at its capabilities, for up to a minute
 * each. Group kvm and mode 0660 is what udev gives it on ordinary machines.
 */
export async function openKvmDevice(say: (line: string) => void): Promise<void> {
  const found = await stat(device).catch(() => undefined)
  if (found === undefined) return
  const group = await attempt('getent', ['group', 'kvm'])
  const gid = Number(group.output.split(':')[2])
  if (group.exitCode !== 0 || !Number.isInteger(gid)) return
  const isOpen = (found.mode & 0o006) === 0o006 || (found.gid === gid && (found.mode & 0o060) === 0o060)
  if (isOpen) return
  say(`Giving ${device} to group kvm, mode 0660, as udev does elsewhere`)
  await chown(device, 0, gid)
  await chmod(device, 0o660)
}

/** Whether guests run with KVM here. Remembered below `cache` until the machine boots again. */
export async function kvmIsUsable(
  cache: string,
  tiny: TinyImage,
  say: (line: string) => void,
): Promise<boolean> {
  if (!(await exists(device))) {
    say(`There is no ${device}: VMs are emulated, which is slower`)
    return false
  }
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  const memory = join(cache, 'kvm-usable')
  const [knownBoot, answer] = (await readFile(memory, 'utf8').catch(() => '')).split(' ')
  if (knownBoot === boot && answer !== undefined) return answer === 'yes'
  say('Trying whether KVM works here (booting a kernel with it)')
  const works = await guestComesUp(tiny)
  if (!works) say(`${device} is there but guests do not run in it: VMs are emulated, which is slower`)
  await mkdir(cache, { recursive: true })
  await writeFile(memory, `${boot} ${works ? 'yes' : 'no'}`)
  return works
}

async function guestComesUp({ kernel, initrd }: TinyImage): Promise<boolean> {
  const emulator = await findProgram('qemu-system-x86_64', 'qemu-kvm')
  if (emulator === undefined) return false
  const machine = ['-accel', 'kvm', '-m', '128', '-display', 'none', '-no-reboot', '-nic', 'none']
  const words = [
    '-serial',
    'stdio',
    '-kernel',
    kernel,
    '-initrd',
    initrd,
    '-append',
    'console=ttyS0 panic=-1',
  ]
  return new Promise((resolve) => {
    const guest = spawn(emulator, [...machine, ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
    const end = () => guest.kill('SIGKILL')
    const timer = setTimeout(end, upWithinMs)
    let heard = ''
    let up = false
    guest.stdout.on('data', (chunk: Buffer) => {
      heard = (heard + chunk.toString('latin1')).slice(-4096)
      if (!heard.includes('GUEST-UP')) return
      up = true
      end()
    })
    const decide = () => {
      clearTimeout(timer)
      resolve(up)
    }
    guest.once('error', decide)
    guest.once('close', decide)
  })
}
