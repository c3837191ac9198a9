/** A bot with a long history and a long queue: what a step costs beside an empty one, and how much memory it all takes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createJobs, type Job, type JobBody } from '../src/jobs/index.js'
import { jobRecordForm } from '../src/jobs/job-record.js'
import { createLog } from '../src/log.js'
import { openArchive, openAuditLog } from '../src/store/index.js'
import { atLeast, type Comparison, median } from './measure.js'

const archived = 10_000
const queued = 1000
/** Of each job that is measured: a step costs more the more the job did before it. */
const steps = 10
const measured = 20
const rounds = 3
const limitMB = 200

interface Measured {
  stepMs: number[]
  residentMB: number
}

export async function measureManyJobs(): Promise<Comparison[]> {
  const [loaded, empty]: [Measured[], Measured[]] = [[], []]
  // In turns, so that whatever else the machine does meets both.
  for (let round = 0; round < rounds; round++) {
    empty.push(await inProcess(0, 0))
    loaded.push(await inProcess(archived, queued))
  }
  const stepMs = (of: Measured[]) => median(of.flatMap((each) => each.stepMs))
  const residentMB = Math.max(...loaded.map((each) => each.residentMB))
  const held = `${queued} queued and ${archived} archived jobs`
  return [
    // Flat; what is left is the disk's own temper.
    atLeast(1 / 1.5, {
      name: `a step with ${held}`,
      ours: stepMs(loaded),
      other: stepMs(empty),
      against: 'an empty engine',
      unit: 'ms',
    }),
    {
      name: `resident memory with ${held}`,
      ours: residentMB,
      other: limitMB,
      against: 'the limit we set ourselves',
      unit: 'MB',
      ratio: limitMB / residentMB,
      target: '≥ 1',
      met: residentMB <= limitMB,
    },
  ]
}

/** Of its own, so that its memory is nobody else's. */
async function inProcess(inArchive: number, inQueue: number): Promise<Measured> {
  const self = fileURLToPath(import.meta.url)
  const path = await mkdtemp(join(tmpdir(), 'qnav-bench-'))
  try {
    const child = spawn(process.execPath, [self, path, String(inArchive), String(inQueue)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    if (code !== 0) throw new Error(`the process with many jobs ended with ${code}`)
    return JSON.parse(said) as Measured
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

/** Leaves its jobs as they are: the process ends behind it. */
async function hold(path: string, inArchive: number, inQueue: number): Promise<Measured> {
  const log = createLog({ level: 'error' })
  await fillArchive(path, inArchive)
  const audit = await openAuditLog({ path }, { log })
  const jobs = createJobs({ data: { path }, audit: (entry) => audit.append(entry), log })
  jobs.register('holds', 1, holding)
  const stepMs: number[] = []
  jobs.register('measures', 1, async (context) => {
    await context.lock(['vm:kvm1/web2'])
    for (let n = 0; n < steps; n++) {
      const begin = performance.now()
      await context.step(`step ${n}`, async () => ({ n }))
      stepMs.push(performance.now() - begin)
    }
    return { title: 'done', tone: 'ok' }
  })
  await jobs.start()
  for (let n = 0; n <= inQueue; n++) await jobs.submit(request('holds', n))
  while (jobs.list({ states: ['queued'] }).length < inQueue) await change(jobs)
  for (let n = 0; n <= measured; n++) {
    const { id } = await jobs.submit(request('measures', n))
    while (jobs.get(id).endedAt === undefined) await change(jobs)
  }
  // The first job does not count.
  return { stepMs: stepMs.slice(steps), residentMB: process.memoryUsage.rss() / 1_000_000 }
}

/** The first has the VM and keeps it; all others wait for it. */
const holding: JobBody = async (context) => {
  await context.lock(['vm:kvm1/web1'])
  await context.step('hold', async ({ signal }) => {
    await once(signal, 'abort')
    signal.throwIfAborted()
  })
  return { title: 'done', tone: 'ok' }
}

function change(jobs: ReturnType<typeof createJobs>): Promise<void> {
  return new Promise((resolve) => {
    const stop = jobs.onChange(() => {
      stop()
      resolve()
    })
  })
}

function request(body: string, n: number): Parameters<ReturnType<typeof createJobs>['submit']>[0] {
  const title = `vm restart web1 --note "${n}"`
  return { body, title, input: {}, requester: { id: 'U0ANN', name: 'Ann' }, origin: { surface: 'terminal' } }
}

async function fillArchive(path: string, count: number): Promise<void> {
  const archive = await openArchive({
    path: join(path, 'jobs-archive'),
    form: jobRecordForm,
    log: createLog({ level: 'error' }),
  })
  const ids = Array.from({ length: count }, (_, n) => `j-${n.toString(36).padStart(5, '0')}`)
  for (let from = 0; from < count; from += 500) {
    await archive.append(
      ids.slice(from, from + 500).map((id, index) => {
        const at = new Date(Date.UTC(2026, 0, 1) + (from + index) * 3_600_000).toISOString()
        return { key: id, at, data: { job: aFinished(id, at), number: from + index, unaudited: [] } }
      }),
    )
  }
}

/** As long as one of a VM that was made. */
function aFinished(id: string, at: string): Job {
  const facts = ['Host', 'Made from', 'CPUs', 'Memory', 'Disks', 'Networks', 'Owner'].map((label) => ({
    label,
    value: `${label} of ${id}, in words`,
  }))
  const plan = {
    kind: 'ready' as const,
    summary: 'Create VM web1 on kvm1',
    host: 'kvm1',
    facts,
    warnings: [],
  }
  return {
    ...{ id, body: 'command', version: 1, title: 'vm create web1 --image tiny', state: 'succeeded' },
    input: { path: 'vm create', args: { name: 'web1', image: 'tiny', memory: 2048 } },
    requester: { id: 'U0ANN', name: 'Ann' },
    origin: { surface: 'slack', channel: 'C0VMS' },
    plan: { ...plan, changes: [{ what: 'VM web1', to: '2 CPUs, 2 GiB' }] },
    locks: ['vm:kvm1/web1'],
    steps: ['plan', 'look again', 'create', 'wait for an address'].map((name) => ({
      ...{ name, state: 'done', startedAt: at, endedAt: at },
      result: { plan: { ...plan, changes: [] }, args: { name: 'web1' } },
    })),
    report: { title: 'web1 runs at 192.0.2.7', tone: 'ok', facts },
    ...{ createdAt: at, updatedAt: at, endedAt: at, revision: 12 },
  } as Job
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [path = '', inArchive = '0', inQueue = '0'] = process.argv.slice(2)
  process.stdout.write(JSON.stringify(await hold(path, Number(inArchive), Number(inQueue))))
  process.exit()
}
