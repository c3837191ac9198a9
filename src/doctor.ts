/** `qnav doctor`: configuration, tokens and every host, each with what was found and what to do. */
import { createFleet } from './agents/index.js'
import { loadSettings, readSlackSettings, withDotEnv } from './config/index.js'
import { UserError } from './errors.js'
import { createLog } from './log.js'
import { count, type Finding } from './report/index.js'
import { renderReport } from './terminal/index.js'

/** Exit status: 0 when nothing failed, 1 otherwise. */
export async function doctor(env: NodeJS.ProcessEnv): Promise<number> {
  const warnings = new Set<string>()
  const warn = (sentence: string) => warnings.add(sentence)
  const settings = await loadSettings(env, { slack: 'none', warn })
  const log = createLog({ level: env.LOG_LEVEL === undefined ? 'silent' : settings.logLevel })
  let failed = false
  const tell = (title: string, findings: Finding[]) => {
    const bad = findings.some(({ result }) => result === 'fail')
    failed ||= bad
    process.stdout.write(`${renderReport({ title, tone: bad ? 'fail' : 'ok', findings })}\n`)
  }

  const tokens = await outcome('Slack tokens', 'set and well-formed', 'environment', async () => {
    await readSlackSettings(await withDotEnv(env, process.cwd()), warn)
    return 'present'
  })
  tell('Configuration', [
    {
      check: 'qnav.yml',
      result: 'pass',
      measured: `${count(settings.hosts.length, 'host')} in ${settings.path}`,
      threshold: 'readable and valid',
      probe: 'QNAV_CONFIG',
    },
    tokens,
    exposure([...warnings]),
  ])
  const { fleet, close } = createFleet({ hosts: settings.hosts, log })
  try {
    await Promise.all(
      fleet.agents.map(async (agent) => {
        const reached = await outcome('Connection', 'libvirt answers', 'libvirt', async () => {
          const { libvirtVersion, hostname } = await agent.detail()
          return `${hostname}, libvirt ${libvirtVersion}`
        })
        tell(
          `Host ${agent.name}`,
          reached.result === 'pass' ? [reached, ...(await agent.check())] : [reached],
        )
      }),
    )
  } finally {
    await close()
  }
  return failed ? 1 : 0
}

function exposure(warnings: readonly string[]): Finding {
  const found = { check: 'Files with secrets', threshold: 'read by their owner only', probe: 'stat' }
  if (warnings.length === 0) return { ...found, result: 'pass', measured: 'nobody else may read them' }
  const fix = warnings.map((each) => each.split(': ').at(-1)).join(' && ')
  return { ...found, result: 'warn', measured: warnings.join(' '), fix }
}

async function outcome(
  check: string,
  threshold: string,
  probe: string,
  look: () => Promise<string>,
): Promise<Finding> {
  try {
    return { check, threshold, probe, result: 'pass', measured: await look() }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { check, threshold, probe, result: 'fail', measured: error.message, fix: error.fix }
  }
}
