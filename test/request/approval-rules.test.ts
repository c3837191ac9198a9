import { describe, expect, it, vi } from 'vitest'
import type { ApprovalEntry } from '../../src/policy/index.js'
import { anImage, aVm } from '../fakes/fleet.js'
import { aHouse, ann, ben, type TestHouse, vic } from './house.js'

const origin = { surface: 'terminal' as const }
const hour = 3_600_000
const cleo = { id: 'UCLEO', name: 'Cleo' }
const security = { users: [cleo.id], groups: [], may: [], decides: false }
const stop = 'vm stop web1 --force'

function approve(house: TestHouse, id: string, person: { id: string }) {
  return house.requests.handle({ text: `job approve ${id}`, person, origin })
}

const both: ApprovalEntry = {
  risks: ['change'],
  rule: { approvers: 2, from: ['operator', 'security'], expiresMs: hour },
}

describe('a rule that asks distinct roles', () => {
  it('lets the request run when one of each has approved it, whoever decides otherwise', async () => {
    const house = await aHouse({ rules: [both], custom: { security }, people: { operator: ['UOLE'] } })
    const job = await house.until(await house.ask(stop), 'awaiting-approval')
    await expect(approve(house, job.id, ben)).rejects.toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining('needs somebody of operator and somebody of security'),
    })
    await approve(house, job.id, { id: 'UOLE' })
    const answer = await house.requests.handle({ text: `job show ${job.id}`, person: vic, origin })
    expect(JSON.stringify(answer)).toContain('1 of 2: needs somebody of security')
    await approve(house, job.id, cleo)
    expect(await house.over(job)).toMatchObject({ state: 'succeeded' })
  })

  it('lets those whom it asks know', async () => {
    const house = await aHouse({ rules: [both], custom: { security }, people: { operator: ['UOLE'] } })
    const whoami = async (person: { id: string }) =>
      JSON.stringify(await house.requests.handle({ text: 'whoami', person, origin }))
    expect(await whoami(cleo)).toContain('where a rule asks for one of your roles')
    expect(await whoami(vic)).not.toContain('where a rule asks')
  })

  it('is not satisfied by the requester, who has one of the roles', async () => {
    const house = await aHouse({ rules: [both], custom: { security } })
    const job = await house.until(await house.ask(stop), 'awaiting-approval')
    await expect(approve(house, job.id, ann)).rejects.toMatchObject({ code: 'own-request' })
    await approve(house, job.id, cleo)
    expect(house.jobs.get(job.id)).toMatchObject({ state: 'awaiting-approval' })
  })

  it('does not let its roles decide about the requests of other rules', async () => {
    const other: ApprovalEntry = { risks: ['destructive'], rule: { approvers: 1, expiresMs: hour } }
    const house = await aHouse({ rules: [both, other], custom: { security } })
    const job = await house.until(await house.ask('vm delete web1'), 'awaiting-approval')
    await expect(approve(house, job.id, cleo)).rejects.toMatchObject({ code: 'not-allowed' })
  })
})

describe('a rule that hangs on what is asked', () => {
  const large: ApprovalEntry = {
    risks: ['change'],
    over: { memoryMiB: 2048 },
    labels: { env: 'prod' },
    rule: { approvers: 2, expiresMs: hour },
  }
  const images = [anImage({ name: 'rocky9.qcow2' })]
  const hosts = [
    { name: 'kvm1', labels: { env: 'lab' }, images },
    { name: 'kvm2', labels: { env: 'prod' }, images },
  ]
  const create = 'vm create web2 --image rocky9.qcow2'

  it.each([
    [`${create} --memory 4G --host kvm2`, true],
    [`${create} --memory 2G --host kvm2`, false],
    [`${create} --memory 4G --host kvm1`, false],
  ])('is chosen by the host and the size of the plan: %s', async (line, isAsked) => {
    const { requests } = await aHouse({ rules: [large], hosts })
    const preview = await requests.preview({ text: line, person: ann })
    expect(preview?.approval).toEqual(isAsked ? large.rule : undefined)
  })

  it('counts as it was when it was planned, after a restart in other hours and with another qnav.yml too', async () => {
    let now = Date.parse('2026-11-22T10:00:00Z')
    const windows = ['sat,sun 00:00-24:00']
    const weekend: ApprovalEntry = {
      risks: ['change'],
      hours: { windows, timeZone: 'UTC' },
      rule: { approvers: 1, expiresMs: hour },
    }
    const house = await aHouse({ rules: [weekend], now: () => now })
    const job = await house.until(await house.ask(stop), 'awaiting-approval')
    now = Date.parse('2026-11-23T10:00:00Z')
    house.renew([])
    await house.restart()
    expect(house.jobs.get(job.id).state).toBe('awaiting-approval')
    expect(house.fleet.host('kvm1').calls).toEqual([])
    await approve(house, job.id, ben)
    expect(await house.over(job)).toMatchObject({ state: 'succeeded' })
  })
})

describe('a rule that wants a reason', () => {
  const rule = { approvers: 1, reason: 'required' as const, expiresMs: hour }

  it('refuses a request without one before anybody is asked, with the line to type', async () => {
    const house = await aHouse({ rules: [{ risks: ['change'], rule }] })
    expect(await house.over(await house.ask(stop))).toMatchObject({
      state: 'refused',
      error: { code: 'missing-argument', fix: expect.stringContaining(`${stop} --reason "…"`) },
    })
  })

  it('keeps the reason with the job and in the audit log', async () => {
    const house = await aHouse({ rules: [{ risks: ['change'], rule }] })
    const line = `${stop} --reason "it eats all memory"`
    const job = await house.until(await house.ask(line), 'awaiting-approval')
    expect(job).toMatchObject({ title: line, reason: 'it eats all memory' })
    expect(house.audit[0]).toMatchObject({ event: 'job.requested', reason: 'it eats all memory' })
    await approve(house, job.id, ben)
    expect(await house.over(job)).toMatchObject({ state: 'succeeded' })
  })
})

describe('break-glass', () => {
  const line = `${stop} --break-glass --reason "nobody answers"`
  const review = (house: TestHouse, id: string, person: { id: string }) =>
    house.requests.handle({ text: `job review ${id} --report "all well"`, person, origin })

  it('runs at once what waits for approval, and is reviewed by somebody who could have approved it', async () => {
    const house = await aHouse({ breakGlass: ['operator'] })
    const job = await house.over(await house.ask(line))
    expect(job).toMatchObject({ state: 'succeeded', breakGlass: { rule: { approvers: 1 } } })
    expect(job.approval).toBeUndefined()
    expect(house.audit).toContainEqual(
      expect.objectContaining({ event: 'job.break-glass', by: ann, reason: 'nobody answers' }),
    )
    const list = () => house.requests.handle({ text: 'job list --unreviewed', person: vic, origin })
    expect(await list()).toMatchObject({
      report: { table: { rows: [[job.id, line, 'succeeded, to be reviewed', 'Ann', expect.anything()]] } },
    })
    await expect(review(house, job.id, ann)).rejects.toMatchObject({
      code: expect.stringMatching(/own-request|not-allowed/),
    })
    await expect(review(house, job.id, vic)).rejects.toMatchObject({ code: 'not-allowed' })
    await review(house, job.id, ben)
    expect(await list()).toMatchObject({ report: { title: '0 jobs' } })
    expect(house.audit).toContainEqual(
      expect.objectContaining({ event: 'job.reviewed', by: ben, report: 'all well' }),
    )
  })

  it.each([
    ['for nobody where qnav.yml names no role', undefined, ann, line, 'not-allowed'],
    ['not for those who have not the role', ['admin'], ann, line, 'not-allowed'],
    ['not for those who may not ask for the command at all', ['approver'], ben, line, 'not-allowed'],
    ['not without a reason', ['operator'], ann, `${stop} --break-glass`, 'missing-argument'],
  ])('is %s, and starts nothing', async (_, breakGlass, person, text, code) => {
    const house = await aHouse(breakGlass === undefined ? {} : { breakGlass })
    await expect(house.requests.handle({ text, person, origin })).rejects.toMatchObject({ code })
    expect(house.jobs.list()).toEqual([])
    expect(house.audit.map(({ event }) => event)).toEqual(code === 'not-allowed' ? ['refused'] : [])
  })

  it('waits for approval like everybody else when the role is taken away before it runs', async () => {
    const house = await aHouse({ breakGlass: ['operator'] })
    const release = house.fleet.host('kvm1').hold('find')
    const job = await house.ask(line)
    house.policy.renew({ ...house.settings, breakGlass: [] })
    release()
    expect(await house.until(job, 'awaiting-approval')).not.toHaveProperty('breakGlass')
    expect(house.fleet.host('kvm1').calls).toEqual([])
  })

  it('does not lift quotas, and needs no review where nothing was asked for', async () => {
    const quotas = { owners: [{ limits: { vms: 0 } }], hosts: [], perVm: {} }
    const house = await aHouse({ breakGlass: ['operator'], quotas, approvals: false })
    const create = 'vm create web2 --image rocky9.qcow2 --break-glass --reason "now"'
    expect(await house.over(await house.ask(create))).toMatchObject({
      state: 'refused',
      error: { code: 'quota-exceeded' },
    })
    const job = await house.over(await house.ask(line))
    expect(job.state).toBe('succeeded')
    expect(job.breakGlass).toBeUndefined()
  })

  it('is told by a preview and by policy explain', async () => {
    const house = await aHouse({ breakGlass: ['operator'] })
    expect(await house.requests.preview({ text: line, person: ann })).toMatchObject({ approval: undefined })
    const explain = (text: string, person: { id: string }) =>
      house.requests.handle({ text: `policy explain '${text}'`, person, origin })
    expect(JSON.stringify(await explain(line, ann))).toContain('operator may break the glass')
    expect(JSON.stringify(await explain(stop, ann))).toContain(
      '1 approval of others than the one who asks (rule 1 of approvals: change, destructive, host)',
    )
  })
})

describe('approval list', () => {
  it('shows what I may decide, what waits for others, and until when', async () => {
    const other: ApprovalEntry = { risks: ['destructive'], rule: { approvers: 1, expiresMs: hour } }
    const house = await aHouse({
      rules: [both, other],
      custom: { security },
      hosts: [{ name: 'kvm1', vms: [aVm({ name: 'web1', state: 'running' }), aVm({ name: 'web2' })] }],
    })
    const first = await house.until(await house.ask(stop), 'awaiting-approval')
    const second = await house.until(await house.ask('vm delete web2'), 'awaiting-approval')
    const rows = async (person: { id: string }) => {
      const answer = await house.requests.handle({ text: 'approval list', person, origin })
      if (answer.kind !== 'report') throw new Error('no report')
      return answer.report.table?.rows.map(([id, whose]) => [id, whose])
    }
    expect(await rows(cleo)).toEqual([
      [first.id, 'you'],
      [second.id, 'others'],
    ])
    expect(await rows(ben)).toEqual([
      [second.id, 'you'],
      [first.id, 'others'],
    ])
    expect(await rows(ann)).toEqual([
      [first.id, 'others'],
      [second.id, 'others'],
    ])
    await approve(house, first.id, cleo)
    await vi.waitFor(async () =>
      expect(await rows(cleo)).toEqual([
        [first.id, 'others'],
        [second.id, 'others'],
      ]),
    )
  })
})
