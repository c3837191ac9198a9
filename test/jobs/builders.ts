import type { Job, JobRequest, JobState, Jobs } from '../../src/jobs/index.js'
import { isOver } from '../../src/jobs/index.js'
import type { ReadyPlan, Report } from '../../src/report/index.js'

export const asker = { id: 'U1', name: 'Ada' }
export const approver = { id: 'U3', name: 'Grace' }
export const otherApprover = { id: 'U5', name: 'Edsger' }

export function aRequest(request: Partial<JobRequest> = {}): JobRequest {
  return {
    body: 'test',
    title: 'vm create web1',
    input: {},
    requester: asker,
    origin: { surface: 'terminal' },
    ...request,
  }
}

export function aPlan(plan: Partial<ReadyPlan> = {}): ReadyPlan {
  return {
    kind: 'ready',
    summary: 'Create web1',
    host: 'kvm1',
    changes: [],
    facts: [],
    warnings: [],
    ...plan,
  }
}

export function aReport(title = 'Done'): Report {
  return { title, tone: 'ok' }
}

/** Resolves when the job is as wanted; rejects when it is over otherwise. */
export function when(jobs: Jobs, id: string, isWanted: (job: Job) => boolean): Promise<Job> {
  return new Promise((resolve, reject) => {
    const look = (job: Job) => {
      if (job.id !== id || !(isWanted(job) || isOver(job))) return
      stop()
      if (isWanted(job)) resolve(job)
      else reject(new Error(`${id} is over: ${job.state} ${JSON.stringify(job.error)}`))
    }
    const stop = jobs.onChange(look)
    look(jobs.get(id))
  })
}

export function inState(jobs: Jobs, id: string, ...states: JobState[]): Promise<Job> {
  return when(jobs, id, ({ state }) => states.includes(state))
}

export function over(jobs: Jobs, id: string): Promise<Job> {
  return when(jobs, id, isOver)
}

/** Something that a body waits for until the test opens it. */
export function aGate(): { open(): void; passed: Promise<void> } {
  let open = (): void => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), passed }
}

export const never = new Promise<never>(() => {})
