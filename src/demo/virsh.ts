/** virsh for setting the lab up, so that the lab does not depend on the client that it is there to prove. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt, type ProgramResult, run } from './commands.js'

const connection = ['-c', 'qemu:///system']

/** Gives virsh's output; throws when it fails. */
export function virsh(...args: string[]): Promise<string> {
  return run('virsh', [...connection, ...args])
}

virsh.attempt = (...args: string[]): Promise<ProgramResult> => attempt('virsh', [...connection, ...args])

/** Such a command as `net-define`, whose last argument is a file with XML. */
virsh.define = async (command: string, xml: string): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'qnav-virsh-'))
  try {
    const file = join(directory, 'define.xml')
    await writeFile(file, xml)
    return await virsh(command, file)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
