/** A guest whose agent answers libvirt's greeting and then nothing more, as one does that hangs. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, vi } from 'vitest'
import type { ProvidedLab } from '../setup.js'
import { virsh } from './kcli-bench.js'

const inittab = '::sysinit:/etc/start\n::respawn:/etc/agent\n'
// Reading ends while nobody listens on the host; a port that is closed would count as an agent that went away.
const agent = `#!/bin/sh
port=$(ls /dev/vport* 2>/dev/null | head -n 1)
[ -n "$port" ] || { sleep 1; exit; }
exec 3<>$port
while :; do
  read -r line <&3 || { sleep 0.2; continue; }
  id=$(echo "$line" | sed -n 's/.*"id": *\\([0-9]*\\).*/\\1/p')
  case $line in
    *guest-sync-delimited*) printf '\\377{"return":%s}\\n' "$id" >&3 ;;
    *guest-sync*) printf '{"return":%s}\\n' "$id" >&3 ;;
  esac
done
`

/** Boots it, on a bridge, where only the agent can tell the address. Resolves once libvirt counts the agent as connected. */
export async function bootFrozenGuest(lab: ProvidedLab, name: string): Promise<{ close(): void }> {
  // Where QEMU's account may read.
  const folder = mkdtempSync('/var/lib/libvirt/qnav-frozen-')
  execFileSync('chmod', ['755', folder])
  const close = () => rmSync(folder, { recursive: true, force: true })
  try {
    const root = join(folder, 'root')
    mkdirSync(join(root, 'etc'), { recursive: true })
    writeFileSync(join(root, 'etc/inittab'), inittab)
    writeFileSync(join(root, 'etc/agent'), agent, { mode: 0o755 })
    const overlay = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], {
      cwd: root,
      input: 'etc/inittab\netc/agent\n',
    })
    // The kernel unpacks one archive after the other; later files replace earlier ones.
    copyFileSync(lab.tiny.initrd, join(folder, 'initrd'))
    writeFileSync(join(folder, 'initrd'), gzipSync(overlay), { flag: 'a' })
    copyFileSync(lab.tiny.kernel, join(folder, 'kernel'))
    const bridge = /<bridge name='([^']+)'/.exec(virsh('net-dumpxml', lab.network))?.[1]
    writeFileSync(
      join(folder, 'guest.xml'),
      `<domain type='${lab.virtType}'><name>${name}</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
       <os><type arch='x86_64'>hvm</type><kernel>${folder}/kernel</kernel><initrd>${folder}/initrd</initrd>
       <cmdline>console=ttyS0 quiet panic=1</cmdline></os><features><acpi/></features>
       <devices><interface type='bridge'><source bridge='${bridge}'/><model type='virtio'/></interface>
       <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
       <serial type='pty'/></devices></domain>`,
    )
    virsh('create', join(folder, 'guest.xml'))
    await vi.waitFor(() => expect(virsh('dumpxml', name)).toMatch(/guest_agent\.0' state='connected'/), {
      timeout: 90_000,
      interval: 250,
    })
    return { close }
  } catch (error) {
    close()
    throw error
  }
}
