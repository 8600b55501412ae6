import type { Readable } from 'node:stream'
import { LinkFailure } from '../clickhouse-link.ts'
import { timeoutFailure } from './failure.ts'
import type { ClickHouseTarget } from './target.ts'

/** What a lost connection is called where it was lost before an answer came. */
const LOST = new Set(['ECONNRESET', 'EPIPE'])

/** A statement on its way. Counts only the time that it waits for the server, not what its reader takes. */
export class Statement {
  readonly #target: ClickHouseTarget
  readonly #limit: 'answer_ms' | 'scan_ms'
  readonly #abort = new AbortController()
  readonly #rest: Uint8Array[] = []
  #stream: Readable | null = null
  #failure: LinkFailure | null = null

  constructor(target: ClickHouseTarget, limit: 'answer_ms' | 'scan_ms') {
    this.#target = target
    this.#limit = limit
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Why this side gave it up; null: it did not. */
  get failure(): LinkFailure | null {
    return this.#failure
  }

  /** Whether `error` says that the connection was lost before an answer came, so that it may never have been heard. */
  isUnheard(error: unknown): boolean {
    const cause = error instanceof LinkFailure ? error.cause : null
    return this.#stream === null && cause instanceof Error && 'code' in cause && LOST.has(String(cause.code))
  }

  /** Waits for something that its signal ends, as long as the limit allows. */
  async wait<T>(happening: Promise<T>): Promise<T> {
    const limit_ms = this.#target.timeouts[this.#limit]
    const timer = setTimeout(() => this.#give(timeoutFailure(this.#target, limit_ms, this.#limit)), limit_ms)
    try {
      return await happening
    } finally {
      clearTimeout(timer)
    }
  }

  answered(stream: Readable): void {
    this.#stream = stream
    // Where it breaks, what came before is still read: an exception of ClickHouse may stand in it.
    stream.on('error', () => {
      for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) this.#rest.push(chunk)
    })
    if (this.#failure !== null) stream.destroy(this.#failure)
  }

  /** The answer, as it comes. */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks: AsyncIterator<Uint8Array> = this.#stream![Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await this.wait(chunks.next())
        if (next.done === true) return
        yield next.value
      }
    } catch (error) {
      if (this.#failure === null) yield* this.#rest
      throw error
    }
  }

  /** Ends it because the archive was closed. */
  close(): void {
    this.#give(new LinkFailure('ARCHIVE_UNAVAILABLE', 'the archive was closed'))
  }

  /** Lets its connection go: to the next statement where the answer was read to its end, else closed. */
  end(): void {
    if (this.#stream?.readableEnded === false) this.#stream.destroy()
  }

  #give(failure: LinkFailure): void {
    this.#failure ??= failure
    this.#abort.abort()
    this.#stream?.destroy(this.#failure)
  }
}
