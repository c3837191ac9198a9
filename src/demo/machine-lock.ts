/** One process of this machine at a time: a name in the kernel, which goes with its process, however that ends. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../errors.js'

export interface MachineLockOptions {
  say(line: string): void
  /** How long to wait for the other process; default 20 minutes, which is what a first installation may take. */
  waitMs?: number
}

/** Runs `work` while no other process (nor another call here) runs one under the same name. */
export async function withMachineLock<T>(
  name: string,
  work: () => Promise<T>,
  { say, waitMs = 20 * 60_000 }: MachineLockOptions,
): Promise<T> {
  const deadline = Date.now() + waitMs
  // A leading zero byte makes it an abstract socket (unix(7)): no file, so nothing to clean up after a crash.
  const path = `\0${name}`
  let release = await take(path)
  if (release === undefined) say('Waiting for another qnav process that prepares or ends its lab here')
  while (release === undefined) {
    if (Date.now() > deadline) {
      throw new UserError('timeout', `Another process holds ${name} for more than ${waitMs / 60_000} min.`, {
        fix: 'Find it (ss -xlp | grep qnav), end it, and start again.',
      })
    }
    await released(path, deadline)
    release = await take(path)
  }
  try {
    return await work()
  } finally {
    await release()
  }
}

/** undefined when somebody else has it. */
function take(path: string): Promise<(() => Promise<void>) | undefined> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>()
    const server: Server = createServer((socket) => {
      waiting.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => waiting.delete(socket))
    })
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(path, () => {
      resolve(
        () =>
          new Promise((closed) => {
            server.close(() => closed())
            for (const socket of waiting) socket.destroy()
          }),
      )
    })
  })
}

/** Resolves when the holder lets go, ends, or the deadline has come. */
async function released(path: string, deadline: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = connect(path)
    const timer = setTimeout(() => socket.destroy(), Math.max(0, deadline - Date.now()))
    socket.on('error', () => {})
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
  // Of many who wait, one gets it: the others must not spin.
  await wait(20)
}
