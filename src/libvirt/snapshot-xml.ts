import { at, attribute, children, escapeXml, parseXml, textAt } from './xml.js'

export interface SnapshotDescription {
  name: string
  description: string | undefined
  /** Seconds since 1970. */
  createdS: number
  /** State of the domain when it was taken, e.g. "running", "shutoff", "disk-snapshot". */
  state: string
  parent: string | undefined
  /** `external` when any disk or the memory lies in a file of its own. */
  kind: 'internal' | 'external'
}

export function readSnapshotXml(xml: string): SnapshotDescription {
  const root = parseXml(xml, 'domainsnapshot')
  const kinds = [at(root, 'memory'), ...children(at(root, 'disks'), 'disk')].map((part) =>
    attribute(part, 'snapshot'),
  )
  return {
    name: textAt(root, 'name') ?? '',
    description: textAt(root, 'description'),
    createdS: secondsIn(textAt(root, 'creationTime')),
    state: textAt(root, 'state') ?? 'unknown',
    parent: textAt(root, 'parent/name'),
    kind: kinds.includes('external') ? 'external' : 'internal',
  }
}

/** Seconds that Date can say; 0 for anything else. */
function secondsIn(text: string | undefined): number {
  const seconds = Number(text ?? 0)
  return Number.isFinite(new Date(seconds * 1000).getTime()) ? seconds : 0
}

export function snapshotXml({ name, description }: { name: string; description?: string }): string {
  const about = description === undefined ? '' : `<description>${escapeXml(description)}</description>`
  return `<domainsnapshot><name>${escapeXml(name)}</name>${about}</domainsnapshot>`
}
