import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { App } from '@slack/bolt'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { defaultManifest, type Sandbox, startSandbox } from '../../src/sandbox/index.js'
import { buildPage, openBrowser } from './chat.js'
import { approvalCard, startPageBot, vmTable } from './sandbox-bot.js'

/** Set to a folder to keep pictures of what the tests saw. */
const pictures = process.env.SANDBOX_PICTURES
let browser: Browser
let sandbox: Sandbox
let app: App
let heard: string[]
let page: Page
const problems: string[] = []

beforeAll(async () => {
  await buildPage()
  browser = await openBrowser()
})
afterAll(async () => browser?.close())

beforeEach(async () => {
  const manifest = defaultManifest()
  manifest.features.shortcuts = [
    { type: 'global', name: 'Create VM', callback_id: 'create_vm', description: 'Opens the form' },
  ]
  sandbox = await startSandbox({ port: 0, manifest })
  ;({ app, heard } = await startPageBot(sandbox))
  problems.length = 0
})
afterEach(async () => {
  await page?.context().close()
  await app.stop()
  await sandbox.control.waitForConnections(0)
  await sandbox.stop()
  expect(problems).toEqual([])
})

async function openPage(user: string, { width = 1280, height = 800, dark = false } = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
  })
  page = await context.newPage()
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.goto(`${sandbox.url}?user=${user}`)
  return page
}

async function picture(name: string): Promise<void> {
  if (pictures === undefined) return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `${name}.png`) })
}

async function type(text: string): Promise<void> {
  await page.getByRole('textbox', { name: /^Message/ }).fill(text)
  await page.keyboard.press('Enter')
}

/** Elements that stick out of the window, except inside frames that scroll by themselves. */
async function widerThanScreen(): Promise<string[]> {
  return page.evaluate<string[]>(`
    [...document.querySelectorAll('body *')]
      .filter((element) => element.closest('.table-frame, pre, .carousel') === null)
      .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
      .map((element) => element.tagName + '.' + element.className)
  `)
}

describe('the sandbox page', () => {
  it('answers a slash command with blocks, and hints at the usage while it is typed', async () => {
    await openPage('U0ANN')
    const composer = page.getByRole('textbox', { name: 'Message #vms' })
    await composer.fill('/qn')
    await page.getByText('vm create | vm list').waitFor()
    await picture('hints')
    await composer.fill('/qnav vm list')
    await composer.press('Enter')
    await page.getByRole('columnheader', { name: 'Address' }).waitFor()
    expect(await page.getByRole('row').count()).toBe(4)
    expect(heard).toEqual(['vm list'])
    await type('/qnav all')
    await page.getByText('Domain installed.').waitFor()
    await type('hello *team* :wave:')
    await page.getByText('hello').waitFor()
    await picture('channel')
  })

  it('shows an ephemeral answer only to the one who asked, and the failure of a silent app', async () => {
    await openPage('U0ANN')
    await type('/qnav vm lst')
    await page.getByText('Only visible to you').waitFor()
    await page.getByText('Did you mean').waitFor()
    sandbox.control.fault({ kind: 'lose-ack' })
    await type('/qnav vm list')
    await sandbox.control.waitFor('the envelope', () =>
      sandbox.control.traffic().find(({ outcome }) => outcome === 'pending'),
    )
    sandbox.control.advanceClock(3000)
    await page.getByText('qnav did not respond (operation_timeout)').waitFor()
    await picture('ephemeral')
    await page.getByRole('button', { name: /Acting as/ }).click()
    await page.getByRole('menuitemradio', { name: /Ben Approver/ }).click()
    await page.getByRole('button', { name: /Acting as Ben/ }).waitFor()
    expect(await page.getByText('Only visible to you').count()).toBe(0)
  })

  it('lets an approver press a button, asks to confirm where the app wants that, and opens the thread', async () => {
    await openPage('U0BEN')
    await sandbox.control.command({ user: 'U0BEN', channel: 'C0VMS', text: 'approve' })
    await page.getByLabel('1 unread').waitFor()
    await page.getByRole('button', { name: /approvals/ }).click()
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('alertdialog', { name: 'Deny this job?' }).waitFor()
    await picture('confirm')
    await page.getByRole('button', { name: 'Keep' }).click()
    await page.getByRole('button', { name: 'More actions', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Show the log' }).click()
    await sandbox.control.waitFor('the choice', () => heard.find((each) => each.startsWith('more')))
    await picture('approval')
    await page.getByRole('button', { name: 'Approve & deploy' }).click()
    await page.getByText('approved by').waitFor()
    expect(heard).toEqual(['approve', 'more by U0BEN', 'approved by U0BEN'])
    await page.getByRole('button', { name: /1 reply/ }).click()
    const thread = page.getByRole('complementary', { name: 'Thread' })
    await thread.getByText('Domain installed.').waitFor()
    await thread.getByRole('textbox', { name: 'Reply' }).fill('thank you')
    await page.keyboard.press('Enter')
    await thread.getByText('thank you').waitFor()
    await thread.getByRole('textbox', { name: 'Reply' }).fill('/qnav vm list')
    await page.keyboard.press('Enter')
    await thread.getByText('Slash commands are not supported in threads.').waitFor()
    await picture('thread')
  })

  it('fills a modal by keyboard and mouse: typeahead, several choices, errors of the app, then success', async () => {
    await openPage('U0ANN')
    await type('/qnav vm create')
    const dialog = page.getByRole('dialog', { name: 'Create a VM' })
    await dialog.getByLabel('Name').fill('taken')
    await dialog.getByRole('button', { name: 'Plan it' }).click()
    await dialog.getByText('Please complete this required field.').waitFor()
    expect(await dialog.getByLabel('Name').inputValue()).toBe('taken')
    await dialog.getByRole('combobox', { name: 'Image' }).fill('rocky')
    await dialog.getByRole('option', { name: 'Image rockylinux9' }).click()
    expect(await dialog.getByText('Please complete this required field.').count()).toBe(0)
    await dialog.getByRole('combobox', { name: 'Networks' }).click()
    await dialog.getByRole('option', { name: 'storage' }).click()
    await dialog.getByLabel('Take a snapshot').check()
    await picture('modal')
    await dialog.getByRole('button', { name: 'Plan it' }).click()
    await dialog.getByText('A VM with this name exists.').waitFor()
    expect(await dialog.getByRole('combobox', { name: 'Image' }).inputValue()).toBe('Image rockylinux9')
    await picture('modal-error')
    await dialog.getByLabel('Name').fill('web1')
    await dialog.getByRole('button', { name: 'Plan it' }).click()
    await page.getByText('asked for').waitFor()
    expect(await page.getByText('on storage').count()).toBe(1)
    expect(await dialog.count()).toBe(0)
  })

  it('shows the Home tab, and the traffic with its contents', async () => {
    await openPage('U0OLU', { dark: true })
    await page.getByRole('button', { name: 'qnav Home' }).click()
    await page.getByRole('heading', { name: 'Your VMs' }).waitFor()
    await page.getByRole('button', { name: 'Traffic', exact: true }).click()
    const drawer = page.getByRole('complementary', { name: 'Traffic' })
    await drawer.getByText('views.publish').click()
    await drawer.getByText('"user_id": "U0OLU"').waitFor()
    await picture('home-dark')
  })

  it('injects a fault from the drawer', async () => {
    await openPage('U0ANN')
    await page.getByRole('button', { name: 'Traffic', exact: true }).click()
    await page.getByLabel('Fault').selectOption('Expire the next trigger')
    await page.getByRole('button', { name: 'Inject' }).click()
    await page.getByText('Armed: Expire the next trigger').waitFor()
    await type('/qnav vm create')
    await page.getByText('expired_trigger_id').waitFor()
    expect(sandbox.control.modals('U0ANN')).toEqual([])
  })

  it('fits a phone: one pane at a time, no sideways scrolling', async () => {
    await openPage('U0BEN', { width: 390, height: 780 })
    await app.client.chat.postMessage({ channel: 'C0APPROVE', text: 'Create web1', blocks: approvalCard })
    await app.client.chat.postMessage({ channel: 'C0APPROVE', text: '3 VMs', blocks: vmTable })
    await page.getByRole('button', { name: /approvals/ }).waitFor()
    await picture('phone-list')
    expect(await page.getByRole('textbox').count()).toBe(0)
    await page.getByRole('button', { name: /approvals/ }).click()
    await page.getByRole('button', { name: 'Approve & deploy' }).waitFor()
    await picture('phone-approval')
    expect(await widerThanScreen()).toEqual([])
    await page.getByRole('button', { name: 'Back to channels' }).click()
    await page.getByRole('button', { name: 'vms', exact: false }).first().click()
    await type('/qnav vm create')
    await page.getByRole('dialog').waitFor()
    await picture('phone-modal')
    const submit = await page.getByRole('button', { name: 'Plan it' }).boundingBox()
    expect((submit?.y ?? 0) + (submit?.height ?? 0)).toBeLessThanOrEqual(780)
    expect(await widerThanScreen()).toEqual([])
    await page.getByRole('button', { name: 'Close dialog' }).click()
    await type('/qnav all')
    await page.getByText('Domain installed.').waitFor()
    await picture('phone-all')
    expect(await widerThanScreen()).toEqual([])
  })

  it('is closed to pages from elsewhere', async () => {
    const foreign = await fetch(`${sandbox.url}_control/command`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://elsewhere.example' },
      body: JSON.stringify({ user: 'U0OLU', channel: 'C0VMS', text: '/qnav vm list' }),
    })
    expect(foreign.status).toBe(403)
    expect(heard).toEqual([])
  })
})
