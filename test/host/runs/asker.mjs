// A bot as far as a run sees it: a process that asks for it, follows it, and may be killed at any moment. Needs the build.
import { createRuns } from '../../../dist/src/agents/run-directory.js'
import { createLog } from '../../../dist/src/log.js'
import { SshTransport } from '../../../dist/src/ssh/index.js'

process.once('message', async ({ ssh, directory, request }) => {
  const transport = new SshTransport({ ...ssh, log: createLog({ level: 'silent' }) })
  const result = await createRuns({ transport, directory })
    .run({
      ...request,
      signal: new AbortController().signal,
      onOutput: (output) => process.send({ output }),
      onLost: () => process.send({ lost: true }),
    })
    .catch((error) => ({ error: String(error) }))
  await transport.close()
  process.send({ result }, () => process.disconnect())
})
