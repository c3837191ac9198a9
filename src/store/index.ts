export {
  type AuditEntry,
  type AuditLog,
  type AuditVerdict,
  openAuditLog,
  verifyAuditLog,
} from './audit-log.js'
export { type DataDirectory, openDataDirectory } from './data-directory.js'
