import type { TimelineAppend } from '../../online-store.ts'
import type { CommandWriter } from './command-writer.ts'
import type { Connection } from './connection.ts'
import type { KeyHead } from './key-head.ts'
import type { KeyNames } from './key-names.ts'
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

const NOTHING: TimelineAppend = { key: '', rows: new Uint8Array(), expires_at_ms: null }

/** What is to be done next. */
type Step = 'begin' | 'append' | 'give' | 'look'

/**
 * Adds rows to one timeline and sees to its expiry (L9).
 *
 * - `begin`: one that is known to live long enough gets `APPEND` alone. One that is probably new is made by `SET NX PXAT`, which
 *   is one command, and half the memory that `APPEND` would take. Else, or where it is not new after all:
 * - `append`: its expiry is moved, by `PEXPIREAT GT`, and then appended to it, so that it cannot expire in between.
 * - `give`: the append has made the timeline, which now has no expiry: `PEXPIREAT NX`.
 * - `look`: somebody else has set an expiry meanwhile, or a longer one before. A script looks, and where it finds the timeline
 *   gone, the rows are written again.
 */
export class AppendCommand extends KeyedCommand {
  readonly #names: KeyNames
  /** Null: it is not known, or not put together yet. */
  #key: string | null = null
  #append: TimelineAppend = NOTHING
  /** What its key begins with; null where that is not at hand. */
  #head: KeyHead | null = null
  #now_ms = 0
  #expires_at_ms = 0
  #step: Step = 'begin'
  #known: KnownExpiries | null = null
  /** The parts of the key's hash. */
  #at = 0
  #first = 0
  #second = 0
  /** How the rows were written last: to a timeline that is known, as a new one, or with its expiry. */
  #way: 'alone' | 'new' | 'moved' = 'alone'
  /** What the last write set the expiry to. */
  #until_ms = 0

  constructor(names: KeyNames) {
    super()
    this.#names = names
  }

  /**
   * Says what is to be appended, also to one that is done: they are so many that it costs more to make them than to send them.
   * `now_ms`: wall clock, epoch milliseconds. Throws a RangeError for a key that is the store's own.
   */
  renew(append: TimelineAppend, now_ms: number): this {
    const { head, text } = append
    this.renamed()
    this.#append = append
    this.#head = head === undefined || text === undefined ? null : this.#names.headOf(head, text)
    this.#key = this.#head === null ? this.#names.toRedis(append.key) : null
    this.#now_ms = now_ms
    this.#expires_at_ms = append.expires_at_ms ?? NEVER_MS
    this.reset()
    return this
  }

  override get key(): string {
    this.#key ??= this.#names.toRedis(this.#append.key)
    return this.#key
  }

  override prepare(connection: Connection): void {
    const known = knownOf(connection)
    if (this.#head === null) known.hash(this.key)
    else known.hashBehind(this.#head, this.#append.text!)
    this.#known = known
    this.#at = known.at
    this.#first = known.first
    this.#second = known.second
  }

  override fetch(): number {
    return this.#known!.fetch(this.#at)
  }

  override write(connection: Connection): number {
    const { out } = connection
    const known = this.#known!
    if (this.#step === 'begin') {
      const covered = known.holds(this.#at, this.#first, this.#second, this.#expires_at_ms)
      this.#way = covered ? 'alone' : known.mostlyNew ? 'new' : 'moved'
    } else {
      this.#way = 'moved'
    }
    if (this.#way === 'alone') return this.#addRows(out)
    this.#until_ms = this.#until()
    if (this.#way === 'new') {
      out.begin(6)
      out.text('SET')
      out.text(this.key)
      out.bytes(this.#append.rows)
      out.text('PXAT')
      out.text(String(this.#until_ms))
      out.text('NX')
      return 1
    }
    if (this.#step === 'look') {
      out.add('EVALSHA', KEEP_UNTIL.sha, 1, this.key, this.#until_ms)
      return 1
    }
    out.begin(4)
    out.text('PEXPIREAT')
    out.text(this.key)
    out.text(String(this.#until_ms))
    out.text(this.#step === 'give' ? 'NX' : 'GT')
    return this.#step === 'give' ? 1 : 1 + this.#addRows(out)
  }

  override take(replies: readonly Reply[], at: number): boolean {
    const known = this.#known!
    if (this.#step === 'give' || this.#step === 'look') return this.#takeExpiry(replies[at]!)
    if (this.#way === 'new') {
      if (replies[at] instanceof ErrorReply) return false
      known.met(replies[at] !== null)
      this.#step = 'append'
      return replies[at] !== null && this.#kept()
    }
    const length = replies[this.#way === 'alone' ? at : at + 1]!
    if (length instanceof ErrorReply) return false
    const made = length === this.#append.rows.length
    if (this.#way === 'alone' && !made) return true
    known.met(made)
    if (this.#way === 'moved' && replies[at] === 1) return this.#kept()
    this.#step = made ? 'give' : 'look'
    return false
  }

  override reset(): void {
    super.reset()
    this.#step = 'begin'
  }

  #addRows(out: CommandWriter): number {
    const { text, rows } = this.#append
    if (this.#head === null || !out.appendBehind(this.#head.start, text!, rows)) out.append(this.key, rows)
    return 1
  }

  #takeExpiry(reply: Reply): boolean {
    if (reply === 1) return this.#kept()
    if (reply === 0) this.#step = this.#step === 'give' ? 'look' : 'append'
    return false
  }

  #kept(): boolean {
    this.#known!.put(this.#at, this.#first, this.#second, this.#until_ms)
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
