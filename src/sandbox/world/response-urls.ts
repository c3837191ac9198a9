/** Response URLs: answers to a command or a click without a token, 5 times within 30 minutes. */
import { randomBytes } from 'node:crypto'
import { messagesOf, validateMessage } from '../block-validation/index.js'
import type { Json } from '../protocol.js'
import { app } from '../workspace.js'
import type { World } from './world.js'

const maxUses = 5
const lifeMs = 30 * 60_000

interface Target {
  user: string
  channel: string
  threadTs?: string
  /** The message that held the button; absent for commands. */
  original?: { ts: string; ephemeral: boolean }
  expiresAt: number
  uses: number
}

export interface ResponseUrlAnswer {
  status: number
  body: Json
}

export class ResponseUrls {
  private readonly targets = new Map<string, Target>()
  private readonly world: World
  /** Where this server is reached; known once it listens. */
  baseUrl = ''

  constructor(world: World) {
    this.world = world
  }

  issue(target: Omit<Target, 'expiresAt' | 'uses'>): string {
    const id = randomBytes(12).toString('hex')
    this.targets.set(id, { ...target, expiresAt: this.world.clock.now() + lifeMs, uses: 0 })
    if (this.targets.size > 2000) this.targets.delete(this.targets.keys().next().value ?? '')
    return `${this.baseUrl}response/${id}`
  }

  use(id: string, body: Json): ResponseUrlAnswer {
    const target = this.targets.get(id)
    if (target === undefined) return refused('no_such_url')
    if (this.world.clock.now() >= target.expiresAt) return refused('expired_url')
    if (target.uses >= maxUses) return refused('used_url')
    const isDeletion = body.delete_original === true || body.delete_original === 'true'
    if (!isDeletion) {
      const errors = validateMessage(body)
      if (errors.length > 0)
        return { status: 400, body: { ok: false, error: 'invalid_blocks', messages: messagesOf(errors) } }
    }
    target.uses += 1
    if (isDeletion) this.deleteOriginal(target)
    else if (body.replace_original === true || body.replace_original === 'true')
      this.replaceOriginal(target, body)
    else publishAnswer(this.world, target, body)
    return { status: 200, body: { ok: true } }
  }

  private deleteOriginal({ channel, original }: Target): void {
    if (original === undefined) return
    const ephemeral = this.world.ephemeral(channel, original.ts)
    if (ephemeral !== undefined) this.world.removeEphemeral(ephemeral)
    else this.world.remove(channel, original.ts)
  }

  private replaceOriginal(target: Target, body: Json): void {
    const { channel, original } = target
    const change = { text: String(body.text ?? ''), blocks: body.blocks as Json[] | undefined }
    const ephemeral = original && this.world.ephemeral(channel, original.ts)
    const message = original && this.world.message(channel, original.ts)
    if (ephemeral !== undefined) this.world.editEphemeral(ephemeral, change)
    else if (message !== undefined) this.world.edit(message, change)
    else publishAnswer(this.world, target, body)
  }
}

function refused(error: string): ResponseUrlAnswer {
  return { status: 404, body: { ok: false, error } }
}

/** Shows an answer (of an acknowledgement or a response URL): to one person, unless it says `in_channel`. */
export function publishAnswer(
  world: World,
  { user, channel, threadTs }: { user: string; channel: string; threadTs?: string },
  body: Json,
): void {
  const thread = typeof body.thread_ts === 'string' ? body.thread_ts : threadTs
  const content = {
    text: String(body.text ?? ''),
    ...(Array.isArray(body.blocks) ? { blocks: body.blocks as Json[] } : {}),
    ...(thread === undefined ? {} : { threadTs: thread }),
  }
  if (body.response_type === 'in_channel') {
    world.post(channel, { user: app.botUserId, botId: app.botId, ...content })
  } else {
    world.whisper({ channel, user, kind: 'app', ...content })
  }
}
