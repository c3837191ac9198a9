import { attribute, parseXml, textAt } from './xml.js'

export interface PoolDescription {
  name: string
  uuid: string
  /** "dir", "logical", "netfs", … */
  type: string
  /** Where its volumes appear on the host. */
  path: string | undefined
}

export function readPoolXml(xml: string): PoolDescription {
  const root = parseXml(xml, 'pool')
  return {
    name: textAt(root, 'name') ?? '',
    uuid: textAt(root, 'uuid') ?? '',
    type: attribute(root, 'type') ?? 'unknown',
    path: textAt(root, 'target/path'),
  }
}
