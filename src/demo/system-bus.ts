/** The system bus and polkit, through which libvirt lets accounts of the group libvirt in. */
import { mkdir } from 'node:fs/promises'
import { attempt, exists } from './commands.js'
import { accepts, startDaemon } from './daemon.js'
import type { Ledger } from './ledger.js'

const busSocket = '/run/dbus/system_bus_socket'

export const polkitPlaces = [
  '/usr/lib/polkit-1/polkitd',
  '/usr/libexec/polkitd',
  '/usr/lib/policykit-1/polkitd',
]

export function busRuns(): Promise<boolean> {
  return accepts(busSocket)
}

/**
 * Starts what does not run of both. To be done before libvirtd is started: it tries the bus once and remembers a failure
 * until it ends.
 */
export async function startSystemBus(ledger: Ledger, say: (line: string) => void): Promise<void> {
  if (!(await busRuns())) {
    say('Starting the system bus')
    await mkdir('/run/dbus', { recursive: true })
    await startDaemon(
      {
        name: 'dbus-daemon',
        path: '/usr/bin/dbus-daemon',
        args: ['--system', '--nofork', '--nopidfile'],
        answers: busRuns,
      },
      ledger,
    )
  }
  if (await polkitAnswers()) return
  for (const path of polkitPlaces) {
    if (!(await exists(path))) continue
    say('Starting polkit')
    await startDaemon({ name: 'polkitd', path, args: ['--no-debug'], answers: polkitAnswers }, ledger)
    return
  }
}

async function polkitAnswers(): Promise<boolean> {
  const asked = await attempt(
    'dbus-send',
    [
      '--system',
      '--print-reply',
      '--dest=org.freedesktop.DBus',
      '/org/freedesktop/DBus',
      'org.freedesktop.DBus.NameHasOwner',
      'string:org.freedesktop.PolicyKit1',
    ],
    { timeoutMs: 5000 },
  )
  return asked.output.includes('boolean true')
}
