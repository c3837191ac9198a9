/**
 * Loaded before the bot (`node --import`): kills it, as a power cut would, at one of the points where it makes something
 * durable. Points are counted from SIGUSR2 on: before a file is synced, and after an append is synced or a document has its
 * name. So every state that a crash can leave on the disk is met. What the outbox writes is met at every fourth point only: its
 * own tests meet all of them.
 */
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const killAt = Number(process.env.KILL_AT_WRITE)
let isArmed = false
let points = 0
let outboxPoints = 0
const outboxes = new WeakSet()

process.on('SIGUSR2', () => {
  isArmed = true
  process.stderr.write('{"kill":"armed"}\n')
})

function point(file) {
  if (!isArmed) return
  if (outboxes.has(file) && outboxPoints++ % 4 !== 0) return
  points += 1
  if (points === killAt) process.kill(process.pid, 'SIGKILL')
}

const handle = await fs.open(process.execPath)
const prototype = Object.getPrototypeOf(handle)
await handle.close()

const { datasync, sync } = prototype
prototype.datasync = async function () {
  point(this)
  await datasync.call(this)
  point(this)
}
prototype.sync = async function () {
  if ((await this.stat()).isFile()) point()
  await sync.call(this)
}
const { open, rename } = fs
fs.open = async (path, ...more) => {
  const file = await open(path, ...more)
  if (String(path).endsWith('outbox.jsonl')) outboxes.add(file)
  return file
}
fs.rename = async (...paths) => {
  await rename(...paths)
  point()
}
syncBuiltinESMExports()
