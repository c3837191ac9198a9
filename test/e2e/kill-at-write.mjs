/**
 * Loaded before the bot (`node --import`): kills it, as a power cut would, at one of the points where it makes something
 * durable. Points are counted from SIGUSR2 on: before a file is synced, and after an append is synced or a document has its
 * name. So every state that a crash can leave on the disk is met.
 */
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const killAt = Number(process.env.KILL_AT_WRITE)
let isArmed = false
let points = 0

process.on('SIGUSR2', () => {
  isArmed = true
  process.stderr.write('{"kill":"armed"}\n')
})

function point() {
  if (!isArmed) return
  points += 1
  if (points === killAt) process.kill(process.pid, 'SIGKILL')
}

const handle = await fs.open(process.execPath)
const prototype = Object.getPrototypeOf(handle)
await handle.close()

const { datasync, sync } = prototype
prototype.datasync = async function () {
  point()
  await datasync.call(this)
  point()
}
prototype.sync = async function () {
  if ((await this.stat()).isFile()) point()
  await sync.call(this)
}
const { rename } = fs
fs.rename = async (...paths) => {
  await rename(...paths)
  point()
}
syncBuiltinESMExports()
