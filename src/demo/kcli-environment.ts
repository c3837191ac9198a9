/** kcli in a virtual environment of its own, with its own configuration, so that the user's ~/.kcli is untouched. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exists, run } from './commands.js'

/** The version that the driver's facts were measured with. */
export const kcliVersion = '99.0.202610251748'

export interface KcliEnvironment {
  path: string
  config: string
}

/**
 * Makes it below `cache` once and uses it again afterwards. It sees the system's Python packages, because libvirt's
 * binding comes from there.
 */
export async function ensureKcli(
  { cache, pool, virtType }: { cache: string; pool: string; virtType: 'kvm' | 'qemu' },
  say: (line: string) => void,
): Promise<KcliEnvironment> {
  const environment = join(cache, `kcli-${kcliVersion}`)
  const path = join(environment, 'bin', 'kcli')
  const complete = join(environment, 'complete')
  if (!(await exists(complete))) {
    say(`Installing kcli ${kcliVersion} from PyPI into ${environment}`)
    await run('/usr/bin/python3', ['-m', 'venv', '--clear', '--system-site-packages', environment])
    await run(
      join(environment, 'bin', 'pip'),
      ['install', '--quiet', '--disable-pip-version-check', `kcli==${kcliVersion}`],
      {
        timeoutMs: 10 * 60_000,
      },
    )
    await writeFile(complete, '')
  }
  const directory = join(cache, `kcli-${pool}`)
  const config = join(directory, 'config.yml')
  await mkdir(directory, { recursive: true })
  await writeFile(
    config,
    `default:\n  client: local\nlocal:\n  type: kvm\n  host: 127.0.0.1\n  pool: ${pool}\n  virttype: ${virtType}\n`,
  )
  return { path, config }
}
