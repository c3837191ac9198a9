export {
  createOutbox,
  type Outbox,
  type Place,
  type Post,
  type Posted,
  type UpdateOutcome,
} from './outbox.js'
export { type Kept, type OutboxLog, openOutboxLog } from './outbox-journal.js'
export { PostFailed } from './post-failed.js'
export type { Listener } from './words-queue.js'
