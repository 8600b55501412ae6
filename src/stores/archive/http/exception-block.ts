/** Stands before an exception in an answer that began well, and again behind it. */
const MARK = '__exception__'

/** The longest that ClickHouse writes is 16 KiB; more behind a mark without a tag are values that happen to hold it. */
const BLOCK_BYTES_MAX = 64 * 1024

/**
 * Passes the bytes of an answer on, and throws what `failure` makes of the exception that ClickHouse wrote behind them when
 * the query failed halfway. Since 25.11 a tag from the answer's headers, which no value can hold by accident, follows the
 * mark; before, only a connection broken off tells an exception from a value that looks like one.
 */
export async function* withoutException(
  chunks: AsyncIterable<Uint8Array>,
  tag: string | null,
  failure: (text: string) => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  const mark = Buffer.from(tag === null ? MARK : `${MARK}\r\n${tag}\r\n`)
  /** Bytes that may be an exception, or the beginning of one. */
  let held: Buffer = Buffer.alloc(0)
  let isMarked = false
  try {
    for await (const chunk of chunks) {
      const bytes: Buffer = held.length === 0 ? toBuffer(chunk) : Buffer.concat([held, chunk])
      const at: number = isMarked ? 0 : bytes.indexOf(mark)
      isMarked = at !== -1
      const end = isMarked ? at : bytes.length - beginningLength(bytes, mark)
      held = bytes.subarray(end)
      if (end > 0) yield bytes.subarray(0, end)
      if (isMarked && tag === null && held.length > BLOCK_BYTES_MAX) {
        yield held
        held = Buffer.alloc(0)
        isMarked = false
      }
    }
  } catch (error) {
    throw isMarked ? failure(messageOf(held, mark)) : error
  }
  if (isMarked && tag !== null) throw failure(messageOf(held, mark))
  if (held.length > 0) yield held
}

/** Length of the longest end of `bytes` that `mark` begins with. */
function beginningLength(bytes: Buffer, mark: Buffer): number {
  for (let length = Math.min(mark.length - 1, bytes.length); length > 0; length--) {
    if (bytes.compare(mark, 0, length, bytes.length - length) === 0) return length
  }
  return 0
}

/** The message in a block: behind the mark, before the line with its length. */
function messageOf(block: Buffer, mark: Buffer): string {
  const text = block.toString('utf8', mark.length)
  const end = text.lastIndexOf(MARK)
  return (
    end === -1
      ? text
      : text
          .slice(0, end)
          .trimEnd()
          .replace(/\n[^\n]*$/, '')
  ).trim()
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
