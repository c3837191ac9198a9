/** What an agent needs to know of its host; qnav.yml's `hosts.<name>` after validation. */

export interface KcliSettings {
  /** Absolute path of kcli on the host; looked for (`/usr/bin`, `/usr/local/bin`, `~/.local/bin`) when absent. */
  path?: string
  /** Run it through `sudo -n`. */
  sudo: boolean
  /** Run it as this user through `sudo -n -u`. */
  user?: string
  /** kcli configuration file on the host (KCLI_CONFIG); kcli's own default when absent. */
  config?: string
}

/** Why nothing is changed on a host that is only looked at. */
export function readOnlyHost(name: string): { code: 'unsupported'; message: string; fix: string } {
  return {
    code: 'unsupported',
    message: `qnav only looks at ${name}: nothing is changed there.`,
    fix: `Choose another host, or take “read_only: true” away from hosts.${name}.libvirt in qnav.yml.`,
  }
}

export interface HostSettings {
  name: string
  labels: Record<string, string>
  connection:
    | { transport: 'local' }
    | {
        transport: 'ssh'
        user: string
        host: string
        port: number
        /** Absolute path on the bot's machine; the ssh-agent is used when absent. */
        identityFile?: string
        /** Of the identity file, when it is encrypted. A function, so that nothing prints it in passing. */
        passphrase?: () => string
        /** The host it is reached through, with the same keys and the same known_hosts; directly when absent. */
        jump?: { user: string; host: string; port: number }
        /** Absolute path of the known_hosts file on the bot's machine. */
        knownHosts: string
      }
  libvirt: {
    /** Socket on the host; the usual places are tried when absent. */
    socket?: string
    uri: 'qemu:///system' | 'test:///default'
    /** Only look: the read-only sockets are used, and libvirt itself refuses every change. Default false. */
    readOnly?: boolean
  }
  kcli: KcliSettings
  /** `auto`: kvm where it is usable, else emulation. */
  virtType: 'auto' | 'kvm' | 'qemu'
  /** Pool for new VMs when none is named. */
  pool: string
  /** Network for new VMs when none is named. */
  network: string
  /** Absolute directory on the host for run directories; under the user's home when absent. */
  runDirectory?: string
}
