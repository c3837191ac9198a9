import { describe, expect, it } from 'vitest'
import { createLog, type LogOptions } from '../src/log.js'

function logged(
  level: LogOptions['level'],
  use: (log: ReturnType<typeof createLog>) => void,
): Record<string, unknown>[] {
  const lines: string[] = []
  use(createLog({ level, write: (line) => lines.push(line) }))
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('the log', () => {
  it('writes one JSON object a line, with time, level and message', () => {
    const [line] = logged('info', (log) => log.info({ host: 'kvm1' }, 'connected'))
    expect(line).toMatchObject({ host: 'kvm1', msg: 'connected', level: 30 })
    expect(String(line?.time)).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })

  it('leaves out what is below its level', () => {
    const lines = logged('warn', (log) => {
      log.debug({}, 'a')
      log.info({}, 'b')
      log.warn({}, 'c')
      log.error({}, 'd')
    })
    expect(lines.map((line) => line.msg)).toEqual(['c', 'd'])
  })

  it('is silent when told so', () => {
    expect(logged('silent', (log) => log.error({}, 'x'))).toEqual([])
  })

  it('shows an error with its causes', () => {
    const [line] = logged('info', (log) =>
      log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed'),
    )
    expect(JSON.stringify(line)).toContain('outer')
    expect(JSON.stringify(line)).toContain('inner')
  })

  it('keeps the fields of a child on each of its lines', () => {
    const [line] = logged('info', (log) => log.child({ room: 'jobs' }).info({ job: 'j-7k2m9' }, 'started'))
    expect(line).toMatchObject({ room: 'jobs', job: 'j-7k2m9' })
  })

  it('never shows a secret, in a field, a message or an error', () => {
    const lines = logged('info', (log) => {
      const error = new Error('auth failed for xoxb-123456789-abcdef')
      log.info({ token: 'hunter2hunter2', err: error }, 'password=hunter2hunter2')
    })
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|xoxb-1/)
  })
})
