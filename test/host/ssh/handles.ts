/** What this process holds open, to be compared before and after. */
import { readdirSync } from 'node:fs'
import { getActiveResourcesInfo } from 'node:process'

export interface Handles {
  /** File descriptors: sockets, pipes, files. */
  descriptors: number
  /** Timers, sockets, child processes that would keep the process alive. */
  resources: Record<string, number>
}

export function handles(): Handles {
  const resources: Record<string, number> = {}
  for (const kind of getActiveResourcesInfo()) {
    // Work that is being done at this moment, not something held.
    if (/Req$|Wrap$/.test(kind) && !/^(TCPSocketWrap|TCPServerWrap|PipeWrap|ProcessWrap)$/.test(kind))
      continue
    resources[kind] = (resources[kind] ?? 0) + 1
  }
  return { descriptors: readdirSync('/proc/self/fd').length, resources }
}
