/** virsh for setting the lab up, so that the lab does not depend on the client that it is there to prove. */
import { attempt, type ProgramResult, run } from './commands.js'

const connection = ['-c', 'qemu:///system']

/** Gives virsh's output; throws when it fails. */
export function virsh(...args: string[]): Promise<string> {
  return run('virsh', [...connection, ...args])
}

virsh.attempt = (...args: string[]): Promise<ProgramResult> => attempt('virsh', [...connection, ...args])

virsh.withInput = (stdin: string, ...args: string[]): Promise<string> =>
  run('virsh', [...connection, ...args], { stdin })
