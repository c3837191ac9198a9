/** Snapshots of a domain, by name. */
import type { CallOptions, Connection } from './connection.js'
import { procedures } from './procedures/index.js'
import { readSnapshotXml, type SnapshotDescription } from './snapshot-xml.js'
import { domainOf, type Snapshot } from './types.js'

export interface SnapshotListing extends SnapshotDescription {
  current: boolean
}

function snapshotOf(uuid: string, name: string): Snapshot {
  return { name, dom: domainOf(uuid) }
}

/** All snapshots, oldest first. */
export async function listSnapshots(
  connection: Connection,
  uuid: string,
  options?: CallOptions,
): Promise<SnapshotListing[]> {
  const { snapshots } = await connection.call(
    procedures.domainListAllSnapshots,
    { dom: domainOf(uuid), needResults: 1, flags: 0 },
    options,
  )
  const listings = await Promise.all(
    snapshots.map(async ({ name }) => {
      const snap = snapshotOf(uuid, name)
      const [{ xml }, { current }] = await Promise.all([
        connection.call(procedures.domainSnapshotGetXmlDesc, { snap, flags: 0 }, options),
        connection.call(procedures.domainSnapshotIsCurrent, { snap, flags: 0 }, options),
      ])
      return { ...readSnapshotXml(xml), current: current === 1 }
    }),
  )
  return listings.toSorted((a, b) => a.createdS - b.createdS || a.name.localeCompare(b.name))
}

/** Takes a snapshot from XML. A running domain with qcow2 disks is saved with its memory, and stands still meanwhile. */
export async function createSnapshot(
  connection: Connection,
  uuid: string,
  xml: string,
  options?: CallOptions,
): Promise<string> {
  const args = { dom: domainOf(uuid), xmlDesc: xml, flags: 0 }
  return (await connection.call(procedures.domainSnapshotCreateXml, args, options)).snap.name
}

/** Puts the domain back. Everything since the snapshot is lost. */
export async function revertToSnapshot(
  connection: Connection,
  uuid: string,
  name: string,
  options?: CallOptions,
): Promise<void> {
  await connection.call(
    procedures.domainRevertToSnapshot,
    { snap: snapshotOf(uuid, name), flags: 0 },
    options,
  )
}

export async function deleteSnapshot(
  connection: Connection,
  uuid: string,
  name: string,
  options?: CallOptions,
): Promise<void> {
  await connection.call(procedures.domainSnapshotDelete, { snap: snapshotOf(uuid, name), flags: 0 }, options)
}
