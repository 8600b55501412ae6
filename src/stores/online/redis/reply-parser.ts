import { ErrorReply, RedisStoreError } from './redis-error.ts'

/** What Redis answers, in RESP2: a text is a status such as `OK`. */
export type Reply = number | string | Buffer | null | ErrorReply | readonly Reply[]

/** Longest line of a status, an error or a number: a longer one is not Redis. */
const LINE_BYTES_MAX = 64 * 1024

/** Redis's own limit of one value (`proto-max-bulk-len`). */
const BULK_BYTES_MAX = 512 * 1024 * 1024

const ARRAY_LENGTH_MAX = 1 << 24
const ARRAY_DEPTH_MAX = 8

const CR = 13
const LF = 10
const MINUS = 45
const ZERO = 48

/** So much of a chunk is copied at first to put together a reply that began before it: most replies are short. */
const JOIN_BYTES = 4 * 1024

const EMPTY = Buffer.alloc(0)

/** Nothing yet: the reply goes on in the next chunk. */
const PARTIAL = Symbol('partial')

/**
 * Cuts a stream of bytes into replies. It is strict: anything that RESP2 does not allow throws a RedisStoreError, after which the
 * parser must not be used. Buffers that it gives are slices of the chunks, which belong to whoever takes them.
 */
export class ReplyParser {
  readonly #take: (reply: Reply) => void
  #bytes: Buffer = EMPTY
  #at = 0
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  /** How many bytes must be there before it is worth while to parse again: a long value is put together once. */
  #needed = 0

  constructor(take: (reply: Reply) => void) {
    this.#take = take
  }

  feed(chunk: Buffer): void {
    const start = this.#waitingBytes === 0 ? 0 : this.#join(chunk)
    if (start < 0) return
    this.#bytes = chunk
    this.#at = start
    while (this.#at < chunk.length) {
      const begin = this.#at
      const reply = this.#reply(0)
      if (reply === PARTIAL) {
        this.#wait(chunk.subarray(begin), this.#needed - begin)
        break
      }
      this.#take(reply)
    }
    this.#bytes = EMPTY
  }

  /** Puts a reply together that began in earlier chunks. Answers where in this one it ends; -1: it goes on. */
  #join(chunk: Buffer): number {
    const before = this.#waitingBytes
    for (let taken = JOIN_BYTES; ; taken *= 2) {
      taken = Math.min(Math.max(taken, this.#needed - before), chunk.length)
      if (before + taken < this.#needed) {
        this.#waiting.push(chunk)
        this.#waitingBytes += chunk.length
        return -1
      }
      this.#bytes = Buffer.concat([...this.#waiting, chunk.subarray(0, taken)], before + taken)
      this.#at = 0
      const reply = this.#reply(0)
      if (reply !== PARTIAL) {
        this.#waiting.length = 0
        this.#waitingBytes = 0
        this.#take(reply)
        return this.#at - before
      }
      if (taken < chunk.length) continue
      this.#wait(this.#bytes, this.#needed)
      return -1
    }
  }

  #wait(bytes: Buffer, needed: number): void {
    this.#waiting.length = 0
    this.#waiting.push(bytes)
    this.#waitingBytes = bytes.length
    this.#needed = needed
  }

  /** The reply that begins at `#at`, which moves behind it; or PARTIAL, then `#needed` counts from the start of the bytes. */
  #reply(depth: number): Reply | typeof PARTIAL {
    const type = this.#bytes[this.#at]!
    switch (type) {
      case 0x3a: // :
        return this.#number()
      case 0x24: // $
        return this.#bulk()
      case 0x2a: // *
        return this.#array(depth)
      case 0x2b: // +
        return this.#line()
      case 0x2d: {
        const line = this.#line()
        return line === PARTIAL ? PARTIAL : new ErrorReply(line)
      }
      default:
        throw broken(`a reply begins with byte ${type}`)
    }
  }

  #line(): string | typeof PARTIAL {
    const end = this.#bytes.indexOf(CR, this.#at + 1)
    if (end < 0 || end + 1 === this.#bytes.length) {
      if (this.#bytes.length - this.#at > LINE_BYTES_MAX) throw broken('a line has no end')
      return this.#partial(this.#bytes.length + 1)
    }
    if (this.#bytes[end + 1] !== LF) throw broken('a line ends with CR alone')
    const text = this.#bytes.toString('utf8', this.#at + 1, end)
    this.#at = end + 2
    return text
  }

  #number(): number | typeof PARTIAL {
    const bytes = this.#bytes
    let at = this.#at + 1
    const negative = bytes[at] === MINUS
    if (negative) at++
    const first = at
    let value = 0
    for (; ; at++) {
      if (at + 1 >= bytes.length) return this.#partial(at + 2)
      const digit = bytes[at]! - ZERO
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
      if (value > Number.MAX_SAFE_INTEGER) throw broken('a number is past 2^53')
    }
    if (at === first || bytes[at] !== CR || bytes[at + 1] !== LF) throw broken('a number is not one')
    this.#at = at + 2
    return negative ? -value : value
  }

  /** A length: -1 stands for null. */
  #length(what: string, most: number): number | typeof PARTIAL {
    const length = this.#number()
    if (length === PARTIAL) return PARTIAL
    if (length < -1 || Object.is(length, -0) || length > most) throw broken(`${what} has length ${length}`)
    return length
  }

  #bulk(): Buffer | null | typeof PARTIAL {
    const length = this.#length('a value', BULK_BYTES_MAX)
    if (length === PARTIAL) return PARTIAL
    if (length < 0) return null
    const end = this.#at + length
    if (end + 2 > this.#bytes.length) return this.#partial(end + 2)
    if (this.#bytes[end] !== CR || this.#bytes[end + 1] !== LF) throw broken('a value does not end where it should')
    const value = this.#bytes.subarray(this.#at, end)
    this.#at = end + 2
    return value
  }

  #array(depth: number): readonly Reply[] | null | typeof PARTIAL {
    if (depth === ARRAY_DEPTH_MAX) throw broken('lists stand too deep in lists')
    const length = this.#length('a list', ARRAY_LENGTH_MAX)
    if (length === PARTIAL) return PARTIAL
    if (length < 0) return null
    const replies: Reply[] = []
    for (let i = 0; i < length; i++) {
      if (this.#at >= this.#bytes.length) return this.#partial(this.#at + 1)
      const reply = this.#reply(depth + 1)
      if (reply === PARTIAL) return PARTIAL
      replies.push(reply)
    }
    return replies
  }

  #partial(needed: number): typeof PARTIAL {
    this.#needed = needed
    return PARTIAL
  }
}

function broken(what: string): RedisStoreError {
  return new RedisStoreError('PROTOCOL', `what came is not Redis's protocol: ${what}`)
}
