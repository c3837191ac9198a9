import { at, attribute, bytesAt, children, type Element, parseXml, textAt } from './xml.js'

export interface DiskDescription {
  /** "disk", "cdrom", "floppy", "lun". */
  device: string
  /** "vda". */
  target: string
  bus: string | undefined
  /** File or block device; undefined for an empty drive or network storage. */
  source: string | undefined
  /** Pool and volume, for disks given that way. */
  volume: { pool: string; name: string } | undefined
  format: string | undefined
  readOnly: boolean
}

export interface NicDescription {
  mac: string
  network: string | undefined
  bridge: string | undefined
  model: string | undefined
}

/** kcli's metadata, found by its namespace whatever its prefix. */
export interface KcliMetadata {
  image: string | undefined
  profile: string | undefined
  plan: string | undefined
  owner: string | undefined
  /** "DD-MM-YYYY HH:MM", UTC. */
  creationDate: string | undefined
}

export interface DomainDescription {
  name: string
  uuid: string
  title: string | undefined
  /** "kvm" or "qemu". */
  virtType: string
  vcpus: number
  /** KiB. */
  memoryKiB: number
  disks: DiskDescription[]
  nics: NicDescription[]
  /** Whether the guest agent's channel is there and the agent answers. */
  agentConnected: boolean
  kcli: KcliMetadata | undefined
}

/** The namespace kcli writes its metadata in. */
export const kcliNamespace = 'kvirt'

export function readDomainXml(xml: string): DomainDescription {
  const root = parseXml(xml, 'domain')
  const devices = at(root, 'devices')
  const vcpu = at(root, 'vcpu')
  return {
    name: textAt(root, 'name') ?? '',
    uuid: textAt(root, 'uuid') ?? '',
    title: textAt(root, 'title'),
    virtType: attribute(root, 'type') ?? 'unknown',
    vcpus: Number(attribute(vcpu, 'current') ?? vcpu?.textContent ?? 0),
    memoryKiB: (bytesAt(root, 'memory', 'KiB') ?? 0) / 1024,
    disks: children(devices, 'disk').map(readDisk),
    nics: children(devices, 'interface').map(readNic),
    agentConnected: children(devices, 'channel').some((channel) => {
      const target = at(channel, 'target')
      return (
        attribute(target, 'name') === 'org.qemu.guest_agent.0' && attribute(target, 'state') === 'connected'
      )
    }),
    kcli: readKcliMetadata(at(root, 'metadata')),
  }
}

function readDisk(disk: Element): DiskDescription {
  const source = at(disk, 'source')
  const pool = attribute(source, 'pool')
  const volume = attribute(source, 'volume')
  return {
    device: attribute(disk, 'device') ?? 'disk',
    target: attribute(at(disk, 'target'), 'dev') ?? '',
    bus: attribute(at(disk, 'target'), 'bus'),
    source: attribute(source, 'file') ?? attribute(source, 'dev'),
    volume: pool !== undefined && volume !== undefined ? { pool, name: volume } : undefined,
    format: attribute(at(disk, 'driver'), 'type'),
    readOnly: at(disk, 'readonly') !== undefined,
  }
}

function readNic(nic: Element): NicDescription {
  const source = at(nic, 'source')
  return {
    mac: attribute(at(nic, 'mac'), 'address') ?? '',
    network: attribute(source, 'network'),
    bridge: attribute(source, 'bridge'),
    model: attribute(at(nic, 'model'), 'type'),
  }
}

function readKcliMetadata(metadata: Element | undefined): KcliMetadata | undefined {
  const info = children(metadata, 'info').find((element) => element.namespaceURI === kcliNamespace)
  if (info === undefined) return undefined
  return {
    image: textAt(info, 'image'),
    profile: textAt(info, 'profile'),
    plan: textAt(info, 'plan'),
    owner: textAt(info, 'owner'),
    creationDate: textAt(info, 'creationdate'),
  }
}
