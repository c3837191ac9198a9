import { at, attribute, bytesAt, escapeXml, parseXml, textAt } from './xml.js'

export interface VolumeDescription {
  name: string
  pool: string
  path: string
  /** "qcow2", "raw", "iso", …; undefined where the pool knows no formats. */
  format: string | undefined
  /** Bytes that a guest sees. */
  capacity: number
  /** Bytes in use on the host. */
  allocation: number
  /** Path of the volume it is based on. */
  backing: string | undefined
}

/** `pool` is not in the XML and left empty. */
export function readVolumeXml(xml: string): VolumeDescription {
  const root = parseXml(xml, 'volume')
  return {
    name: textAt(root, 'name') ?? '',
    pool: '',
    path: textAt(root, 'target/path') ?? '',
    format: attribute(at(root, 'target/format'), 'type'),
    capacity: bytesAt(root, 'capacity', 'bytes') ?? 0,
    allocation: bytesAt(root, 'allocation', 'bytes') ?? 0,
    backing: textAt(root, 'backingStore/path'),
  }
}

/** A file volume to be made; `capacity` in bytes. */
export function volumeXml({
  name,
  capacity,
  format,
}: {
  name: string
  capacity: number
  format: 'qcow2' | 'raw'
}): string {
  return `<volume><name>${escapeXml(name)}</name><capacity unit="bytes">${capacity}</capacity><allocation unit="bytes">0</allocation><target><format type="${format}"/></target></volume>`
}
