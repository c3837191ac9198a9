export { openAuditMirrors } from './open-mirrors.js'
export type { Sink } from './sink.js'
