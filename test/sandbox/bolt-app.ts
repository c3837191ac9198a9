/** A small Bolt app pointed at a sandbox, as a bot under test would be. */
import { App, HTTPReceiver, LogLevel, SocketModeReceiver } from '@slack/bolt'
import type { Sandbox } from '../../src/sandbox/index.js'

export type { App } from '@slack/bolt'

interface BoltOptions {
  retries?: number
  clientPingTimeout?: number
}

/** An app in Socket Mode with `define` applied, connected; stop it with `app.stop()`. */
export async function startApp(
  sandbox: Sandbox,
  define: (app: App) => void,
  { retries = 0, clientPingTimeout = 5000 }: BoltOptions = {},
): Promise<App> {
  const connected = sandbox.control.connections() + 1
  const socketOptions = {
    slackApiUrl: sandbox.apiUrl,
    retryConfig: { retries: 100, minTimeout: 50, maxTimeout: 200 },
  }
  const receiver = new SocketModeReceiver({
    appToken: sandbox.appToken,
    logLevel: LogLevel.ERROR,
    installerOptions: { clientOptions: socketOptions },
    clientPingTimeout,
  } as ConstructorParameters<typeof SocketModeReceiver>[0])
  const app = new App({
    token: sandbox.botToken,
    receiver,
    clientOptions: { slackApiUrl: sandbox.apiUrl, retryConfig: { retries }, timeout: 3000 },
    logLevel: LogLevel.ERROR,
  })
  define(app)
  await app.start()
  await sandbox.control.waitForConnections(connected)
  return app
}

/** The same over signed HTTP. */
export async function startHttpApp(sandbox: Sandbox, define: (app: App) => void): Promise<App> {
  const receiver = new HTTPReceiver({ signingSecret: sandbox.signingSecret, logLevel: LogLevel.ERROR })
  const app = new App({
    token: sandbox.botToken,
    receiver,
    clientOptions: { slackApiUrl: sandbox.apiUrl, retryConfig: { retries: 0 } },
    logLevel: LogLevel.ERROR,
  })
  define(app)
  const server = await app.start(0)
  const address = 'address' in server ? server.address() : null
  if (address === null || typeof address === 'string') throw new Error('the app listens on no port')
  sandbox.control.setRequestUrl(`http://127.0.0.1:${address.port}/slack/events`)
  return app
}
