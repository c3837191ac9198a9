/** The two ways from Slack to an app look the same from here. */
import type { Delivery, Json } from '../protocol.js'

/** Slack docs: an app has 3 seconds to acknowledge. */
export const ackDeadlineMs = 3000

export interface Envelope {
  type: 'slash_commands' | 'interactive' | 'events_api'
  payload: Json
  /** The acknowledgement may carry an answer: a message, options or a response_action. */
  acceptsResponse: boolean
  /** Redelivery of an event: how often it was tried before, and what went wrong. */
  retry?: { attempt: number; reason: 'timeout' | 'http_error' | 'connection_failed' }
}

export interface Carrier {
  send(envelope: Envelope): Promise<Delivery>
}
