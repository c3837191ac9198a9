/** Questions about a volume by its path: libvirt looks for it in every pool, and waits for one that hangs. So they have a
 * session of their own, a reader waits for a short while, and behind a few late ones no more are asked. */
import { type Connection, findVolumeByPath, isNotFound, LibvirtError } from '../libvirt/index.js'

type Volume = Awaited<ReturnType<typeof findVolumeByPath>>

/** The daemon works on no more than five requests of a session; the others are for lists. */
const lateAtMost = 2
const answerWithinMs = 2000
/** After this libvirt is taken to have lost the question. */
const forgetAfterMs = 10 * 60_000

export class VolumeQuestions {
  readonly #session: () => Promise<Connection>
  readonly #answerWithinMs: number
  #late = 0

  constructor(session: () => Promise<Connection>, within = { answerWithinMs }) {
    this.#session = session
    this.#answerWithinMs = within.answerWithinMs
  }

  /** The volume, or undefined when there is none there or nothing is known of it now. Rejects when the session ends. */
  async at(path: string): Promise<Volume> {
    if (this.#late >= lateAtMost) return undefined
    const asked = this.#session().then((libvirt) =>
      findVolumeByPath(libvirt, path, { timeoutMs: forgetAfterMs }),
    )
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, this.#answerWithinMs, 'late')
    })
    try {
      const answer = await Promise.race([asked, late])
      if (answer !== 'late') return answer
      this.#late += 1
      const over = (): void => {
        this.#late -= 1
      }
      asked.then(over, over)
      return undefined
    } catch (error) {
      // A volume that cannot be read (a dead file server, a damaged image) must not hide the VM.
      if (error instanceof LibvirtError && error.kind !== 'transport' && !isNotFound(error)) return undefined
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
}
