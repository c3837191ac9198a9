/** How the bot reaches Slack. */

/** Socket Mode needs no address of its own; HTTP needs one that Slack can reach. */
export type ReceiverSettings =
  | { kind: 'socket'; appToken: string }
  | { kind: 'http'; signingSecret: string; port: number }

export interface SlackConnection {
  botToken: string
  /** Base address of the Web API with a trailing slash; Slack's own when absent. */
  apiUrl?: string
  receiver: ReceiverSettings
}
