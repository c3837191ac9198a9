export { registerLeaseEnd } from './lease-end.js'
export { LeaseKeeper, type LeaseNotice } from './lease-keeper.js'
