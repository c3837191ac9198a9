import { describe, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import { aVm } from '../fakes/fleet.js'
import { aHouse, ann, ben, vic } from './house.js'

const origin = { surface: 'terminal' as const }
const create = 'vm create web2 --image rocky9.qcow2 --memory 1G'

describe('a request', () => {
  it('that only reads is answered at once, with no job', async () => {
    const { requests, jobs } = await aHouse()
    const answer = await requests.handle({ text: 'vm list', person: vic, origin })
    expect(answer).toMatchObject({
      kind: 'report',
      report: { table: { rows: [expect.arrayContaining(['web1'])] } },
    })
    expect(jobs.list()).toEqual([])
  })

  it('that somebody may not ask for is refused in words, audited, and starts nothing', async () => {
    const { requests, jobs, audit } = await aHouse()
    const refusal = requests.handle({ text: create, person: vic, origin })
    await expect(refusal).rejects.toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining('operator'),
    })
    expect(jobs.list()).toEqual([])
    expect(audit).toMatchObject([{ event: 'refused', by: vic, text: create }])
  })

  it('with a mistake is refused before anything else', async () => {
    const { requests, jobs } = await aHouse()
    const refusal = requests.handle({ text: 'vm create web2 --memmory 1G', person: ann, origin })
    await expect(refusal).rejects.toMatchObject({
      code: 'unknown-flag',
      fix: expect.stringContaining('--memory'),
    })
    expect(jobs.list()).toEqual([])
  })

  it.each([
    'snapshot create web1 --description "root password=hunter2hunter2"',
    'snapshot create web1 --description "with xoxb-123456789012-abcdefabcdef"',
    'snapshot create web1 --description "[redacted]"',
  ])('that holds a secret is refused without repeating it, and kept nowhere: %s', async (text) => {
    const { requests, jobs, audit } = await aHouse()
    const error = await requests.handle({ text, person: ann, origin }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'bad-argument', message: expect.stringContaining('kept nowhere') })
    expect(JSON.stringify(error)).not.toMatch(/hunter2|xoxb/)
    expect(requests.mayChange(text)).toBe(false)
    expect([jobs.list(), audit]).toEqual([[], []])
  })

  it('that changes something runs at once where no rule asks for approval', async () => {
    const { ask, over, fleet } = await aHouse({ approvals: false })
    const job = await over(await ask(create))
    expect(job).toMatchObject({
      state: 'succeeded',
      steps: [{ name: 'plan' }, { name: 'create' }, { name: 'record the owner' }, {}],
    })
    expect(fleet.host('kvm1').calls).toContain('createVm web2')
  })

  it('is refused, before anybody is asked, on a host that the bot only looks at', async () => {
    const { ask, over, fleet } = await aHouse({ readOnly: true })
    for (const line of [create, 'vm stop web1', 'snapshot create web1 before']) {
      expect(await over(await ask(line))).toMatchObject({
        state: 'refused',
        plan: {
          kind: 'blocked',
          blockers: [{ code: 'unsupported', message: expect.stringContaining('kvm1') }],
        },
      })
    }
    expect(fleet.host('kvm1').calls.join()).not.toMatch(/createVm|shutDown|powerOff|createSnapshot/)
  })

  it('waits for an approver, and runs what was planned', async () => {
    const { ask, until, over, requests, fleet } = await aHouse()
    const job = await until(await ask(create), 'awaiting-approval')
    expect(job.plan).toMatchObject({ kind: 'ready', host: 'kvm1', summary: 'Create VM web2 on kvm1' })
    expect(fleet.host('kvm1').calls).not.toContain('createVm web2')
    await requests.handle({ text: `job approve ${job.id}`, person: ben, origin })
    expect(await over(job)).toMatchObject({ state: 'succeeded', approval: { verdicts: [{ by: ben }] } })
    expect(fleet.host('kvm1').calls).toContain('createVm web2')
  })

  it('is approved neither by its requester nor by somebody without the role', async () => {
    const { ask, until, requests, jobs } = await aHouse()
    const job = await until(await ask(create), 'awaiting-approval')
    for (const person of [ann, vic]) {
      const approval = requests.handle({ text: `job approve ${job.id}`, person, origin })
      await expect(approval).rejects.toMatchObject({ code: expect.stringMatching(/own-request|not-allowed/) })
    }
    expect(jobs.get(job.id).state).toBe('awaiting-approval')
  })

  it('that cannot work is refused before anybody is asked, with every reason', async () => {
    const { ask, over } = await aHouse()
    const job = await over(await ask('vm create web1 --image rocky9.qcow2 --memory 200G'))
    expect(job).toMatchObject({ state: 'refused' })
    expect(job.plan?.kind === 'blocked' && job.plan.blockers.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['name-taken', 'insufficient-memory']),
    )
    expect(job.approval).toBeUndefined()
  })

  it('is stopped when something came in the way since it was approved', async () => {
    const { ask, until, over, requests, fleet } = await aHouse()
    const job = await until(await ask(create), 'awaiting-approval')
    fleet.host('kvm1').machines.set('web2', aVm({ name: 'web2', state: 'shut off' }))
    await requests.handle({ text: `job approve ${job.id}`, person: ben, origin })
    expect(await over(job)).toMatchObject({ state: 'failed', error: { code: 'changed-since' } })
    expect(fleet.host('kvm1').calls).not.toContain('createVm web2')
  })

  it('is asked for again, with what is different, when it would do something else than was approved', async () => {
    const { ask, until, over, requests, fleet, audit, jobs } = await aHouse()
    const job = await until(await ask('vm stop web1 --force'), 'awaiting-approval')
    const web1 = fleet.host('kvm1').machines.get('web1')
    if (web1 === undefined) throw new Error('there is no web1')
    fleet.host('kvm1').machines.set('web1', { ...web1, state: 'paused' })
    const approve = () => requests.handle({ text: `job approve ${job.id}`, person: ben, origin })
    await approve()
    const again = await vi.waitFor(() => {
      const now = jobs.get(job.id)
      expect(now).toMatchObject({ state: 'awaiting-approval', approval: { asked: { round: 2 } } })
      return now
    })
    expect(again.approval?.asked?.differences).toContainEqual({
      what: 'State',
      approved: 'running → shut off',
      now: 'paused → shut off',
    })
    expect(again.locks).toEqual([])
    expect(fleet.host('kvm1').calls).not.toContain('powerOff web1')
    await approve()
    expect(await over(job)).toMatchObject({ state: 'succeeded' })
    expect(fleet.host('kvm1').calls.filter((call) => call === 'powerOff web1')).toHaveLength(1)
    const digests = audit.flatMap(({ event, digest }) => (event === 'job.approval-asked' ? [digest] : []))
    expect(new Set(digests).size).toBe(2)
  })

  it('gives up when something is different whenever it was approved', async () => {
    const { ask, requests, fleet, jobs } = await aHouse()
    const job = await ask('vm stop web1 --force')
    for (let round = 1; round <= 4; round++) {
      await vi.waitFor(() =>
        expect(jobs.get(job.id)).toMatchObject({
          state: 'awaiting-approval',
          approval: { asked: { round } },
        }),
      )
      const web1 = fleet.host('kvm1').machines.get('web1')
      if (web1 === undefined) throw new Error('there is no web1')
      const state = web1.state === 'running' ? 'paused' : 'running'
      fleet.host('kvm1').machines.set('web1', { ...web1, state })
      await requests.handle({ text: `job approve ${job.id}`, person: ben, origin })
    }
    await vi.waitFor(() =>
      expect(jobs.get(job.id)).toMatchObject({ state: 'failed', error: { code: 'changed-since' } }),
    )
    expect(fleet.host('kvm1').calls).not.toContain('powerOff web1')
  })

  it('acts on the VM that was looked at, not on another one of the same name', async () => {
    const { ask, until, over, requests, fleet } = await aHouse()
    const job = await until(await ask('vm stop web1 --force'), 'awaiting-approval')
    fleet
      .host('kvm1')
      .machines.set(
        'web1',
        aVm({ name: 'web1', uuid: '11111111-2222-4333-8444-555555555555', state: 'running' }),
      )
    await requests.handle({ text: `job approve ${job.id}`, person: ben, origin })
    expect(await over(job)).toMatchObject({ state: 'failed', error: { code: 'changed-since' } })
    expect(fleet.host('kvm1').calls).not.toContain('powerOff web1')
  })

  it('records whose the VM is in the VM itself, and keeps to that', async () => {
    const { ask, over, requests, fleet } = await aHouse({ approvals: false })
    const job = await over(await ask(`${create} --ticket ABC-1`))
    expect(fleet.host('kvm1').machines.get('web2')?.ownership).toEqual({
      owner: ann.id,
      requester: ann.id,
      ticket: 'ABC-1',
      createdAt: expect.stringMatching(/^20.*Z$/),
      job: job.id,
    })
    const mine = await requests.handle({ text: 'vm list --owner me', person: ann, origin })
    expect(mine).toMatchObject({ report: { table: { rows: [['web2', 'running', 'kvm1', ann.id]] } } })
    const theirs = await requests.handle({ text: 'vm list --owner me', person: vic, origin })
    expect(theirs).toMatchObject({ report: { table: { rows: [] } } })
  })

  it('that changes a VM made elsewhere is for operators and admins only, until it is adopted', async () => {
    // A role of one's own making: it may ask for changes and is no operator.
    const carl = { id: 'UCARL' }
    const { ask, over, fleet } = await aHouse({ approvals: false, helper: carl.id })
    for (const line of ['vm stop web1 --force', 'vm adopt web1', 'snapshot create web1 before']) {
      expect(await over(await ask(line, carl))).toMatchObject({
        state: 'refused',
        plan: { blockers: [{ code: 'not-allowed', fix: expect.stringContaining('vm adopt web1@kvm1') }] },
      })
    }
    expect(fleet.host('kvm1').calls).toEqual([])
    expect(await over(await ask(`vm adopt web1 --owner ${carl.id}`))).toMatchObject({ state: 'succeeded' })
    expect(fleet.host('kvm1').machines.get('web1')?.ownership).toMatchObject({
      owner: carl.id,
      requester: ann.id,
      adoptedAt: expect.any(String),
    })
    expect(await over(await ask('vm stop web1 --force', carl))).toMatchObject({ state: 'succeeded' })
  })

  it('changes nothing while a host does not say whose the VM is', async () => {
    const carl = { id: 'UCARL' }
    const { ask, over, fleet } = await aHouse({ approvals: false, helper: carl.id })
    fleet.host('kvm1').fail('ownershipOf', new UserError('timeout', 'no answer', { fix: 'Try again.' }))
    expect(await over(await ask('vm stop web1 --force', carl))).toMatchObject({ state: 'refused' })
    expect(fleet.host('kvm1').calls).toEqual([])
  })

  it('delivered twice has one effect', async () => {
    const { requests, jobs } = await aHouse()
    const request = { text: create, person: ann, origin, idempotencyKey: 'envelope-1' }
    const answers = await Promise.all([requests.handle(request), requests.handle(request)])
    expect(new Set(answers.map((answer) => answer.kind === 'job' && answer.job.id)).size).toBe(1)
    expect(jobs.list()).toHaveLength(1)
  })

  it('is audited from the request to the result', async () => {
    const { ask, over, audit } = await aHouse({ approvals: false })
    await over(await ask(create))
    const events = audit.map(({ event }) => event)
    expect(events.at(0)).toMatch(/request/)
    expect(events.length).toBeGreaterThanOrEqual(4)
    expect(JSON.stringify(audit)).toContain(ann.id)
  })
})
