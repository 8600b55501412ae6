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

/** What is to be done next. */
type Step = 'append' | 'give' | 'look'

/**
 * Adds rows to one timeline and sees to its expiry (L9).
 *
 * - `append`: one that is known to live long enough gets `APPEND` alone. Else its expiry is moved before, by `PEXPIREAT GT`, so
 *   that it cannot expire in between; where that did so, all is done.
 * - `give`: the append has made the timeline, which now has no expiry: `PEXPIREAT NX`.
 * - `look`: somebody else has set an expiry meanwhile, or a longer one before. A script looks, and where it finds the timeline
 *   gone, the rows are written again.
 */
export class AppendCommand extends KeyedCommand {
  readonly #now_ms: number
  readonly #rows: Uint8Array
  #more: Uint8Array[] | null = null
  #length: number
  #expires_at_ms: number
  #step: Step = 'append'
  #known: KnownExpiries | null = null
  /** What the expiry is set to by the last write; 0: it was left alone. */
  #until_ms = 0

  /** `expires_at_ms` and `now_ms`: wall clock, epoch milliseconds. */
  constructor(key: string, rows: Uint8Array, expires_at_ms: number | null, now_ms: number) {
    super(key)
    this.#now_ms = now_ms
    this.#rows = rows
    this.#length = rows.length
    this.#expires_at_ms = expires_at_ms ?? NEVER_MS
  }

  /** More rows of the same timeline, for the same `APPEND`. */
  join(rows: Uint8Array, expires_at_ms: number | null): void {
    this.#more ??= []
    this.#more.push(rows)
    this.#length += rows.length
    this.#expires_at_ms = Math.max(this.#expires_at_ms, expires_at_ms ?? NEVER_MS)
  }

  override write(connection: Connection): number {
    const { out } = connection
    this.#known = knownOf(connection)
    const alone = this.#step === 'append' && this.#known.covers(this.key, this.#expires_at_ms)
    this.#until_ms = alone ? 0 : this.#until()
    if (this.#step === 'look') out.add('EVALSHA', KEEP_UNTIL.sha, 1, this.key, this.#until_ms)
    else if (!alone) {
      out.begin(4)
      out.text('PEXPIREAT')
      out.text(this.key)
      out.text(String(this.#until_ms))
      out.text(this.#step === 'append' ? 'GT' : 'NX')
    }
    if (this.#step !== 'append') return 1
    out.begin(3)
    out.text('APPEND')
    out.text(this.key)
    out.bytesBegin(this.#length)
    out.bytesPart(this.#rows)
    if (this.#more !== null) for (const rows of this.#more) out.bytesPart(rows)
    out.bytesEnd()
    return alone ? 1 : 2
  }

  override take(replies: readonly Reply[], at: number): boolean {
    if (this.#step !== 'append') return this.#takeExpiry(replies[at]!)
    const alone = this.#until_ms === 0
    const length = replies[alone ? at : at + 1]!
    if (length instanceof ErrorReply) return false
    const made = length === this.#length
    if (alone && !made) return true
    if (!alone && replies[at] === 1) return this.#kept()
    this.#step = made ? 'give' : 'look'
    return false
  }

  override reset(): void {
    super.reset()
    this.#step = 'append'
  }

  #takeExpiry(reply: Reply): boolean {
    if (reply === 1) return this.#kept()
    if (reply === 0) this.#step = this.#step === 'give' ? 'look' : 'append'
    return false
  }

  #kept(): boolean {
    this.#known!.set(this.key, this.#until_ms)
    return true
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
