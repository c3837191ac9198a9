/** Runs one command on an SSH connection: bounded output, closed stdin, a deadline, and a kill when it passes. */
import type { Client, ClientChannel } from 'ssh2'
import { BoundedOutput, type ExecResult } from '../exec.js'

export interface Running {
  stdin: string | Uint8Array | undefined
  maxOutputBytes: number
  /** Whether the connection has ended. */
  isOver(): boolean
  /** Kills the command; the promise then rejects with its reason. */
  signal: AbortSignal
  /** Called once the host has ended the session, which for a killed command is after the promise has rejected. */
  onSessionOver(): void
}

type Opening = Pick<Running, 'signal' | 'isOver'>

/** A process that even SIGKILL does not end (it hangs in the kernel) keeps its session no longer than this. */
const sessionGraceMs = 5000

/** Runs a line made by commandLine. */
export async function execOn(client: Client, line: string, running: Running): Promise<ExecResult> {
  let session: Session
  try {
    session = await openWhenThereIsRoom(client, line, running)
  } catch (error) {
    running.onSessionOver()
    throw error
  }
  return finish(client, session, running)
}

/** Starts a line made by plainCommandLine and gives its input and output. */
export async function programOn(client: Client, line: string, opening: Opening): Promise<ClientChannel> {
  const { channel } = await openWhenThereIsRoom(client, line, opening)
  // Unread it would hold up what is said besides.
  channel.stderr.resume()
  return channel
}

interface Session {
  channel: ClientChannel
  /** How the command ended, and whether all of its output came; the status may overtake the output. */
  end: { exit?: { code: number | null; signal?: string }; isComplete: boolean }
}

/**
 * sshd counts a session until it has collected its process, a little after it has told us of the end, and refuses more than
 * MaxSessions (10). Nothing has run when it refuses, so asking again is safe.
 */
async function openWhenThereIsRoom(client: Client, line: string, running: Opening): Promise<Session> {
  for (const pauseMs of refusedPausesMs) {
    try {
      return await openExec(client, line, running)
    } catch (error) {
      if (!isRefusal(error)) throw error
      await wait(pauseMs, running.signal)
    }
  }
  return openExec(client, line, running)
}

const refusedPausesMs = [10, 20, 40, 80, 160, 320, 640]

/** ssh2's error for SSH_MSG_CHANNEL_OPEN_FAILURE has the reason's number (RFC 4254, 5.1). */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && typeof error.reason === 'number'
}

/** Rejects with the signal's reason when that comes first. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', leave)
      resolve()
    }, ms)
    signal.addEventListener('abort', leave, { once: true })
  })
}

function openExec(client: Client, line: string, { signal, isOver }: Opening): Promise<Session> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const giveUp = (): void => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    client.exec(line, (error, channel) => {
      signal.removeEventListener('abort', giveUp)
      if (error !== undefined) reject(error)
      // The answer came after we had given up: the command must not go on unseen.
      else if (signal.aborted) discard(channel, (group) => killGroup(client, group))
      else resolve({ channel, end: endOf(channel, isOver) })
    })
  })
}

/** To be called as soon as the channel is there: the end of a short command comes in one packet with its beginning. */
function endOf(channel: ClientChannel, isOver: () => boolean): Session['end'] {
  const end: Session['end'] = { isComplete: false }
  // A lost connection ends the output as well, after it has been told of.
  channel.once('end', () => {
    end.isComplete = !isOver()
  })
  channel.on('exit', (code: number | null, signalName?: string) => {
    end.exit = { code, ...(signalName === undefined ? {} : { signal: signalName.replace(/^SIG/, '') }) }
  })
  return end
}

function finish(client: Client, { channel, end }: Session, running: Running): Promise<ExecResult> {
  const { stdin, maxOutputBytes, signal, onSessionOver } = running
  return new Promise((resolve, reject) => {
    const group = new GroupLine()
    const stdout = new BoundedOutput(maxOutputBytes)
    const stderr = new BoundedOutput(maxOutputBytes)
    const giveUp = (): void => {
      group.whenKnown((id) => killGroup(client, id))
      setTimeout(onSessionOver, sessionGraceMs).unref()
      reject(signal.reason)
    }
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    channel.on('data', (chunk: Buffer) => stdout.add(group.takenFrom(chunk)))
    channel.stderr.on('data', (chunk: Buffer) => stderr.add(chunk))
    channel.on('error', reject)
    channel.on('close', () => {
      signal.removeEventListener('abort', giveUp)
      onSessionOver()
      const { exit } = end
      if (exit === undefined || !end.isComplete) {
        reject(new Error('the connection was lost while the command ran'))
        return
      }
      resolve({
        exitCode: exit.code,
        ...(exit.signal === undefined ? {} : { signal: exit.signal }),
        stdout: stdout.text(),
        stderr: stderr.text(),
        truncated: stdout.truncated || stderr.truncated,
      })
    })
    channel.end(stdin)
  })
}

const longestNumber = 20

/** The first line of output, by which the command line announces its process group; the rest is the command's own. */
class GroupLine {
  #line = ''
  #id: number | undefined
  #wanting: ((id: number) => void) | undefined

  takenFrom(chunk: Buffer): Buffer {
    if (this.#id !== undefined) return chunk
    const end = chunk.indexOf('\n')
    // As long as a number may be; a host that sends something else is not to fill the memory with it.
    const room = longestNumber - this.#line.length
    this.#line += chunk.subarray(0, Math.min(room, end < 0 ? chunk.length : end)).toString('latin1')
    if (end < 0) return Buffer.alloc(0)
    this.#id = Number(this.#line)
    this.#wanting?.(this.#id)
    return chunk.subarray(end + 1)
  }

  whenKnown(act: (id: number) => void): void {
    if (this.#id === undefined) this.#wanting = act
    else act(this.#id)
  }
}

function discard(channel: ClientChannel, kill: (group: number) => void): void {
  const group = new GroupLine()
  group.whenKnown(kill)
  channel.on('data', (chunk: Buffer) => group.takenFrom(chunk))
  channel.stderr.resume()
  channel.on('error', () => {
    // Nobody waits for this command any more.
  })
  channel.end()
}

// By a command of its own: sshd delivers no signals to the sessions of root, and a closed channel ends nothing.
function killGroup(client: Client, group: number): void {
  if (!Number.isSafeInteger(group) || group <= 1) return
  const signal = AbortSignal.timeout(sessionGraceMs)
  openWhenThereIsRoom(client, `exec sh -c 'kill -KILL -${group}'`, { signal, isOver: () => false }).then(
    ({ channel }) => {
      channel.resume()
      channel.stderr.resume()
      channel.on('error', () => {
        // As below.
      })
      channel.end()
    },
    () => {
      // When the connection is gone the command cannot be reached: whoever starts long work limits it on the host too.
    },
  )
}
