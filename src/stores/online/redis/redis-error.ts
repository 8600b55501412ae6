/**
 * Why the store did not do what it was asked for.
 *
 * - `UNAVAILABLE`: Redis did not answer, fails over or loads its data. Ask again.
 * - `FULL`: Redis is at its `maxmemory` and refuses writes. Give it memory; then ask again.
 * - `WENT_BACK`: Redis holds less than it did: it was emptied, restored or failed over. Look at the marks, then read again.
 * - `EVICTION_POLICY`: Redis may drop rows by itself. Set `maxmemory-policy noeviction`.
 * - `REFUSED`: Redis will not let us in, or is too old, or a key holds something foreign. Its owner must act.
 * - `PROTOCOL`: what came is not what Redis says. The connection is given up.
 */
export type RedisStoreErrorCode =
  | 'UNAVAILABLE'
  | 'FULL'
  | 'WENT_BACK'
  | 'EVICTION_POLICY'
  | 'REFUSED'
  | 'PROTOCOL'
  | 'URL'

const RETRYABLE: ReadonlySet<RedisStoreErrorCode> = new Set(['UNAVAILABLE', 'FULL', 'WENT_BACK', 'PROTOCOL'])

/** A failure of the online store in Redis. Nothing that was acknowledged before is lost by it, and no mark has moved wrongly. */
export class RedisStoreError extends Error {
  override readonly name = 'RedisStoreError'
  readonly code: RedisStoreErrorCode
  /** Whether the same call may go well later without anybody's help but time or memory. */
  readonly retryable: boolean

  constructor(code: RedisStoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.retryable = RETRYABLE.has(code)
  }
}

/** Replies that time heals: a slot moves or has moved, the node loads, fails over, is busy or cannot write for the moment. */
const PASSING: ReadonlySet<string> = new Set([
  'MOVED',
  'ASK',
  'TRYAGAIN',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'READONLY',
  'BUSY',
  'NOREPLICAS',
  'MISCONF',
  'UNBLOCKED',
])

/** An error as Redis replied it. It is a value, not thrown: thousands may come for one batch. */
export class ErrorReply {
  /** The first word: `OOM`, `MOVED`, `WRONGTYPE`... */
  readonly code: string
  readonly message: string

  constructor(message: string) {
    this.message = message
    const blank = message.indexOf(' ')
    this.code = blank < 0 ? message : message.slice(0, blank)
  }

  get passing(): boolean {
    return PASSING.has(this.code)
  }

  /** What it means for the caller of the store. */
  toError(address: string): RedisStoreError {
    if (this.code === 'OOM') {
      const cure = 'raise maxmemory or remove timelines; nothing is lost, the stream goes on by itself'
      return new RedisStoreError('FULL', `Redis at ${address} is at its memory limit and refuses writes: ${cure}`)
    }
    if (this.passing)
      return new RedisStoreError('UNAVAILABLE', `Redis at ${address} cannot answer now: ${this.message}`)
    return new RedisStoreError('REFUSED', `Redis at ${address} refused a command: ${this.message}`)
  }
}
