import { at, attribute, parseXml, textAt } from './xml.js'

export interface NetworkDescription {
  name: string
  uuid: string
  bridge: string | undefined
  /** "nat", "route", "open", "bridge", … ; "isolated" where there is no forwarding. */
  mode: string
  /** IPv4 subnet of the host's side, e.g. "192.168.122.0/24". */
  cidr: string | undefined
}

export function readNetworkXml(xml: string): NetworkDescription {
  const root = parseXml(xml, 'network')
  const forward = at(root, 'forward')
  return {
    name: textAt(root, 'name') ?? '',
    uuid: textAt(root, 'uuid') ?? '',
    bridge: attribute(at(root, 'bridge'), 'name'),
    mode: forward === undefined ? 'isolated' : (attribute(forward, 'mode') ?? 'nat'),
    cidr: cidrOf(
      attribute(at(root, 'ip'), 'address'),
      at(root, 'ip')?.getAttribute('netmask') ?? undefined,
      attribute(at(root, 'ip'), 'prefix'),
    ),
  }
}

function cidrOf(
  address: string | undefined,
  netmask: string | undefined,
  prefix: string | undefined,
): string | undefined {
  if (address === undefined || address.includes(':')) return undefined
  const octets = address.split('.').map(Number)
  const bits =
    prefix !== undefined
      ? Number(prefix)
      : netmask
          ?.split('.')
          .reduce((sum, octet) => sum + Number(octet).toString(2).replaceAll('0', '').length, 0)
  if (bits === undefined || octets.length !== 4) return undefined
  const subnet = octets.map((octet, n) => octet & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * n))) & 0xff)
  return `${subnet.join('.')}/${bits}`
}
