/** What went wrong while connecting over SSH, in words that say what to do. */
import { UserError } from '../errors.js'

export interface Destination {
  user: string
  host: string
  port: number
  identityFile?: string
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

/** The UserError for an error of the SSH client during connect. */
export function connectError(to: Destination, error: unknown): UserError {
  if (error instanceof UserError) return error
  const { message, level, code } = details(error)
  const where = `${to.host}:${to.port}`
  if (level === 'client-authentication')
    return authFailed(to, 'the host refused every key it was offered', error)
  if (/private\s?key|passphrase/i.test(message)) {
    return authFailed(to, `the identity file cannot be used (${message})`, error)
  }
  if (level === 'agent') return authFailed(to, `the ssh-agent does not answer (${message})`, error)
  const reason = level === 'client-timeout' ? socketReasons.ETIMEDOUT : socketReasons[code ?? '']
  return new UserError('host-unreachable', `${where} cannot be reached: ${reason ?? message}.`, {
    fix: `Check that the host is up and sshd listens: ssh -p ${to.port} ${to.user}@${to.host} true`,
    cause: error,
  })
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
