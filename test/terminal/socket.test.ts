import { mkdtemp, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Job } from '../../src/jobs/index.js'
import { createLog } from '../../src/log.js'
import { askRunningBot, serveTerminal, type TerminalEvent } from '../../src/terminal/index.js'
import { aVm } from '../fakes/fleet.js'
import { aHouse, ann, ben, type TestHouse } from '../request/house.js'

const admin = { id: 'terminal:root', name: 'root' }

async function aTerminal() {
  const house = await aHouse()
  const directory = await mkdtemp(join(tmpdir(), 'qnav-terminal-'))
  const socket = join(directory, 'qnav.sock')
  const lines: string[] = []
  const log = createLog({ level: 'info', write: (line) => lines.push(line) })
  const server = await serveTerminal(socket, { requests: house.requests, jobs: house.jobs, log })
  onTestFinished(async () => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })
  const ask = async (text: string, person: { id: string; name?: string } = admin) => {
    const events: TerminalEvent[] = []
    expect(await askRunningBot(socket, { text, person }, (event) => events.push(event))).toBe(true)
    return events
  }
  return { house, socket, server, lines, ask }
}

describe('a terminal', () => {
  it('gets the same answers as Slack', async () => {
    const { ask } = await aTerminal()
    expect(await ask('vm list')).toMatchObject([
      { kind: 'report', report: { table: { rows: [expect.arrayContaining(['web1'])] } } },
    ])
    expect(await ask('vm shwo web1')).toMatchObject([
      { kind: 'error', error: { code: 'unknown-command', fix: expect.stringContaining('vm show') } },
    ])
  })

  it('follows a job to its end while somebody else approves it', async () => {
    const { house, ask } = await aTerminal()
    const following = ask('vm create web2 --image rocky9.qcow2', ann)
    const job = await house.until(await started(house), 'awaiting-approval')
    expect(await ask(`job approve ${job.id}`, ben)).toMatchObject([{ kind: 'report' }])
    const events = await following
    const states = events.map((event) => event.kind === 'job' && event.job.state)
    expect(states[0]).not.toBe('succeeded')
    expect(states.at(-1)).toBe('succeeded')
  })

  it('is told no secret that a host or a typed line has in it', async () => {
    const { house, ask } = await aTerminal()
    const name = 'password=hunter2hunter2'
    house.fleet.host('kvm1').machines.set(name, aVm({ name, state: 'running' }))
    const events = [...(await ask('vm list')), ...(await ask('vm show password=hunter2hunter2x'))]
    expect(events).toMatchObject([{ kind: 'report' }, { kind: 'error' }])
    expect(JSON.stringify(events)).not.toContain('hunter2')
  })

  it('is for the bot’s own user alone', async () => {
    const { socket } = await aTerminal()
    expect((await stat(socket)).mode & 0o777).toBe(0o600)
  })

  it('is told when no bot listens, and nothing is sent', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'qnav-terminal-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    const answer = askRunningBot(join(directory, 'qnav.sock'), { text: 'vm list', person: admin }, () => {})
    expect(await answer).toBe(false)
  })

  it('answers what it cannot read with a reference to the log, not with its inside', async () => {
    const { socket, lines } = await aTerminal()
    const answer = await raw(
      socket,
      'POST /run HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\n{"te"',
    )
    const reference = /reference (\w+)/.exec(answer)?.[1]
    expect(reference).toBeDefined()
    expect(lines.some((line) => line.includes(String(reference)))).toBe(true)
  })

  it('is released when the bot stops, while the job goes on', async () => {
    const { house, ask, server } = await aTerminal()
    const following = ask('vm create web2 --image rocky9.qcow2', ann)
    const job = await house.until(await started(house), 'awaiting-approval')
    await server.stop()
    await following
    expect(house.jobs.get(job.id).state).toBe('awaiting-approval')
  })
})

const started = ({ jobs }: TestHouse): Promise<Job> =>
  vi.waitFor(() => {
    const [job] = jobs.list()
    if (job === undefined) throw new Error('no job yet')
    return job
  })

function raw(socket: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const stream = connect(socket, () => stream.write(text))
    stream.on('data', (chunk) => {
      answer += chunk.toString()
    })
    stream.on('end', () => resolve(answer))
    stream.on('error', reject)
  })
}
