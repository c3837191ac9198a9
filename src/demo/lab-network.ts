/** The lab's network: NAT and DHCP, on a subnet that nothing else on this machine uses. */
import { attempt, run } from './commands.js'
import type { Ledger } from './ledger.js'
import { virsh } from './virsh.js'

/** Makes sure that it runs; a start is in the ledger. */
export async function ensureNetwork(
  name: string,
  ledger: Ledger,
  say: (line: string) => void,
): Promise<void> {
  const known = await virsh.attempt('net-info', name)
  if (/^Active:\s+yes/m.test(known.output)) return
  if (known.exitCode === 0) {
    if (await start(name, ledger)) return
    // Its subnet was taken by somebody since it was defined.
    await virsh('net-undefine', name)
  }
  const subnet = firstFreeSubnet(await run('ip', ['route', 'show', 'table', 'all']))
  say(`Network ${name}: ${subnet}.0/24 with DHCP`)
  await virsh.define('net-define', networkXml(name, subnet))
  if (!(await start(name, ledger))) await virsh('net-start', name)
}

/** Takes a network away that no lab uses any more. */
export async function removeNetwork(name: string): Promise<void> {
  await virsh.attempt('net-destroy', name)
  await virsh.attempt('net-undefine', name)
}

async function start(name: string, ledger: Ledger): Promise<boolean> {
  const { exitCode } = await virsh.attempt('net-start', name)
  if (exitCode === 0) await ledger.change(({ networks }) => networks.push(name))
  return exitCode === 0
}

/** Whether a bridge can be made here at all: containers without the right to do so are common. */
export async function mayMakeBridges(): Promise<boolean> {
  const probe = `qnavp${process.pid}`.slice(0, 15)
  const made = await attempt('ip', ['link', 'add', probe, 'type', 'bridge'])
  if (made.exitCode === 0) await attempt('ip', ['link', 'delete', probe])
  return made.exitCode === 0
}

/** The first three octets of a private /24 that no route mentions. */
export function firstFreeSubnet(routes: string): string {
  for (let third = 201; third < 255; third++)
    if (!routes.includes(`192.168.${third}.`)) return `192.168.${third}`
  throw new Error('no subnet of 192.168.201.0 to 192.168.254.0 is free for a network')
}

/** A short lease: a VM made again soon must get an address even when many came and went. */
function networkXml(name: string, subnet: string): string {
  return `<network>
  <name>${name}</name>
  <forward mode="nat"/>
  <bridge stp="on" delay="0"/>
  <ip address="${subnet}.1" netmask="255.255.255.0">
    <dhcp>
      <range start="${subnet}.10" end="${subnet}.250"><lease expiry="10" unit="minutes"/></range>
    </dhcp>
  </ip>
</network>
`
}
