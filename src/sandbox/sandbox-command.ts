/** `qnav sandbox`: only the local Slack, for developing an app against it. */
import { once } from 'node:events'
import { UserError } from '../errors.js'
import type { SandboxManifest } from './protocol.js'
import { startSandbox } from './sandbox.js'

/** The port of the sandbox where none is asked for. */
const defaultPort = 4390

/** Runs until Ctrl-C; returns the exit code. */
export async function sandboxCommand({
  port,
  manifest,
}: {
  port: number | undefined
  manifest?: SandboxManifest
}): Promise<number> {
  const wanted = port ?? defaultPort
  const sandbox = await startSandbox({ port: wanted, ...(manifest === undefined ? {} : { manifest }) }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error
      throw new UserError('bad-argument', `Port ${wanted} is taken.`, {
        fix: 'Give another with --port.',
        cause: error,
      })
    },
  )
  process.stdout.write(`A local Slack is at ${sandbox.url}

Point the bot at it:
  SLACK_API_URL=${sandbox.apiUrl}
  SLACK_BOT_TOKEN=${sandbox.botToken}
  SLACK_APP_TOKEN=${sandbox.appToken}

Ctrl-C stops it.
`)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await sandbox.stop()
  return 0
}
