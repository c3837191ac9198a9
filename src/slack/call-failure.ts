/** What a failed Web API call means for whoever wants to try again. */
import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from '@slack/web-api'

export type CallFailure =
  /** Not done; may be tried again after that time. */
  | { kind: 'rate-limited'; retryAfterMs: number; why: string }
  /** Slack said no; it will say so again. */
  | { kind: 'refused'; why: string }
  /** It never reached Slack. */
  | { kind: 'not-sent'; why: string }
  /** Slack failed; most likely not done. */
  | { kind: 'failed'; why: string }
  /** It was sent and the answer was lost: done or not. */
  | { kind: 'unknown'; why: string }

/** Used when Slack gives no usable Retry-After. */
const defaultRetryAfterMs = 5000

/** Slack's errors that pass by themselves (Slack docs: common error codes). */
const passing = new Set(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'])
const limited = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded'])

/** Codes of Node and undici for connections that never came about. */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

export function callFailure(error: unknown): CallFailure {
  if (error instanceof WebAPIRateLimitedError) {
    return { kind: 'rate-limited', retryAfterMs: error.retryAfter * 1000, why: 'rate limited' }
  }
  if (error instanceof WebAPIPlatformError) {
    const why = error.data.error
    if (limited.has(why)) return { kind: 'rate-limited', retryAfterMs: defaultRetryAfterMs, why }
    return { kind: passing.has(why) ? 'failed' : 'refused', why }
  }
  if (error instanceof WebAPIHTTPError) {
    return { kind: error.statusCode >= 500 ? 'failed' : 'refused', why: `HTTP ${error.statusCode}` }
  }
  if (error instanceof WebAPIRequestError) {
    const code = neverConnectedCode(error)
    return code === undefined
      ? { kind: 'unknown', why: error.original.message }
      : { kind: 'not-sent', why: code }
  }
  const why = error instanceof Error ? error.message : String(error)
  // web-api 8 has no error class for a 429 whose Retry-After is missing or unreadable.
  if (why.startsWith('Retry header did not contain')) {
    return { kind: 'rate-limited', retryAfterMs: defaultRetryAfterMs, why: 'rate limited' }
  }
  return { kind: 'refused', why }
}

/** Whether a call failed before anybody on the other side could hear of it. */
export function neverReached(error: unknown): boolean {
  return neverConnectedCode(error) !== undefined
}

function neverConnectedCode(error: unknown): string | undefined {
  return errorCodes(error).find((each) => neverConnected.has(each))
}

/** Codes along the chain of causes; an AggregateError (IPv6 and IPv4 both failed) has them inside. */
function errorCodes(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > 6) return []
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : []
  const original = error instanceof WebAPIRequestError ? [error.original] : []
  const inside = error instanceof AggregateError ? error.errors : []
  return [...own, ...[error.cause, ...original, ...inside].flatMap((each) => errorCodes(each, depth + 1))]
}
