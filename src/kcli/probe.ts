/** Finding kcli on a host, and what it is, without asking kcli itself: `kcli version` calls the network. */
import { UserError } from '../errors.js'

export interface KcliFound {
  path: string
  /** As its Python package says; "unknown" when that cannot be asked. */
  version: string
  /** The program with which kcli writes cloud-init ISOs; without one it makes no VM from an image. */
  isoTool?: string
}

/**
 * $1: configured path or empty. Prints "path …", "version …" and "iso …" lines; ends with 127 when there is no kcli. A
 * configured path is the only one looked at: another kcli than the one that somebody chose is a surprise.
 */
export const probeScript = `
cd /
if [ -n "$1" ]; then set -- "$1"
else set -- "$(command -v kcli 2>/dev/null)" /usr/bin/kcli /usr/local/bin/kcli "$HOME/.local/bin/kcli"
fi
for path; do
  case $path in /*) ;; *) continue ;; esac
  [ -f "$path" ] && [ -x "$path" ] || continue
  echo "path $path"
  # The first line names the interpreter; long paths are behind a shell line that starts with exec.
  python=$(sed -n -e '1s/^#! *\\([^ ]*python[^ ]*\\).*/\\1/p' -e "2s/^'''exec' *\\"\\{0,1\\}\\([^ \\"]*python[^ \\"]*\\).*/\\1/p" "$path" 2>/dev/null | head -n 1)
  version=
  case $python in
    /*) version=$("$python" -c 'from importlib.metadata import version; print(version("kcli"))' 2>/dev/null </dev/null) ;;
  esac
  echo "version \${version:-unknown}"
  for tool in genisoimage mkisofs xorrisofs; do
    if command -v $tool >/dev/null 2>&1; then echo "iso $tool"; break; fi
  done
  exit 0
done
exit 127
`

const places = 'PATH, /usr/bin, /usr/local/bin and ~/.local/bin'

/** Reads what probeScript printed. Throws `kcli-missing`. */
export function readProbe(
  host: string,
  configured: string | undefined,
  { exitCode, stdout, stderr }: { exitCode: number | null; stdout: string; stderr: string },
): KcliFound {
  const said = new Map(
    stdout
      .split('\n')
      .filter((line) => line.includes(' '))
      .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).trim()]),
  )
  const path = said.get('path')
  const isoTool = said.get('iso')
  if (exitCode === 0 && path !== undefined) {
    return { path, version: said.get('version') ?? 'unknown', ...(isoTool === undefined ? {} : { isoTool }) }
  }
  const sudo = /^sudo: .*$/m.exec(stderr)?.[0]
  if (sudo !== undefined) {
    throw new UserError('kcli-missing', `kcli cannot be run under another account on ${host}: ${sudo}`, {
      fix: `Let the account of the bot use sudo there without password and terminal, or set hosts.${host}.kcli.sudo to false in qnav.yml.`,
    })
  }
  throw new UserError(
    'kcli-missing',
    configured === undefined
      ? `kcli was not found on ${host}: it is not in ${places}.`
      : `kcli was not found on ${host}: ${configured} is no program there.`,
    {
      fix: `Install it there with genisoimage (https://kcli.readthedocs.io), or set hosts.${host}.kcli.path in qnav.yml; a shell alias does not count.`,
    },
  )
}
