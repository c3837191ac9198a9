/** Jobs of domains, and moving them to other hosts. */
import { proc } from '../procedure.js'
import { Domain, TypedParam } from '../types.js'
import { i32, list, opaque, optional, text, u32, u64 } from '../xdr.js'

export const migrationProcedures = {
  /** Ends the job under way: save, dump, migration. */
  domainAbortJob: proc(164, 'domain_abort_job', { dom: Domain }, {}),
  /** The same; `flags` 1 also ends post-copy. */
  domainAbortJobFlags: proc(
    442,
    'domain_abort_job_flags',
    { dom: Domain, flags: u32 },
    {},
    { since: '8.5.0' },
  ),
  /** Migrates; with PEER2PEER the whole of it, to `dconnuri` as the source host sees it. `flags`: `enums.DomainMigrateFlags`. */
  domainMigratePerform3Params: proc(
    305,
    'domain_migrate_perform3_params',
    { dom: Domain, dconnuri: optional(text), params: list(TypedParam), cookieIn: opaque, flags: u32 },
    { cookieOut: opaque },
  ),
  /** Milliseconds that a guest may stand still at the end. */
  domainMigrateSetMaxDowntime: proc(
    166,
    'domain_migrate_set_max_downtime',
    { dom: Domain, downtime: u64, flags: u32 },
    {},
  ),
  /** That limit. */
  domainMigrateGetMaxDowntime: proc(
    387,
    'domain_migrate_get_max_downtime',
    { dom: Domain, flags: u32 },
    { downtime: u64 },
  ),
  /** MiB a second. */
  domainMigrateSetMaxSpeed: proc(
    207,
    'domain_migrate_set_max_speed',
    { dom: Domain, bandwidth: u64, flags: u32 },
    {},
  ),
  /** That limit. */
  domainMigrateGetMaxSpeed: proc(
    242,
    'domain_migrate_get_max_speed',
    { dom: Domain, flags: u32 },
    { bandwidth: u64 },
  ),
  /** Lets the guest go on over there while memory still follows. */
  domainMigrateStartPostCopy: proc(364, 'domain_migrate_start_post_copy', { dom: Domain, flags: u32 }, {}),
  /** Step 1 of 5 of a migration that the client drives, at the source. */
  domainMigrateBegin3Params: proc(
    302,
    'domain_migrate_begin3_params',
    { dom: Domain, params: list(TypedParam), flags: u32 },
    { cookieOut: opaque, xml: text },
  ),
  /** Step 2, at the target. */
  domainMigratePrepare3Params: proc(
    303,
    'domain_migrate_prepare3_params',
    { params: list(TypedParam), cookieIn: opaque, flags: u32 },
    { cookieOut: opaque, uriOut: optional(text) },
  ),
  /** Step 4, at the target. */
  domainMigrateFinish3Params: proc(
    306,
    'domain_migrate_finish3_params',
    { params: list(TypedParam), cookieIn: opaque, flags: u32, cancelled: i32 },
    { dom: Domain, cookieOut: opaque },
  ),
  /** Step 5, at the source. */
  domainMigrateConfirm3Params: proc(
    307,
    'domain_migrate_confirm3_params',
    { dom: Domain, params: list(TypedParam), cookieIn: opaque, flags: u32, cancelled: i32 },
    {},
  ),
} as const
