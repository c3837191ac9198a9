/** A client of libvirt's remote protocol in TypeScript. Stands alone: it imports nothing else of this project. */
export {
  type CallOptions,
  Connection,
  type ConnectionOptions,
} from './connection.js'
export { DataStream, type Hole } from './data-stream.js'
export {
  type DiskDescription,
  type DomainDescription,
  type KcliMetadata,
  kcliNamespace,
  type NicDescription,
  readDomainXml,
} from './domain-xml.js'
export {
  type DomainListing,
  type DomainState,
  defineDomain,
  destroyDomain,
  domainMetadata,
  domainState,
  domainStats,
  domainXml,
  findDomain,
  hasAutostart,
  interfaceAddresses,
  isPersistent,
  listDomains,
  rebootDomain,
  resumeDomain,
  setDomainMetadata,
  shutDownDomain,
  startDomain,
  undefineDomain,
} from './domains.js'
export * as enums from './enums.js'
export { ErrorCode, isNotFound, LibvirtError, type LibvirtErrorKind } from './errors.js'
export type { EventName, EventOf } from './event-registration.js'
export * as handles from './handles.js'
export { describeHost, type HostListing, hostCapabilities } from './host.js'
export { fieldsXml, readFields } from './metadata-xml.js'
export { listNetworks, type NetworkListing } from './networks.js'
export { procedures } from './procedures/index.js'
export { snapshotXml } from './snapshot-xml.js'
export {
  createSnapshot,
  deleteSnapshot,
  listSnapshots,
  revertToSnapshot,
  type SnapshotListing,
} from './snapshots.js'
export {
  createVolume,
  deleteVolume,
  downloadPieces,
  downloadVolume,
  findVolume,
  findVolumeByPath,
  listPools,
  listVolumes,
  type PoolListing,
  type PoolState,
  refreshPool,
  type TransferOptions,
  uploadVolume,
  type VolumePlace,
} from './storage.js'
export { domainOf } from './types.js'
export { type VolumeDescription, volumeXml } from './volume-xml.js'
export { ProtocolError } from './xdr.js'
export { XmlEditor, type XmlPath } from './xml-editor.js'
