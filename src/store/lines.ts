/** A file of lines, read without holding more of it than a block and a line. */
import { createReadStream } from 'node:fs'

const lineFeed = 0x0a
const blockBytes = 64 * 1024

/** Complete lines without their line feed; what follows the last one is left out. */
export async function* linesFromStart(path: string): AsyncGenerator<Buffer> {
  let unfinished: Buffer[] = []
  for await (const chunk of createReadStream(path, { highWaterMark: blockBytes }) as AsyncIterable<Buffer>) {
    let start = 0
    for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, start)) {
      yield Buffer.concat([...unfinished, chunk.subarray(start, at)])
      unfinished = []
      start = at + 1
    }
    if (start < chunk.length) unfinished.push(chunk.subarray(start))
  }
}
