export { registerLeaseEnd } from './lease-end.js'
export { createLeaseWatch, type LeaseNews, type LeaseWatch, type LeaseWords } from './lease-watch.js'
