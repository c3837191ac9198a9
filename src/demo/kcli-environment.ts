/** kcli in a virtual environment of its own, with its own configuration, so that the user's ~/.kcli/config.yml is untouched. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { attempt, exists, run } from './commands.js'

/** The version that the driver's facts were measured with. */
export const kcliVersion = '99.0.202610251748'

export interface KcliEnvironment {
  path: string
  config: string
}

/** Makes it below `cache` once and uses it again afterwards. Gives the program's path. */
export async function installKcli(cache: string, say: (line: string) => void): Promise<string> {
  const directory = join(cache, `kcli-${kcliVersion}`)
  const path = join(directory, 'bin', 'kcli')
  if (await isWhole(directory)) return path
  say(`Installing kcli ${kcliVersion} from PyPI into ${directory}`)
  // It sees the system's Python packages, because libvirt's binding comes from there.
  await run('/usr/bin/python3', ['-m', 'venv', '--clear', '--system-site-packages', directory])
  const pip = ['install', '--quiet', '--disable-pip-version-check', '--no-input', '--retries', '3']
  await run(join(directory, 'bin', 'pip'), [...pip, `kcli==${kcliVersion}`], { timeoutMs: 10 * 60_000 })
  // Other accounts run it too, whatever this one's umask is.
  await run('chmod', ['-R', 'a+rX', directory])
  await writeFile(join(directory, 'complete'), '')
  return path
}

/** A new Python of the system leaves an environment behind that starts nothing. */
async function isWhole(directory: string): Promise<boolean> {
  if (!(await exists(join(directory, 'complete')))) return false
  const look = await attempt(join(directory, 'bin', 'python'), ['-c', 'import kvirt, libvirt'])
  return look.exitCode === 0
}

export interface KcliSettings {
  pool: string
  virtType: 'kvm' | 'qemu'
}

/** Writes kcli's configuration for one lab. */
export async function configureKcli(cache: string, { pool, virtType }: KcliSettings): Promise<string> {
  const directory = join(cache, `kcli-${pool}`)
  await mkdir(directory, { recursive: true })
  const config = join(directory, 'config.yml')
  const local = { type: 'kvm', host: '127.0.0.1', pool, virttype: virtType }
  await writeFile(config, stringify({ default: { client: 'local' }, local }))
  await run('chmod', ['-R', 'a+rX', directory])
  return config
}
