/** Waiting on conditions: asked whenever anything changes, with a deadline in real time. */
import type { World } from '../world/world.js'

/**
 * @throws Error after `timeoutMs` that says what was waited for and, by `seen`, what there was instead.
 */
export function waitUntil<T>(
  world: World,
  {
    what,
    probe,
    seen,
    timeoutMs = 5000,
  }: { what: string; probe: () => T | undefined; seen?: () => string; timeoutMs?: number },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(deadline)
      world.changed.off('changed', look)
    }
    const look = () => {
      try {
        const found = probe()
        if (found === undefined) return
        finish()
        resolve(found)
      } catch (error) {
        finish()
        reject(error)
      }
    }
    const deadline = setTimeout(() => {
      finish()
      reject(new Error(`waited ${timeoutMs} ms for ${what}${seen === undefined ? '' : `; seen: ${seen()}`}`))
    }, timeoutMs)
    world.changed.on('changed', look)
    look()
  })
}
