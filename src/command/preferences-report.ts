/** Somebody's preferences in words. */
import type { Preferences } from '../preferences/index.js'
import type { Report, Tone } from '../report/index.js'

/** Type and comment are enough to recognise a key. */
export function shortKey(key: string): string {
  const [type = '', body = '', ...comment] = key.split(' ')
  return comment.length > 0 ? `${type} ${comment.join(' ')}` : `${type} …${body.slice(-8)}`
}

export function preferencesReport(
  title: string,
  { host, sshKey, timeZone, quiet }: Preferences,
  tone: Tone = 'info',
): Report {
  return {
    title,
    tone,
    facts: [
      { label: 'New VMs go to', value: host ?? 'the host with the most memory available' },
      { label: 'SSH key of new VMs', value: sshKey === undefined ? 'none' : shortKey(sshKey) },
      { label: 'Time zone', value: timeZone ?? 'UTC' },
      { label: 'Quiet hours', value: quiet ?? 'none' },
    ],
    actions: [{ label: 'Change…', command: 'prefs set --form' }],
  }
}
