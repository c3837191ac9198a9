/** reactions.*, files.*, blocks.validate. */
import { validateBlocks, validateMessage, validateView } from '../block-validation/index.js'
import type { Json } from '../protocol.js'
import { app } from '../workspace.js'
import { type Call, channelById, destination, type Methods, requireMember, SlackError } from './method.js'

/** Larger uploads than this are refused; Slack takes 1 GB, a test needs less. */
export const maxUploadBytes = 20_000_000

const kinds: Record<string, string> = {
  txt: 'text/plain',
  log: 'text/plain',
  json: 'application/json',
  png: 'image/png',
  jpg: 'image/jpeg',
  gif: 'image/gif',
  xml: 'text/xml',
  yml: 'text/plain',
  yaml: 'text/plain',
}

function react({ args, world }: Call, add: boolean): Json {
  const channel = channelById(world, args.required('channel'))
  const message = world.message(channel.id, args.required('timestamp'))
  if (message === undefined) throw new SlackError('message_not_found')
  const name = args.required('name').replaceAll(':', '')
  const existing = message.reactions.find((each) => each.name === name)
  const mine = existing?.users.includes(app.botUserId) ?? false
  if (add && mine) throw new SlackError('already_reacted')
  if (!add && !mine) throw new SlackError('no_reaction')
  if (add && existing === undefined) message.reactions.push({ name, users: [app.botUserId] })
  else if (add) existing?.users.push(app.botUserId)
  else if (existing !== undefined) existing.users = existing.users.filter((id) => id !== app.botUserId)
  message.reactions = message.reactions.filter(({ users }) => users.length > 0)
  world.touch()
  return {}
}

function getUploadUrl({ args, world, backend }: Call): Json {
  const name = args.required('filename')
  const length = args.count('length', 0, Number.MAX_SAFE_INTEGER)
  if (length === 0) throw new SlackError('missing_argument')
  if (length > maxUploadBytes) throw new SlackError('file_upload_size_restricted')
  const id = world.newId('F')
  const extension = name.split('.').at(-1)?.toLowerCase() ?? ''
  const mimetype = kinds[extension] ?? 'application/octet-stream'
  world.files.set(id, { id, name, title: name, mimetype, length, shared: false })
  return { upload_url: `${backend.baseUrl()}upload/${id}`, file_id: id }
}

function completeUpload({ args, world }: Call): Json {
  const wanted = args.json('files', 'invalid_arguments') as { id: string; title?: string }[] | undefined
  if (!Array.isArray(wanted) || wanted.length === 0) throw new SlackError('invalid_arguments')
  const files = wanted.map(({ id, title }) => {
    const file = world.files.get(id)
    if (file?.content === undefined) throw new SlackError('file_not_found')
    file.title = title ?? file.name
    file.shared = true
    return file
  })
  const targets = args.optional('channel_id') ?? args.optional('channels') ?? ''
  for (const target of targets.split(',').filter((each) => each !== '')) {
    const channel = destination(world, target)
    requireMember(channel)
    const threadTs = args.optional('thread_ts')
    world.post(channel.id, {
      user: app.botUserId,
      botId: app.botId,
      text: args.optional('initial_comment') ?? '',
      files,
      ...(threadTs === undefined ? {} : { threadTs }),
    })
  }
  return { files: files.map(({ id, title, name, mimetype }) => ({ id, title, name, mimetype })) }
}

function validate({ args }: Call): Json {
  const given = ['blocks', 'message', 'view'].filter((name) => args.optional(name) !== undefined)
  const name = given[0]
  if (given.length !== 1 || name === undefined) throw new SlackError('invalid_arguments')
  const value = args.json(name, 'invalid_arguments')
  const check = { blocks: validateBlocks, message: validateMessage, view: validateView }[name]
  const errors = check?.(value) ?? []
  if (errors.length > 0) throw new SlackError(`invalid_${name}`, { errors })
  return {}
}

export const content: Methods = {
  'reactions.add': { scopes: ['reactions:write'], run: (call) => react(call, true) },
  'reactions.remove': { scopes: ['reactions:write'], run: (call) => react(call, false) },
  'files.getUploadURLExternal': { scopes: ['files:write'], run: getUploadUrl },
  'files.completeUploadExternal': { scopes: ['files:write'], run: completeUpload },
  'blocks.validate': { token: 'any', run: validate },
}
