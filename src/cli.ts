#!/usr/bin/env node
/** The `qnav` executable: start, run, doctor, demo, sandbox, audit, migrate. */
import { parseArgs } from 'node:util'
import { noteOf, UserError } from './errors.js'

const usage = `qnav operates KVM hosts from Slack.

  qnav start                               run the bot (tokens and QNAV_CONFIG come from the environment)
  qnav run "<command>" [--as ID] [--json]  run one command from this terminal, e.g. qnav run "vm list"
  qnav doctor                              check configuration, tokens and every host
  qnav demo [--port N]                     the whole bot in a browser, against a hypervisor on this machine
  qnav sandbox [--port N]                  only the local Slack, for developing against
  qnav audit verify [--seen N:HASH]        check that the audit log was not edited, and still has the entry that was noted
  qnav audit search [--limit N]            what was asked and done, newest first; narrow it with --by PERSON, --job ID,
                                           --event NAME, --about VM|HOST, --command "vm create", --since 7d, --until TIME
  qnav audit export [--format jsonl|csv]   the same, oldest first and all of it
  qnav migrate [--check]                   bring the data directory of an older version up to date (the bot does it at its
                                           start), or say what that would do

Environment: SLACK_BOT_TOKEN, SLACK_APP_TOKEN (or SLACK_SIGNING_SECRET and PORT), SLACK_API_URL,
QNAV_CONFIG (./qnav.yml), QNAV_DATA_DIR (./data), LOG_LEVEL (info). docs/install.md explains each.
`

const options = {
  as: { type: 'string' },
  json: { type: 'boolean', default: false },
  port: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

async function main(argv: string[]): Promise<number> {
  // Flags of its own, which no other command takes.
  if (argv[0] === 'audit' && !argv.includes('--help') && !argv.includes('-h')) {
    return (await import('./audit-command.js')).auditCommand(process.env, argv.slice(1))
  }
  if (argv[0] === 'migrate' && !argv.includes('--help') && !argv.includes('-h')) {
    return (await import('./migrate-command.js')).migrateCommand(process.env, argv.slice(1))
  }
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true, strict: true })
  const [verb, ...rest] = positionals
  if (values.help || verb === undefined || verb === 'help') {
    process.stdout.write(usage)
    return verb === undefined && !values.help ? 2 : 0
  }
  switch (verb) {
    case 'start':
      return (await import('./start.js')).start(process.env)
    case 'run':
      return (await import('./run.js')).run(process.env, rest.join(' '), { as: values.as, json: values.json })
    case 'doctor':
      return (await import('./doctor.js')).doctor(process.env)
    case 'demo':
      return (await import('./demo/index.js')).demoCommand({ port: portOf(values.port) })
    case 'sandbox':
      return (await import('./sandbox/index.js')).sandboxCommand({ port: portOf(values.port) })
    default:
      throw new UserError('unknown-command', `qnav has no command "${verb}".`, {
        fix: `Commands about hosts and VMs are run so: qnav run "${positionals.join(' ')}". All others: qnav help`,
      })
  }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new UserError('bad-argument', `--port "${text}" is not a port number.`, {
    fix: 'Give a number from 0 to 65535.',
  })
}

/** A file, a host or a server may have a say in the words: none of them steers the terminal. */
function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\u061c\u202a-\u202e\u2066-\u2069]/gu, ' ')
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (error instanceof UserError) {
    const { message, fix } = noteOf(error)
    process.stderr.write(`${harmless(message)}\n${harmless(fix)}\n`)
  } else if (
    error instanceof TypeError &&
    'code' in error &&
    String(error.code).startsWith('ERR_PARSE_ARGS')
  ) {
    process.stderr.write(`${error.message}\n\n${usage}`)
  } else {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  }
  process.exitCode = 2
}
