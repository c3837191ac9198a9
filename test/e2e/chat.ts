/** A person at the sandbox's page, in a real browser: what they type, press and read. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Builds the sandbox's page as it is now. */
export async function buildPage(): Promise<void> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  await promisify(execFile)(process.execPath, [compiler, '-p', join(root, 'src/sandbox/page/tsconfig.json')])
}

/** Debian and Fedora name it differently. */
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser']

export function openBrowser(): Promise<Browser> {
  const [executablePath] = places.filter((place) => existsSync(place))
  if (executablePath === undefined) throw new Error(`there is no Chromium at ${places.join(' nor ')}`)
  return chromium.launch({ executablePath, args: flags })
}

export class Chat {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  async actAs(person: string): Promise<void> {
    await this.page.getByRole('button', { name: /Acting as/ }).click()
    await this.page.getByRole('menuitemradio', { name: new RegExp(person) }).click()
    await this.page.getByRole('button', { name: new RegExp(`Acting as ${person}`) }).waitFor()
  }

  async goTo(channel: string): Promise<void> {
    await this.page
      .getByRole('navigation', { name: 'Channels' })
      .getByRole('button', { name: channel })
      .click()
    await this.page.getByRole('heading', { name: `# ${channel}`, level: 2 }).waitFor()
  }

  async type(line: string): Promise<void> {
    await this.page.getByRole('textbox', { name: /^Message/ }).fill(line)
    await this.page.keyboard.press('Enter')
  }

  /** The newest message that shows the text; waits for it. */
  async message(text: string | RegExp, timeoutMs = 60_000): Promise<Locator> {
    const found = this.page.getByRole('listitem').filter({ hasText: text }).last()
    await found.waitFor({ timeout: timeoutMs })
    return found
  }

  /** Presses a button in a message, and the confirmation if one is asked. */
  async press(message: Locator, button: string): Promise<void> {
    await message.getByRole('button', { name: button, exact: true }).last().click()
    const confirmation = this.page.getByRole('alertdialog')
    await confirmation.waitFor({ timeout: 2000 }).then(
      () => confirmation.getByRole('button', { name: button, exact: true }).click(),
      () => {},
    )
  }
}
