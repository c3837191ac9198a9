/** Slash commands. */
import { messagesOf, validateMessage } from '../block-validation/index.js'
import { commandPayload } from '../delivery/payloads.js'
import type { Delivery } from '../protocol.js'
import { publishAnswer } from '../world/response-urls.js'
import { actor, channelFor, failureNotice, type Parts } from './parts.js'
import { commandText } from './typed-text.js'

export async function runCommand(
  parts: Parts,
  what: { user: string; channel: string; text: string },
): Promise<Delivery> {
  const { world } = parts
  const user = actor(world, what.user)
  const channel = channelFor(world, user, what.channel)
  const commands = world.manifest.features.slash_commands ?? []
  const typed = what.text.startsWith('/') ? what.text : `${commands[0]?.command ?? '/app'} ${what.text}`
  const name = typed.split(/\s/, 1)[0] ?? ''
  const command = commands.find((each) => each.command === name)
  const tell = (text: string) => world.whisper({ channel: channel.id, user: user.id, kind: 'notice', text })
  if (command === undefined) {
    tell(`\`${name}\` is not a valid command.`)
    return { acknowledged: false, reason: 'dispatch_failed' }
  }
  const delivery = await parts.dispatcher.deliver({
    type: 'slash_commands',
    acceptsResponse: true,
    payload: commandPayload(world, {
      user,
      channel,
      command: name,
      text: commandText(world, typed.slice(name.length).trim(), {
        shouldEscape: command.should_escape === true,
      }),
      triggerId: parts.triggers.issue(user.id),
      responseUrl: parts.responseUrls.issue({ user: user.id, channel: channel.id }),
    }),
  })
  if (!delivery.acknowledged) {
    tell(failureNotice(world, delivery.reason))
    return delivery
  }
  const answer = delivery.payload
  if (answer === undefined || (answer.text === undefined && answer.blocks === undefined)) return delivery
  const errors = validateMessage(answer)
  if (errors.length > 0)
    tell(`${world.botName} answered with an invalid message: ${messagesOf(errors)[0] ?? ''}`)
  else publishAnswer(world, { user: user.id, channel: channel.id }, answer)
  return delivery
}
