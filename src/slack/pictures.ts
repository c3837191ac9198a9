/** Pictures in threads: uploaded to Slack, which shows them where the message is. */
import { randomUUID } from 'node:crypto'
import type { WebClient } from '@slack/web-api'
import type { Logger } from '../log.js'
import type { Picture } from '../report/index.js'
import { callFailure } from './call-failure.js'
import { type Outbox, type Place, PostFailed } from './outbox/index.js'
import { escapeText, sections } from './views/index.js'

export interface PicturesParts {
  client: WebClient
  outbox: Pick<Outbox, 'post'>
  log: Logger
}

const uploadWithinMs = 10_000

export class Pictures {
  readonly #parts: PicturesParts

  constructor(parts: PicturesParts) {
    this.#parts = parts
  }

  /** Below a direct message of its own. Why it is not there, when it is not. */
  async showTo(user: string, picture: Picture): Promise<string | undefined> {
    const message = { text: picture.alt, blocks: sections([escapeText(picture.alt)]) }
    try {
      const key = `picture:${randomUUID()}`
      const place = await this.#parts.outbox.post({ key, channel: user, message, atOnce: true })
      return await this.showIn(place, picture)
    } catch (error) {
      if (error instanceof PostFailed) return error.why
      throw error
    }
  }

  /** In the thread of that message. Why it is not there, when it is not; never rejects. */
  async showIn({ channel, ts }: Place, { file, alt, png }: Picture): Promise<string | undefined> {
    const { client, log } = this.#parts
    try {
      const { upload_url: url, file_id: id } = await client.files.getUploadURLExternal({
        filename: file,
        length: png.length,
        alt_text: alt,
      })
      if (url === undefined || id === undefined) throw new Error('Slack named no place for it')
      const sent = await fetch(url, {
        method: 'POST',
        body: Buffer.from(png),
        headers: { 'content-type': 'application/octet-stream' },
        signal: AbortSignal.timeout(uploadWithinMs),
      })
      if (!sent.ok) throw new Error(`HTTP ${sent.status}`)
      await client.files.completeUploadExternal({
        files: [{ id, title: alt }],
        channel_id: channel,
        thread_ts: ts,
      })
      return undefined
    } catch (error) {
      const { why } = callFailure(error)
      log.warn({ file, why }, 'a picture could not be shown')
      return why === 'missing_scope' ? 'the app lacks the scope files:write' : why
    }
  }
}
