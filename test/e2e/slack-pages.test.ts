/** What people see in Slack, on a desktop and on a phone. Set SANDBOX_PICTURES to a folder to keep pictures. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { anImage, aVm, type FakeHostOptions } from '../fakes/fleet.js'
import { buildPage, Chat, openBrowser } from './chat.js'
import { type SlackHouse, startSlackHouse } from './slack-house.js'

const pictures = process.env.SANDBOX_PICTURES

const sizes = [
  { name: 'desktop', width: 1280, height: 900 },
  { name: 'phone', width: 390, height: 780 },
]

/** Some have a lease, of different lengths. */
const leased = (n: number) => {
  const until = new Date(Date.now() + (n % 7) * 30 * 3_600_000).toISOString()
  return n % 7 === 0 ? {} : { lease: { from: '2026-11-01T00:00:00.000Z', until } }
}

const words = ['web', 'db', 'cache', 'ci-runner', 'mail', 'build', 'proxy', 'test-rhel9']
const vms = Array.from({ length: 200 }, (_, n) => {
  const name = `${words[n % words.length]}-${String(Math.floor(n / words.length) + 1).padStart(2, '0')}`
  const isAnns = n % 9 === 0
  return aVm({
    name,
    state: n % 4 === 0 ? 'shut off' : 'running',
    addresses: [`192.168.122.${(n % 250) + 2}`],
    ...(isAnns ? { ownership: { owner: 'U0ANN', requester: 'U0ANN', job: 'j-1', ...leased(n) } } : {}),
  })
})
const hosts: FakeHostOptions[] = [
  {
    name: 'kvm1',
    vms: vms.slice(0, 120),
    images: ['rockylinux9', 'debian-12.qcow2', 'fedora-41.qcow2', 'ubuntu-24.04.qcow2'].map((name) =>
      anImage({ name }),
    ),
    findings: [
      {
        check: 'Memory',
        result: 'pass',
        measured: '41 GiB available',
        threshold: 'at least 1 GiB',
        probe: '/proc/meminfo',
      },
      {
        check: 'Pool default',
        result: 'warn',
        measured: '12 % free (58 GiB)',
        threshold: 'at least 15 %',
        probe: 'libvirt: virStoragePoolGetInfo',
        fix: 'Delete images that nobody uses, or give the pool more room.',
      },
      {
        check: 'kcli',
        result: 'fail',
        measured: 'not found',
        threshold: 'kcli 99 or newer',
        probe: 'kcli version',
        fix: 'Install it on the host: pip install kcli',
      },
    ],
  },
  { name: 'kvm2', vms: vms.slice(120), images: [anImage({ name: 'rockylinux9' })] },
  { name: 'kvm3', unreachable: true },
]

let browser: Browser
let house: SlackHouse
let page: Page
const problems: string[] = []

beforeAll(async () => {
  await buildPage()
  browser = await openBrowser()
})
afterAll(async () => browser?.close())

beforeEach(async () => {
  house = await startSlackHouse(hosts)
  problems.length = 0
})
afterEach(async () => {
  await page?.context().close()
  const refused = house.sandbox.control.traffic().filter(({ outcome }) => outcome.startsWith('invalid'))
  await house.stop()
  expect(refused).toEqual([])
  expect(problems).toEqual([])
})

interface Size {
  name: string
  width: number
  height: number
}

async function open(user: string, { width, height }: Size, where = 'C0VMS'): Promise<Chat> {
  const context = await browser.newContext({ viewport: { width, height } })
  page = await context.newPage()
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (error) => problems.push(error.message))
  await page.goto(`${house.sandbox.url}?user=${user}#${where}`)
  return new Chat(page)
}

async function picture(name: string, { name: size }: Size): Promise<void> {
  if (pictures === undefined) return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `${name}-${size}.png`) })
}

/** What sticks out of the window: a phone would have to scroll sideways. */
async function widerThanScreen(): Promise<string[]> {
  return page.evaluate<string[]>(`
    [...document.querySelectorAll('body *')]
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
      .map((element) => element.tagName + '.' + element.className)
  `)
}

const command = (text: string, user = 'U0ANN') =>
  house.sandbox.control.command({ user, channel: 'C0VMS', text: `/qnav ${text}` })

describe.each(sizes)('on a $name', (size) => {
  it('a form is filled in and says what is wrong at its field', async () => {
    await open('U0ANN', size)
    await command('vm create')
    const dialog = page.getByRole('dialog', { name: 'VM create' })
    await dialog.getByLabel('Name').fill('Web 1')
    await dialog.getByRole('combobox', { name: 'Host' }).fill('kvm')
    await dialog.getByRole('option', { name: 'kvm1' }).click()
    await dialog.getByRole('combobox', { name: 'Image' }).fill('rocky')
    await dialog.getByRole('option', { name: 'rockylinux9' }).waitFor()
    await dialog.getByRole('option', { name: 'debian' }).waitFor({ state: 'hidden' })
    await picture('form', size)
    expect(await widerThanScreen()).toEqual([])
    await dialog.getByRole('option', { name: 'rockylinux9' }).click()
    await dialog.getByRole('button', { name: 'Plan it' }).click()
    await dialog.getByText('It must be small letters').waitFor()
    await picture('form-mistake', size)
    await dialog.getByLabel('Name').fill('web-99')
    await dialog.getByRole('button', { name: 'Plan it' }).click()
    await dialog.getByText('Create VM web-99 on kvm1').waitFor()
    await picture('form-plan', size)
    expect(await widerThanScreen()).toEqual([])
    await dialog.getByRole('button', { name: 'Go ahead' }).click()
    await page.getByText('waiting for approval').first().waitFor()
    expect(await dialog.count()).toBe(0)
    await picture('card-waiting', size)
    expect(await widerThanScreen()).toEqual([])
  })

  it('an approval card says who wants what where', async () => {
    await command('vm create web-99 --image rockylinux9 --memory 4G --disk 20G,100G --host kvm1')
    await house.sandbox.control.waitForMessage('C0APPROVE')
    const chat = await open('U0BEN', size, 'C0APPROVE')
    const card = await chat.message('Approval needed')
    await picture('approval', size)
    expect(await widerThanScreen()).toEqual([])
    await chat.press(card, 'Approve & deploy')
    await chat.message('Approved')
    await picture('approval-decided', size)
  })

  it('a card follows its job to its end, and a failure says what to do', async () => {
    await command('vm create web-99 --image rockylinux9 --host kvm1')
    const asked = await house.sandbox.control.waitForMessage('C0APPROVE')
    const release = house.host('kvm1').hold('createVm')
    await house.sandbox.control.click({
      user: 'U0BEN',
      channel: 'C0APPROVE',
      ts: asked.ts,
      text: 'Approve & deploy',
    })
    const chat = await open('U0ANN', size)
    await chat.message('running · create')
    await picture('card-running', size)
    release()
    await chat.message('web-99 runs at')
    await picture('card-done', size)
    expect(await widerThanScreen()).toEqual([])
    await command('vm create web-01 --image rokylinux9 --host kvm1')
    await chat.message('refused')
    await picture('card-refused', size)
    expect(await widerThanScreen()).toEqual([])
    house.host('kvm1').fail(
      'createVm',
      new UserError('kcli-failed', 'kcli could not create web-98: the pool default is full.', {
        fix: 'Make room in the pool, then ask again: host show kvm1',
      }),
    )
    await command('vm create web-98 --image rockylinux9 --host kvm1')
    const next = await house.sandbox.control.waitForMessage('C0APPROVE', ({ text }) =>
      text.includes('web-98'),
    )
    await house.sandbox.control.click({
      user: 'U0BEN',
      channel: 'C0APPROVE',
      ts: next.ts,
      text: 'Approve & deploy',
    })
    await chat.message('web-98: failed')
    await picture('card-failed', size)
    expect(await widerThanScreen()).toEqual([])
  })

  it('a list of 200 VMs is read without scrolling sideways', async () => {
    const chat = await open('U0ANN', size)
    await command('vm list')
    const list = await chat.message('200 VMs on 2 of 3 hosts')
    await picture('vm-list', size)
    expect(await widerThanScreen()).toEqual([])
    await list.getByRole('button', { name: /repl(y|ies)/ }).click()
    await page.getByRole('complementary', { name: 'Thread' }).getByText('web-25').last().waitFor()
    await picture('vm-list-thread', size)
  })

  it('a host check shows first what needs somebody', async () => {
    const chat = await open('U0ANN', size)
    await command('host check kvm1')
    const check = await chat.message('kvm1: 3 checks')
    await picture('host-check', size)
    expect(await widerThanScreen()).toEqual([])
    await check.getByRole('button', { name: /repl(y|ies)/ }).click()
    await page.getByRole('complementary', { name: 'Thread' }).getByText('used and free, %').waitFor()
    await picture('host-check-chart', size)
    expect(await widerThanScreen()).toEqual([])
  })

  it('the Home tab shows what is mine, and opens it in place', async () => {
    await command('vm start web-01')
    await house.sandbox.control.waitForMessage('C0APPROVE')
    await open('U0ANN', size, '')
    await page.getByRole('button', { name: 'qnav Home' }).click()
    await page.getByRole('heading', { name: 'My VMs (23)' }).waitFor()
    await page
      .getByText(/\dd\d+h left/)
      .first()
      .waitFor()
    await picture('home', size)
    expect(await widerThanScreen()).toEqual([])
    await page.getByRole('heading', { name: 'Hosts (3)' }).scrollIntoViewIfNeeded()
    await picture('home-hosts', size)
    await page.getByRole('button', { name: 'More ›' }).click()
    await page.getByText('Page 2 of 3').waitFor()
    await page.getByRole('button', { name: 'Open' }).first().click()
    await page.getByRole('dialog').getByText('Addresses').waitFor()
    await picture('home-vm', size)
    expect(await widerThanScreen()).toEqual([])
  })

  it('the Home tab of an approver begins with what waits', async () => {
    await command('vm delete db-01')
    await house.sandbox.control.waitForMessage('C0APPROVE')
    await open('U0BEN', size, '')
    await page.getByRole('button', { name: 'qnav Home' }).click()
    await page.getByRole('heading', { name: 'Waiting for you (1)' }).waitFor()
    await picture('home-approver', size)
    expect(await widerThanScreen()).toEqual([])
  })

  it('mentions, direct messages and shortcuts do what the slash command does', async () => {
    const chat = await open('U0ANN', size)
    await chat.type('@qnav host list')
    await chat.message('3 hosts')
    await chat.type('is web-02 slow for anybody else?')
    const asked = await chat.message('is web-02 slow')
    await asked.hover()
    await asked.getByRole('button', { name: 'More actions on this message' }).click()
    await page.getByRole('menuitem', { name: 'Look up VM named here' }).click()
    await page.getByRole('dialog').getByText('web-02 on kvm1').waitFor()
    await picture('look-up', size)
    expect(await widerThanScreen()).toEqual([])
    await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).click()
    await page.getByRole('button', { name: 'Shortcuts' }).click()
    await page.getByRole('menuitem', { name: 'My VMs' }).click()
    await page.getByRole('dialog', { name: 'My VMs' }).getByText('web-19').waitFor()
    await picture('my-vms', size)
    expect(await widerThanScreen()).toEqual([])
    await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).click()
    await open('U0ANN', size, 'D0ANN')
    const direct = new Chat(page)
    await direct.type('vm delete')
    const offer = await direct.message('Fill it in; what you typed is kept.')
    await offer.getByRole('button', { name: 'Open the form' }).click()
    await page.getByRole('dialog', { name: 'VM delete' }).waitFor()
    await picture('direct', size)
  })

  it('the list of commands is there for those who know none', async () => {
    await open('U0ANN', size)
    await house.sandbox.control.shortcut({ user: 'U0ANN', callbackId: 'run_command' })
    await page.getByRole('dialog', { name: 'Run a command' }).waitFor()
    await picture('picker', size)
    expect(await widerThanScreen()).toEqual([])
  })
})
