import type { Post } from './outbox.js'

/** A message that did not get into Slack. */
export class PostFailed extends Error {
  override readonly name = 'PostFailed'
  /** Slack's code, e.g. `not_in_channel`, or what happened. */
  readonly why: string
  /** Slack said no: a try in another place may do. Otherwise Slack was not reached. */
  readonly refused: boolean

  constructor(post: Pick<Post, 'key' | 'channel'>, why: string, refused: boolean) {
    super(`"${post.key}" could not be posted to ${post.channel}: ${why}`)
    this.why = why
    this.refused = refused
  }
}
