import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/report/index.js'
import { anImage, aVm } from '../fakes/fleet.js'
import { aHouse, ann, ben, type TestHouse, vic } from './house.js'

const create = 'vm create web9 --image rocky9.qcow2 --memory 512M --host kvm1'

async function told(house: TestHouse, text: string, person: { id: string } = ann): Promise<Report> {
  const answer = await house.requests.handle({ text, person, origin: { surface: 'terminal' } })
  if (answer.kind !== 'report') throw new Error(`"${text}" started a job`)
  return answer.report
}

const explain = (house: TestHouse, line: string, options: { as?: string; by?: { id: string } } = {}) => {
  const { as, by } = options
  return told(house, `policy explain ${quoted(line)}${as === undefined ? '' : ` --as ${as}`}`, by)
}

function quoted(line: string): string {
  return `"${line.replaceAll('"', '\\"')}"`
}

const factsOf = ({ facts = [] }: Report) =>
  Object.fromEntries(facts.map(({ label, value }) => [label, value] as const))

describe('policy explain', () => {
  it('tells by which role a change is allowed, whose yes it needs and what it would do; nothing is begun', async () => {
    const house = await aHouse()
    const report = await explain(house, create)
    expect(report).toMatchObject({ tone: 'info', summary: expect.stringContaining('wait for 1 approval') })
    expect(factsOf(report)).toMatchObject({
      Roles: 'viewer (everybody is), operator (named in qnav.yml)',
      Risk: 'change: can be undone',
      Policy: 'allowed: operator may ask for change',
      Plan: 'Create VM web9 on kvm1',
    })
    expect(house.jobs.list()).toEqual([])
    expect(house.fleet.host('kvm1').calls).toEqual([])
    // Not a refusal that somebody met with, so none that is audited.
    expect(house.audit.map(({ event }) => event)).toEqual(['read'])
  })

  it('tells that a change would run at once where no rule asks for approval', async () => {
    expect((await explain(await aHouse({ approvals: false }), create)).summary).toBe('It would run at once.')
  })

  it('tells what is allowed and still stands in the way', async () => {
    const house = await aHouse()
    house.fleet.host('kvm1').machines.set('web9', aVm({ name: 'web9' }))
    const report = await explain(house, create)
    expect(report).toMatchObject({ tone: 'warn', summary: expect.stringContaining('stands in its way') })
    expect(factsOf(report).Policy).toMatch(/^allowed/)
    expect(report.notes?.join(' ')).toContain('web9')
  })

  it('weighs quotas without reserving anything', async () => {
    const quotas = { owners: [{ limits: { vms: 1 } }], hosts: [], perVm: {} }
    const house = await aHouse({ quotas, approvals: false })
    for (let time = 0; time < 3; time++) expect((await explain(house, create)).tone).toBe('info')
    expect(await house.over(await house.ask(create))).toMatchObject({ state: 'succeeded' })
    const report = await explain(house, create.replace('web9', 'web10'))
    expect(report.tone).toBe('warn')
    expect(report.notes?.join(' ')).toMatch(/quotas\.owners|at most 1/)
  })

  it('tells a viewer who may, and an approver what somebody else would meet', async () => {
    const house = await aHouse()
    const own = await explain(house, create, { by: vic })
    expect(own).toMatchObject({ tone: 'warn', summary: 'It would be refused.' })
    expect(factsOf(own).Policy).toBe(
      'refused: viewer may only read; "vm create" (change) needs operator (UANN) or admin (nobody yet)',
    )
    const others = await explain(house, create, { as: vic.id, by: ben })
    expect(factsOf(others)).toMatchObject({ 'Asked by': vic.id, Policy: factsOf(own).Policy })
    expect((await explain(house, create, { as: ann.id, by: ben })).summary).toContain('wait for 1 approval')
  })

  it('is not for looking with the eyes of others, except for those who decide', async () => {
    const house = await aHouse()
    await expect(explain(house, create, { as: ben.id, by: vic })).rejects.toMatchObject({
      code: 'not-allowed',
    })
    expect((await explain(house, 'vm list', { as: vic.id, by: vic })).summary).toBe('It would run at once.')
  })

  it('holds scopes against the host and the VM that the plan settles on', async () => {
    const wes = { id: 'UWES' }
    const house = await aHouse({
      approvals: false,
      custom: {
        web: { users: [wes.id], groups: [], may: [{ risks: ['change'], hosts: ['kvm1'] }], decides: false },
      },
      hosts: ['kvm1', 'kvm2'].map((name) => ({
        name,
        vms: [aVm({ name: `on-${name}`, state: 'shut off' })],
        images: [anImage({ name: 'rocky9.qcow2' })],
      })),
    })
    expect((await explain(house, create, { by: wes })).summary).toBe('It would run at once.')
    const elsewhere = await explain(house, create.replace('kvm1', 'kvm2'), { by: wes })
    expect(elsewhere.summary).toBe('It would be refused.')
    expect(factsOf(elsewhere).Policy).toBe(
      'refused: web may ask for change on kvm1, and kvm2 is none of them',
    )
  })

  it('knows what takes more than reading', async () => {
    const house = await aHouse()
    expect((await explain(house, 'job approve j-7k2m9')).summary).toBe('It would be refused.')
    expect((await explain(house, 'job approve j-7k2m9', { by: ben })).summary).toBe('It would run at once.')
  })

  it('says what is wrong with the line, and repeats no secret', async () => {
    const house = await aHouse()
    await expect(explain(house, 'vm craete web1')).rejects.toMatchObject({ code: 'unknown-command' })
    const secret = 'snapshot create web1 --description "password=hunter22"'
    await expect(explain(house, secret)).rejects.toMatchObject({ code: 'bad-argument' })
    await expect(explain(house, secret)).rejects.not.toThrow(/hunter22/)
  })
})

describe('help and whoami', () => {
  it('know what a role with a scope may ask for, and where', async () => {
    const house = await aHouse({
      custom: {
        web: {
          users: [vic.id],
          groups: [],
          may: [
            { risks: ['change'], commands: ['vm start', 'snapshot'], labels: { env: 'lab' }, vms: 'own' },
          ],
          decides: false,
        },
      },
    })
    const where = 'with approval, on hosts with env=lab to VMs of their own'
    const { table } = await told(house, 'help', vic)
    const may = Object.fromEntries((table?.rows ?? []).map(([path, , word]) => [path, word] as const))
    expect(may).toMatchObject({
      'vm list': 'yes',
      'vm start': where,
      'snapshot create': where,
      'vm create': 'no',
      'job approve': 'no',
    })
    expect(factsOf(await told(house, 'help vm start', vic)).Risk).toContain('on hosts with env=lab')
    expect(factsOf(await told(house, 'whoami', vic))).toMatchObject({
      Roles: 'viewer (everybody is), web (named in qnav.yml)',
      'May ask: read (changes nothing)': 'yes, at once',
      'May ask: change (can be undone)': `yes, ${where}: snapshot create, vm start`,
      'May ask: destructive (loses data)': 'no',
    })
  })

  it('tell whoever may not decide about requests that approving is not theirs, before any job is looked at', async () => {
    const house = await aHouse()
    await expect(told(house, 'job approve j-none1', vic)).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(told(house, 'job deny j-none1', ann)).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(told(house, 'job approve j-none1', ben)).rejects.toMatchObject({ code: 'unknown-job' })
    expect(house.audit.filter(({ event }) => event === 'refused')).toHaveLength(2)
  })
})
