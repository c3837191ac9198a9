export { createOutbox, type Outbox, type Place, type Post, type UpdateOutcome } from './outbox.js'
export { PostFailed } from './post-queue.js'
