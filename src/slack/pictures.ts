/** Pictures in threads: uploaded to Slack, which shows them where the message is. */
import type { WebClient } from '@slack/web-api'
import type { Logger } from '../log.js'
import type { Picture } from '../report/index.js'
import { callFailure } from './call-failure.js'
import type { Place } from './outbox/index.js'

export interface PicturesParts {
  client: WebClient
  log: Logger
}

const uploadWithinMs = 10_000

export class Pictures {
  readonly #parts: PicturesParts

  constructor(parts: PicturesParts) {
    this.#parts = parts
  }

  /** Puts it into the thread of that message. Why it is not there, when it is not; never rejects. */
  async show({ file, alt, png }: Picture, { channel, ts }: Place): Promise<string | undefined> {
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
