import { randomUUID } from 'node:crypto'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, onTestFailed } from 'vitest'
import { attempt, type LoopbackSshd, run, startLoopbackSshd } from '../../src/demo/index.js'
import { Chat, openBrowser } from './chat.js'
import { WholeBot } from './whole-bot.js'

const lab = inject('lab')

const virsh = async (...args: string[]) => (await run('virsh', ['-c', 'qemu:///system', ...args])).trim()

describe.skipIf(lab === undefined).each(['local', 'ssh'] as const)(
  'from Slack to a running VM and back, host reached by %s',
  (transport) => {
    const name = `web-${randomUUID().slice(0, 6)}`
    const second = `${name}-2`
    const poolPath = lab?.poolPath ?? ''
    let sshd: LoopbackSshd | undefined
    let bot: WholeBot
    let browser: Browser
    let chat: Chat

    beforeAll(async () => {
      if (lab === undefined) return
      if (transport === 'ssh') sshd = await startLoopbackSshd('qnav-e2e')
      bot = await WholeBot.start({ lab, ...(sshd ? { sshd } : {}) })
      browser = await openBrowser()
      chat = new Chat(await browser.newPage({ viewport: { width: 1280, height: 900 } }))
      await chat.page.goto(bot.sandbox.url)
    })

    beforeEach(() => {
      onTestFailed(() => {
        const shown = bot.sandbox.control.messages('C0VMS').map(({ text }) => text)
        process.stderr.write(`#vms showed:\n${shown.join('\n')}\nThe bot logged:\n${bot.log}\n`)
      })
    })

    afterAll(async () => {
      await browser?.close()
      await bot?.stop()
      for (const vm of [name, second]) {
        await attempt('virsh', ['-c', 'qemu:///system', 'destroy', vm])
        await attempt('virsh', ['-c', 'qemu:///system', 'undefine', vm, '--snapshots-metadata'])
      }
      await sshd?.stop()
    })

    /** Ann asks in #vms, Ben presses the button in #approvals; gives back when Ann looks at #vms again. */
    async function approved(line: string, title: string): Promise<void> {
      await chat.actAs('Ann')
      await chat.goTo('vms')
      await chat.type(line)
      await chat.message(`${title}: waiting for approval`)
      await chat.actAs('Ben')
      await chat.goTo('approvals')
      await chat.press(await chat.message(`Approval needed: ${title}`), 'Approve & deploy')
      await chat.message(`Approved: ${title}`)
      await chat.actAs('Ann')
      await chat.goTo('vms')
    }

    it('creates a VM once Ben has approved the plan, and reports its address on the same card', async () => {
      await approved(
        `/qnav vm create ${name} --image ${lab?.image} --memory 256M --cpus 1 --disk 1G`,
        `vm create ${name}`,
      )
      const card = await chat.message(new RegExp(`vm create ${name}: done`))
      const text = await card.textContent()
      expect(await virsh('domstate', name)).toBe('running')
      const address = /192\.168\.\d+\.\d+/.exec(text ?? '')?.[0]
      expect(await virsh('domifaddr', name)).toContain(`${address}/`)
      expect(
        bot.sandbox.control.messages('C0VMS').filter((message) => message.text.includes(`vm create ${name}`)),
      ).toHaveLength(1)
    }, 180_000)

    it('lists it', async () => {
      await chat.type('/qnav vm list --state running')
      expect(await (await chat.message(/\d+ running VMs?/)).textContent()).toContain(name)
    })

    it('shows what is on its screen', async () => {
      await chat.type(`/qnav vm screenshot ${name}`)
      const { files } = await bot.sandbox.control.waitForMessage('C0VMS', (each) => each.files.length > 0)
      expect(files).toMatchObject([{ name: `${name}.png`, mimetype: 'image/png' }])
      expect(files[0]?.size).toBeGreaterThan(200)
    })

    it('takes a snapshot, lists it and goes back to it', async () => {
      await approved(`/qnav snapshot create ${name} before`, `snapshot create ${name} before`)
      await chat.message(new RegExp(`snapshot create ${name}.*: done`))
      expect(await virsh('snapshot-list', name, '--name')).toBe('before')
      await chat.type(`/qnav snapshot list ${name}`)
      await chat.message(/1 snapshot/)
      await approved(`/qnav snapshot revert ${name} before`, `snapshot revert ${name} before`)
      await chat.message(new RegExp(`snapshot revert ${name}.*: done`))
      expect(await virsh('domstate', name)).toBe('running')
    }, 180_000)

    it('checks the host', async () => {
      await chat.type('/qnav host check')
      expect(await (await chat.message(/kvm1: \d+ checks/)).textContent()).toContain('libvirt')
    })

    it('goes on with a pending approval, on the same card, after the bot was killed and started again', async () => {
      await chat.type(`/qnav vm delete ${name}`)
      await chat.message(`vm delete ${name}: waiting for approval`)
      await bot.end('SIGKILL')
      await bot.run()
      await chat.actAs('Ben')
      await chat.goTo('approvals')
      await chat.press(await chat.message(`Approval needed: vm delete ${name}`), 'Approve & deploy')
      await chat.actAs('Ann')
      await chat.goTo('vms')
      await chat.message(new RegExp(`vm delete ${name}: done`))
      expect(await virsh('list', '--all', '--name')).not.toContain(name)
      const left = (await run('find', [poolPath, '-name', `${name}*`])).trim()
      expect(left).toBe('')
    }, 180_000)

    it('finishes a VM whose creation was under way when the bot was killed', async () => {
      await approved(
        `/qnav vm create ${second} --image ${lab?.image} --memory 256M --cpus 1 --disk 1G`,
        `vm create ${second}`,
      )
      // Killed as soon as the step is journalled as begun: kcli runs on, detached, on the host.
      await bot.sandbox.control.waitFor(
        'the create step on the card',
        () =>
          bot.sandbox.control
            .messages('C0VMS')
            .some((message) => message.text.includes(second) && message.text.includes('running'))
            ? true
            : undefined,
        20_000,
      )
      await bot.end('SIGKILL')
      await bot.run()
      await chat.message(new RegExp(`vm create ${second}: done`), 90_000)
      expect(await virsh('domstate', second)).toBe('running')
      expect(
        (await virsh('list', '--all', '--name')).split('\n').filter((each) => each === second),
      ).toHaveLength(1)
    }, 180_000)
  },
)
