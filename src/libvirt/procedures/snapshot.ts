/** Snapshots. */
import { proc } from '../procedure.js'
import { Domain, Snapshot } from '../types.js'
import { i32, list, text, u32 } from '../xdr.js'

export const snapshotProcedures = {
  /** Takes a snapshot. `flags`: `enums.DomainSnapshotCreateFlags`. A running guest stands still while its memory is saved. */
  domainSnapshotCreateXml: proc(
    185,
    'domain_snapshot_create_xml',
    { dom: Domain, xmlDesc: text, flags: u32 },
    { snap: Snapshot },
  ),
  /** The snapshot's description. */
  domainSnapshotGetXmlDesc: proc(
    186,
    'domain_snapshot_get_xml_desc',
    { snap: Snapshot, flags: u32 },
    { xml: text },
    { high: true },
  ),
  /** Snapshots of a domain. `flags`: `enums.DomainSnapshotListFlags`. */
  domainListAllSnapshots: proc(
    274,
    'domain_list_all_snapshots',
    { dom: Domain, needResults: i32, flags: u32 },
    { snapshots: list(Snapshot), ret: i32 },
    { high: true },
  ),
  /** Snapshots taken after this one, on top of it. */
  domainSnapshotListAllChildren: proc(
    275,
    'domain_snapshot_list_all_children',
    { snapshot: Snapshot, needResults: i32, flags: u32 },
    { snapshots: list(Snapshot), ret: i32 },
    { high: true },
  ),
  /** A snapshot by its exact name. Errors: not-found. */
  domainSnapshotLookupByName: proc(
    189,
    'domain_snapshot_lookup_by_name',
    { dom: Domain, name: text, flags: u32 },
    { snap: Snapshot },
    { high: true },
  ),
  /** 1 when the domain stands on a snapshot. */
  domainHasCurrentSnapshot: proc(
    190,
    'domain_has_current_snapshot',
    { dom: Domain, flags: u32 },
    { result: i32 },
  ),
  /** That snapshot. Errors: not-found. */
  domainSnapshotCurrent: proc(
    191,
    'domain_snapshot_current',
    { dom: Domain, flags: u32 },
    { snap: Snapshot },
  ),
  /** The one it was taken on top of. Errors: not-found. */
  domainSnapshotGetParent: proc(
    244,
    'domain_snapshot_get_parent',
    { snap: Snapshot, flags: u32 },
    { snap: Snapshot },
    { high: true },
  ),
  /** 1 when the domain stands on it. */
  domainSnapshotIsCurrent: proc(
    271,
    'domain_snapshot_is_current',
    { snap: Snapshot, flags: u32 },
    { current: i32 },
  ),
  /** 1 when libvirt keeps something about it. */
  domainSnapshotHasMetadata: proc(
    272,
    'domain_snapshot_has_metadata',
    { snap: Snapshot, flags: u32 },
    { metadata: i32 },
  ),
  /** Back to it; everything since is lost. `flags`: `enums.DomainSnapshotRevertFlags`. External ones need libvirt 9.9. */
  domainRevertToSnapshot: proc(192, 'domain_revert_to_snapshot', { snap: Snapshot, flags: u32 }, {}),
  /** Deletes it; the domain stays as it is. `flags`: `enums.DomainSnapshotDeleteFlags`. External ones need libvirt 9.0. */
  domainSnapshotDelete: proc(193, 'domain_snapshot_delete', { snap: Snapshot, flags: u32 }, {}),
  /** How many there are. */
  domainSnapshotNum: proc(
    187,
    'domain_snapshot_num',
    { dom: Domain, flags: u32 },
    { num: i32 },
    { high: true },
  ),
} as const
