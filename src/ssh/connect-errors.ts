/** What went wrong while connecting over SSH, in words that say what to do. */
import { UserError } from '../errors.js'

export interface Destination {
  user: string
  host: string
  port: number
  identityFile?: string
  jump?: { command: string }
}

const socketReasons: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to its network',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name cannot be resolved just now',
  ETIMEDOUT: 'it did not answer in time',
}

const brokeOff = 'the connection broke off'
/** What the SSH client says of a connection that ended under it. */
const messageReasons: Record<string, string> = {
  'No response from server': brokeOff,
  'Not connected': brokeOff,
  'Connection lost before handshake':
    'it closed the connection at once (no sshd there, or too many connections)',
}

/** The UserError for an error of the SSH client during connect. */
export function connectError(to: Destination, error: unknown): UserError {
  if (error instanceof UserError) return error
  const { message, level, code } = details(error)
  const where = `${to.host}:${to.port}`
  if (level === 'client-authentication')
    return authFailed(to, 'the host refused every key it was offered', error)
  if (level === 'agent') return authFailed(to, `the ssh-agent does not answer (${message})`, error)
  const reason =
    messageReasons[message] ??
    (level === 'client-timeout' ? socketReasons.ETIMEDOUT : socketReasons[code ?? '']) ??
    message
  return unreachable(to, `${where} cannot be reached: ${reason}.`, error)
}

/** For connections that never were and for those that ended. */
export function unreachable(to: Destination, message: string, cause?: unknown): UserError {
  const there = `ssh -p ${to.port} ${to.user}@${to.host} true`
  return new UserError('host-unreachable', message, {
    fix: `Check that the host is up and sshd listens: ${to.jump === undefined ? there : `${to.jump.command} true, then from there: ${there}`}`,
    ...(cause === undefined ? {} : { cause }),
  })
}

/** The UserError for a port that this host, on the way to another, gave no stream to. */
export function forwardError(by: Destination, target: string, error: Error): UserError {
  const reason = 'reason' in error ? error.reason : undefined
  const { message } = details(error)
  if (reason === undefined) return connectError(by, error)
  // RFC 4254, 5.1: 1 is "administratively prohibited", 2 is "connect failed".
  if (reason === 1) {
    return new UserError(
      'host-unreachable',
      `sshd on ${by.host}:${by.port} does not pass us on to ${target}.`,
      {
        fix: `Set “AllowTcpForwarding yes” in sshd_config on ${by.host}, and no “DisableForwarding” or PermitOpen that excludes ${target}.`,
        cause: error,
      },
    )
  }
  return new UserError(
    'host-unreachable',
    `${target} cannot be reached from ${by.host}:${by.port}: ${message}.`,
    {
      fix: `Check that it is up and sshd listens: ssh -p ${by.port} ${by.user}@${by.host} ssh-keyscan -p ${target.replace(/^(.*):(\d+)$/, '$2 $1')}`,
      cause: error,
    },
  )
}

export function authFailed(to: Destination, why: string, cause?: unknown): UserError {
  const key = to.identityFile ?? 'the ssh-agent'
  return new UserError(
    'ssh-auth-failed',
    `${to.user}@${to.host}:${to.port} did not let us in with ${key}: ${why}.`,
    {
      fix:
        to.identityFile === undefined
          ? 'Set identity_file for this host, or start the bot with SSH_AUTH_SOCK of an agent that holds the key.'
          : `Allow the key there: ssh-copy-id -i ${to.identityFile} -p ${to.port} ${to.user}@${to.host}`,
      cause,
    },
  )
}

/** Whether the host has no key of a type we asked for. */
export function isKeyTypeMismatch(error: unknown): boolean {
  return /no matching host key/i.test(details(error).message)
}

function details(error: unknown): { message: string; level?: string; code?: string } {
  if (!(error instanceof Error)) return { message: String(error) }
  return {
    message: error.message,
    ...('level' in error && typeof error.level === 'string' ? { level: error.level } : {}),
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
  }
}
