/** Names of locks: `vm:<host>/<vm>` for one VM, `host:<host>` for everything on a host. */

export function vmLock({ host, name }: { host: string; name: string }): string {
  return `vm:${host}/${name}`
}

export function hostLock(host: string): string {
  return `host:${host}`
}

/** "VM web1 on kvm1", "host kvm1". */
export function lockWords(name: string): string {
  const [, kind, host, vm] = /^([^:]*):([^/]*)(?:\/(.*))?$/.exec(name) ?? []
  if (kind === 'vm' && vm !== undefined) return `VM ${vm} on ${host}`
  return kind === 'host' ? `host ${host}` : name
}

/** As it is typed: "web1@kvm1", "kvm1". */
export function lockWord(name: string): string {
  const [, kind, host, vm] = /^([^:]*):([^/]*)(?:\/(.*))?$/.exec(name) ?? []
  if (kind === 'vm' && vm !== undefined) return `${vm}@${host}`
  return kind === 'host' && host !== undefined ? host : name
}

/** Whether two locks cannot be held by different jobs at once: the same lock, or a host and anything on it. */
export function conflict(a: string, b: string): boolean {
  return a === b || covers(a, b) || covers(b, a)
}

function covers(host: string, other: string): boolean {
  if (!host.startsWith('host:')) return false
  const name = host.slice('host:'.length)
  const place = other.slice(other.indexOf(':') + 1)
  return place === name || place.startsWith(`${name}/`)
}
