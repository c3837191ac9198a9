/** The guest that procedures about domains are tried on. */
import { createVolume, procedures, volumeXml } from '../../../../src/libvirt/index.js'
import type { Domain } from '../../../../src/libvirt/types.js'
import type { Bench } from './bench.js'

export interface Guest {
  dom: Domain
  name: string
  /** Of its disk vda. */
  path: string
  /** MAC address of its one interface. */
  mac: string
  /** The domain as an expression for python3-libvirt. */
  theirs: string
}

const mib = 1024 * 1024

/** Defines a guest with a disk, an interface, a serial console, a screen, and a channel for an agent that it does not have. */
export async function defineGuest({ connection, lab, prefix }: Bench): Promise<Guest> {
  const name = `${prefix}-vm`
  const mac = '52:54:00:77:88:99'
  // Version 3 of qcow2: the one that keeps bitmaps, for checkpoints.
  const xml = volumeXml({ name: `${name}.qcow2`, capacity: 64 * mib, format: 'qcow2' })
  const path = await createVolume(
    connection,
    lab.pool,
    xml.replace('<format type="qcow2"/>', '$&<compat>1.1</compat>'),
  )
  const { dom } = await connection.call(procedures.domainDefineXmlFlags, {
    flags: 1,
    xml: `<domain type="qemu"><name>${name}</name><memory unit="MiB">192</memory><currentMemory unit="MiB">128</currentMemory>
      <vcpu current="1">2</vcpu>
      <os><type arch="x86_64" machine="pc">hvm</type><kernel>${lab.tiny.kernel}</kernel><initrd>${lab.tiny.initrd}</initrd><cmdline>console=ttyS0 quiet panic=1</cmdline></os>
      <features><acpi/></features><on_crash>destroy</on_crash>
      <devices>
        <disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="${path}"/><target dev="vda" bus="virtio"/></disk>
        <disk type="file" device="cdrom"><target dev="sda" bus="sata"/><readonly/></disk>
        <controller type="sata" index="0"/>
        <interface type="network"><mac address="${mac}"/><source network="${lab.network}"/><model type="virtio"/></interface>
        <serial type="pty"/><console type="pty"/>
        <channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>
        <channel type="unix"><target type="virtio" name="free"/></channel>
        <graphics type="vnc" port="-1" autoport="yes"/><video><model type="vga"/></video>
        <memballoon model="virtio"/>
      </devices></domain>`,
  })
  return { dom, name, path, mac, theirs: `dom('${dom.uuid}')` }
}
