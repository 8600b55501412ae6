import type { Connection } from './connection.ts'
import { KeyedCommand } from './keyed-command.ts'
import { KnownExpiries } from './known-expiries.ts'
import { ErrorReply } from './redis-error.ts'
import type { Reply } from './reply-parser.ts'
import { KEEP_UNTIL } from './scripts.ts'

/** Never: the end of the year 9999. A timeline without an expiry is thus one whose writer died before it set it. */
export const NEVER_MS = 253_402_300_799_000

/** The part of a timeline's remaining life that is added when its expiry is set, so that it need not be set with every append. */
const SPARE_SHARE = 0.25

/** Over a connection of its own each, as a process that took over may know nothing of what another was told. */
const known = new WeakMap<Connection, KnownExpiries>()

/**
 * Adds rows to one timeline and sees to its expiry (L9). One that is known to live long enough gets `APPEND` alone. Else its
 * expiry is moved before, so that it cannot expire in between, and set behind, where the append has made it:
 * `PEXPIREAT GT`, `APPEND`, `PEXPIREAT NX`. Where an append has made a timeline that was thought to be there, a script gives it
 * an expiry; where that finds it gone, the rows are written again.
 */
export class AppendCommand extends KeyedCommand {
  readonly #now_ms: number
  readonly #parts: Uint8Array[]
  #length: number
  #expires_at_ms: number
  #known: KnownExpiries | null = null
  /** Set by the last write: alone, or with its expiry. */
  #until_ms = 0
  #appended = false

  /** `expires_at_ms` and `now_ms`: wall clock, epoch milliseconds. */
  constructor(key: string, rows: Uint8Array, expires_at_ms: number | null, now_ms: number) {
    super(key)
    this.#now_ms = now_ms
    this.#parts = [rows]
    this.#length = rows.length
    this.#expires_at_ms = expires_at_ms ?? NEVER_MS
  }

  /** More rows of the same timeline, for the same `APPEND`. */
  join(rows: Uint8Array, expires_at_ms: number | null): void {
    this.#parts.push(rows)
    this.#length += rows.length
    this.#expires_at_ms = Math.max(this.#expires_at_ms, expires_at_ms ?? NEVER_MS)
  }

  override write(connection: Connection): number {
    this.#known = knownOf(connection)
    const covered = !this.#appended && this.#known.covers(this.key, this.#expires_at_ms)
    this.#until_ms = covered ? 0 : this.#until()
    const { out } = connection
    if (this.#appended) {
      out.add('EVALSHA', KEEP_UNTIL.sha, 1, this.key, this.#until_ms)
      return 1
    }
    if (!covered) out.add('PEXPIREAT', this.key, this.#until_ms, 'GT')
    out.begin(3)
    out.text('APPEND')
    out.text(this.key)
    out.bytesBegin(this.#length)
    for (const part of this.#parts) out.bytesPart(part)
    out.bytesEnd()
    if (covered) return 1
    out.add('PEXPIREAT', this.key, this.#until_ms, 'NX')
    return 3
  }

  override take(replies: readonly Reply[], at: number): boolean {
    if (this.#appended) {
      const kept = replies[at] === 1
      if (kept) this.#known!.set(this.key, this.#until_ms)
      // Gone is gone; an error leaves it as it was.
      else if (replies[at] === 0) this.#appended = false
      return kept
    }
    const alone = this.#until_ms === 0
    const length = replies[alone ? at : at + 1]!
    if (length instanceof ErrorReply) return false
    this.#appended = true
    const made = length === this.#length
    if (alone) return !made
    const kept = replies[at] === 1 || replies[at + 2] === 1 || (replies[at] === 0 && replies[at + 2] === 0 && !made)
    if (kept) this.#known!.set(this.key, this.#until_ms)
    return kept
  }

  override reset(): void {
    super.reset()
    this.#appended = false
  }

  #until(): number {
    const spare_ms = Math.max(0, this.#expires_at_ms - this.#now_ms) * SPARE_SHARE
    return Math.max(1, Math.min(NEVER_MS, Math.ceil(this.#expires_at_ms + spare_ms)))
  }
}

function knownOf(connection: Connection): KnownExpiries {
  const found = known.get(connection)
  if (found !== undefined) return found
  const fresh = new KnownExpiries()
  known.set(connection, fresh)
  return fresh
}
