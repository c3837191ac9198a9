/** Checkpoints, backups and jobs of disks. */
import { proc } from '../procedure.js'
import { Checkpoint, Domain, TypedParam } from '../types.js'
import { i32, list, opaque, optional, text, u32, u64 } from '../xdr.js'

export const blockProcedures = {
  /** Begins to note which blocks change, for incremental backups. */
  domainCheckpointCreateXml: proc(
    411,
    'domain_checkpoint_create_xml',
    { dom: Domain, xmlDesc: text, flags: u32 },
    { checkpoint: Checkpoint },
    { since: '5.6.0' },
  ),
  /** The checkpoint's description; `flags` with SIZE (2) tells how many bytes changed since. */
  domainCheckpointGetXmlDesc: proc(
    412,
    'domain_checkpoint_get_xml_desc',
    { checkpoint: Checkpoint, flags: u32 },
    { xml: text },
    { since: '5.6.0' },
  ),
  /** Checkpoints of a domain. */
  domainListAllCheckpoints: proc(
    413,
    'domain_list_all_checkpoints',
    { dom: Domain, needResults: i32, flags: u32 },
    { checkpoints: list(Checkpoint), ret: i32 },
    { high: true, since: '5.6.0' },
  ),
  /** Checkpoints made after this one. */
  domainCheckpointListAllChildren: proc(
    414,
    'domain_checkpoint_list_all_children',
    { checkpoint: Checkpoint, needResults: i32, flags: u32 },
    { checkpoints: list(Checkpoint), ret: i32 },
    { high: true, since: '5.6.0' },
  ),
  /** A checkpoint by its exact name. Errors: not-found. */
  domainCheckpointLookupByName: proc(
    415,
    'domain_checkpoint_lookup_by_name',
    { dom: Domain, name: text, flags: u32 },
    { checkpoint: Checkpoint },
    { high: true, since: '5.6.0' },
  ),
  /** The one before it. Errors: not-found. */
  domainCheckpointGetParent: proc(
    416,
    'domain_checkpoint_get_parent',
    { checkpoint: Checkpoint, flags: u32 },
    { parent: Checkpoint },
    { high: true, since: '5.6.0' },
  ),
  /** Deletes it. */
  domainCheckpointDelete: proc(
    417,
    'domain_checkpoint_delete',
    { checkpoint: Checkpoint, flags: u32 },
    {},
    { since: '5.6.0' },
  ),
  /** Begins a backup, pushed to files or offered over NBD; the job's event tells its end. */
  domainBackupBegin: proc(
    421,
    'domain_backup_begin',
    { dom: Domain, backupXml: text, checkpointXml: optional(text), flags: u32 },
    {},
    { since: '6.0.0' },
  ),
  /** The backup under way. Errors: no such job (code 104). */
  domainBackupGetXmlDesc: proc(
    422,
    'domain_backup_get_xml_desc',
    { dom: Domain, flags: u32 },
    { xml: text },
    { high: true, since: '6.0.0' },
  ),
  /** Moves a layer's data down into what it is based on. `bandwidth` in MiB a second. `flags`: `enums.DomainBlockCommitFlags`. */
  domainBlockCommit: proc(
    290,
    'domain_block_commit',
    { dom: Domain, disk: text, base: optional(text), top: optional(text), bandwidth: u64, flags: u32 },
    {},
  ),
  /** Brings data up from what a disk is based on, until it stands alone. */
  domainBlockPull: proc(
    240,
    'domain_block_pull',
    { dom: Domain, path: text, bandwidth: u64, flags: u32 },
    {},
  ),
  /** The same, as far as `base`. */
  domainBlockRebase: proc(
    266,
    'domain_block_rebase',
    { dom: Domain, path: text, base: optional(text), bandwidth: u64, flags: u32 },
    {},
  ),
  /** Copies a disk elsewhere and keeps both the same until it is ended. `flags`: `enums.DomainBlockCopyFlags`. */
  domainBlockCopy: proc(
    345,
    'domain_block_copy',
    { dom: Domain, path: text, destxml: text, params: list(TypedParam), flags: u32 },
    {},
  ),
  /** How far a disk's job is; `found` 0 when there is none. */
  domainGetBlockJobInfo: proc(
    238,
    'domain_get_block_job_info',
    { dom: Domain, path: text, flags: u32 },
    { found: i32, type: i32, bandwidth: u64, cur: u64, end: u64 },
  ),
  /** Ends it; `flags` 2 goes over to the copy. */
  domainBlockJobAbort: proc(237, 'domain_block_job_abort', { dom: Domain, path: text, flags: u32 }, {}),
  /** Its limit, in MiB a second. */
  domainBlockJobSetSpeed: proc(
    239,
    'domain_block_job_set_speed',
    { dom: Domain, path: text, bandwidth: u64, flags: u32 },
    {},
  ),
  /** Size of a disk, in KiB; `flags` 1: in bytes. */
  domainBlockResize: proc(251, 'domain_block_resize', { dom: Domain, disk: text, size: u64, flags: u32 }, {}),
  /** Asks for an event when a disk has grown to so many bytes. */
  domainSetBlockThreshold: proc(
    386,
    'domain_set_block_threshold',
    { dom: Domain, dev: text, threshold: u64, flags: u32 },
    {},
    { since: '3.1.0' },
  ),
  /** Bytes of a disk; at most 4 MiB at once. */
  domainBlockPeek: proc(
    103,
    'domain_block_peek',
    { dom: Domain, path: text, offset: u64, size: u32, flags: u32 },
    { buffer: opaque },
  ),
} as const
