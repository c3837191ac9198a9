/** What keeps the Slack side from starting, said so that it can be mended. */
import { UserError } from '../errors.js'

const whereTokensAre: Record<string, string> = {
  SLACK_BOT_TOKEN: 'the Bot User OAuth Token (xoxb-…) from "OAuth & Permissions" of the app',
  SLACK_APP_TOKEN:
    'an app-level token (xapp-…) with the scope connections:write from "Basic Information" of the app, with Socket Mode on',
}

export function wrongToken(
  variable: 'SLACK_BOT_TOKEN' | 'SLACK_APP_TOKEN',
  why: string,
  cause: unknown,
): UserError {
  return new UserError('bad-config', `Slack does not accept the token in ${variable}: ${why}.`, {
    fix: `Set ${variable} to ${whereTokensAre[variable]}, then start again.`,
    cause,
  })
}

export function slackUnavailable(what: string, why: string, cause: unknown): UserError {
  return new UserError('slack-unavailable', `${what}: ${why}.`, {
    fix: 'Look at https://slack-status.com and at the way from this machine to Slack (or to SLACK_API_URL), then start again.',
    cause,
  })
}

export function portTaken(port: number, cause: unknown): UserError {
  return new UserError('bad-config', `Port ${port} is used by another program.`, {
    fix: 'Set PORT to a free one, or stop the other program; `ss -ltnp` names it.',
    cause,
  })
}
