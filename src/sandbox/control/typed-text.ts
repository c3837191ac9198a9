/** What Slack makes of what a person types: escaped text, mentions as ids. */
import type { World } from '../world/world.js'

const mention = /<[@#!][^<>]+>/g

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Escapes text, but leaves mentions that are already in Slack's form. */
function escapeAround(text: string, replace: (plain: string) => string): string {
  let result = ''
  let from = 0
  for (const match of text.matchAll(mention)) {
    result += replace(escapeText(text.slice(from, match.index))) + match[0]
    from = match.index + match[0].length
  }
  return result + replace(escapeText(text.slice(from)))
}

/** A message: `@ann` becomes `<@U0ANN>`, `#vms` becomes `<#C0VMS|vms>`. */
export function messageText(world: World, text: string): string {
  return escapeAround(text, (plain) => withMentions(world, plain, { withNames: false }))
}

/** The text of a slash command; mentions become `<@U0ANN|ann>` only where the manifest says `should_escape`. */
export function commandText(world: World, text: string, { shouldEscape }: { shouldEscape: boolean }): string {
  return escapeAround(text, (plain) =>
    shouldEscape ? withMentions(world, plain, { withNames: true }) : plain,
  )
}

function withMentions(world: World, text: string, { withNames }: { withNames: boolean }): string {
  return text
    .replace(/(?<![\w@])@([\w.-]+)/g, (whole, name: string) => {
      if (name === 'here' || name === 'channel' || name === 'everyone') return `<!${name}>`
      const user = world.users.find((each) => each.name === name)
      if (user !== undefined) return withNames ? `<@${user.id}|${user.name}>` : `<@${user.id}>`
      const group = world.userGroups.find(({ handle }) => handle === name)
      return group === undefined ? whole : `<!subteam^${group.id}|@${group.handle}>`
    })
    .replace(/(?<![\w#&])#([\w-]+)/g, (whole, name: string) => {
      const channel = world.channels.find((each) => each.kind !== 'im' && each.name === name)
      return channel === undefined ? whole : `<#${channel.id}|${channel.name}>`
    })
}
