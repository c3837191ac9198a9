/**
 * The control interface acts as anybody, and behind it may stand a bot that owns a real hypervisor. A web page from
 * elsewhere that the same browser shows must not reach it: neither by a cross-site request nor by DNS rebinding.
 */
import type { IncomingMessage } from 'node:http'

const loopback = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i

export function isFromHere({ headers }: IncomingMessage): boolean {
  const host = headers.host ?? ''
  if (!loopback.test(host)) return false
  if (headers.origin === undefined) return true
  return URL.canParse(headers.origin) && new URL(headers.origin).host === host
}
