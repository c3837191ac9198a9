/** Under which account kcli works on its host. */

export interface KcliSettings {
  /** Absolute path of kcli on the host; looked for in the usual places when absent. */
  path?: string
  /** Run it as root. */
  sudo: boolean
  /** Run it as this user. */
  user?: string
  /** kcli's configuration file on the host; its own default when absent. */
  config?: string
}

/**
 * What goes before a command so that the host does it as that account; empty for the account of the connection. A whole
 * run has to be started with it, and not only kcli within the run: nobody but that account may read its files or end it.
 */
export function accountPrefix({ sudo, user }: Pick<KcliSettings, 'sudo' | 'user'>): string[] {
  if (user !== undefined) return ['sudo', '-n', '-H', '-u', user]
  return sudo ? ['sudo', '-n', '-H'] : []
}
