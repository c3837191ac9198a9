/**
 * A name inside of a command line that a person may copy into a shell: quoted where it is not plain. Pools, networks and
 * files have any name that whoever made them liked, `$(reboot)` too.
 */
export function shellWord(name: string): string {
  return /^[\w@%+:./,][\w@%+=:./,-]*$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`
}
