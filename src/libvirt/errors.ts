/** What can go wrong, in one typed error: libvirt's own code and message, or the connection's end. */

/** libvirt's error numbers grouped by what a caller can do about them (virterror.h). */
export type LibvirtErrorKind =
  | 'not-found'
  | 'exists'
  | 'invalid-state'
  | 'busy'
  | 'timeout'
  | 'denied'
  | 'unsupported'
  | 'too-old'
  | 'agent'
  | 'bad-xml'
  | 'bad-argument'
  | 'transport'
  | 'failed'

/** VIR_ERR_* numbers that callers tell apart. */
export const ErrorCode = {
  INTERNAL_ERROR: 1,
  NO_SUPPORT: 3,
  INVALID_ARG: 8,
  OPERATION_FAILED: 9,
  XML_ERROR: 27,
  DOM_EXIST: 28,
  OPERATION_DENIED: 29,
  SYSTEM_ERROR: 38,
  RPC: 39,
  NO_DOMAIN: 42,
  NO_NETWORK: 43,
  AUTH_FAILED: 45,
  NO_STORAGE_POOL: 49,
  NO_STORAGE_VOL: 50,
  OPERATION_INVALID: 55,
  CONFIG_UNSUPPORTED: 67,
  OPERATION_TIMEOUT: 68,
  NO_DOMAIN_SNAPSHOT: 72,
  ARGUMENT_UNSUPPORTED: 74,
  AUTH_CANCELLED: 79,
  NO_DOMAIN_METADATA: 80,
  OPERATION_UNSUPPORTED: 84,
  AGENT_UNRESPONSIVE: 86,
  RESOURCE_BUSY: 87,
  ACCESS_DENIED: 88,
  STORAGE_VOL_EXIST: 90,
  XML_INVALID_SCHEMA: 92,
  AUTH_UNAVAILABLE: 94,
  AGENT_UNSYNCED: 97,
} as const

const kinds: Readonly<Record<number, LibvirtErrorKind>> = {
  3: 'unsupported',
  8: 'bad-argument',
  27: 'bad-xml',
  28: 'exists',
  29: 'denied',
  42: 'not-found',
  43: 'not-found',
  45: 'denied',
  49: 'not-found',
  50: 'not-found',
  53: 'not-found',
  55: 'invalid-state',
  57: 'not-found',
  62: 'not-found',
  66: 'not-found',
  67: 'unsupported',
  68: 'timeout',
  72: 'not-found',
  74: 'agent',
  79: 'denied',
  80: 'not-found',
  84: 'unsupported',
  86: 'agent',
  87: 'busy',
  88: 'denied',
  90: 'exists',
  92: 'bad-xml',
  94: 'denied',
  97: 'agent',
  103: 'not-found',
  112: 'agent',
  113: 'agent',
}

export interface LibvirtErrorFields {
  kind: LibvirtErrorKind
  /** VIR_ERR_*; 0 when the error is the connection's own. */
  code?: number
  /** VIR_FROM_*: which part of libvirt speaks. */
  domain?: number
  cause?: unknown
}

export class LibvirtError extends Error {
  override readonly name = 'LibvirtError'
  readonly kind: LibvirtErrorKind
  readonly code: number
  readonly domain: number

  constructor(message: string, { kind, code = 0, domain = 0, cause }: LibvirtErrorFields) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
    this.code = code
    this.domain = domain
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof LibvirtError && error.kind === 'not-found'
}

/** An error reply as it came; `needs` is the libvirt version that has the procedure, for hosts that do not know it. */
export function errorFromReply(
  reply: { code: number; domain: number; message: string | undefined },
  needs?: string,
): LibvirtError {
  const message = reply.message ?? `libvirt error ${reply.code}`
  if (reply.code === ErrorCode.RPC && message.startsWith('unknown procedure')) {
    const wanted = needs === undefined ? 'a newer libvirt' : `libvirt ${needs} or newer`
    return new LibvirtError(`The host's libvirt is too old: this needs ${wanted}.`, {
      ...reply,
      kind: 'too-old',
    })
  }
  return new LibvirtError(message, { ...reply, kind: kinds[reply.code] ?? 'failed' })
}
