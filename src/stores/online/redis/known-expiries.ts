import { KeyHash } from './key-hash.ts'
import type { KeyHead } from './key-head.ts'

/** Timelines that are remembered at most over one connection, at 12 bytes each. A power of two. */
export const KNOWN_KEYS = 1 << 20

/** How many timelines more of one kind than of the other decide what the next is taken for, and how many count at most. */
const GUESS_MIN = 32
const GUESS_MAX = 64

const HOUR_MS = 3_600_000

/** Words of the table that a timeline has. */
const ENTRY = 3

/**
 * Until when timelines live, as far as this process has seen to it: to set the expiry with every append would double what an
 * append costs Redis. A table of hashes, in which a newer timeline takes the place of an older one, whose expiry is then set
 * once more. Of a hash, 64 bits must agree before one timeline is taken for another, in a way that differs with each process:
 * that never happens.
 */
export class KnownExpiries {
  readonly #mask: number
  readonly #hash = new KeyHash()
  /**
   * Of each timeline the two parts of its hash, and its expiry in whole hours, rounded down (0: nothing there): side by
   * side, as a table so large is in no cache.
   */
  readonly #table: Int32Array
  #news = 0
  /** Of the last hash: its entry in the table, and its parts. */
  at = 0
  first = 0
  second = 0

  constructor(keys = KNOWN_KEYS) {
    this.#mask = keys - 1
    this.#table = new Int32Array(keys * ENTRY)
  }

  /** Whether a timeline, by the parts of its hash, is known to live until an instant at least. */
  holds(at: number, first: number, second: number, expires_at_ms: number): boolean {
    const table = this.#table
    return table[at] === first && table[at + 1] === second && table[at + 2]! * HOUR_MS >= expires_at_ms
  }

  /**
   * Reads an entry, so that it is in the cache when it is needed: memory is slow, but answers several questions at once, if nothing comes
   * between them.
   */
  fetch(at: number): number {
    return this.#table[at]!
  }

  /** Whether a timeline that is not known is new, probably: as in a backfill, and not as in a stream. */
  get mostlyNew(): boolean {
    return this.#news > GUESS_MIN
  }

  /** One that was not known was new, or was there. */
  met(isNew: boolean): void {
    this.#news = isNew ? Math.min(this.#news + 1, GUESS_MAX) : Math.max(this.#news - 1, -GUESS_MAX)
  }

  /** Notes that a timeline, by the parts of its hash, lives until an instant. */
  put(at: number, first: number, second: number, expires_at_ms: number): void {
    const table = this.#table
    table[at] = first
    table[at + 1] = second
    table[at + 2] = Math.floor(expires_at_ms / HOUR_MS)
  }

  /** Hashes a key, into {@link at}, {@link first} and {@link second}. */
  hash(key: string): void {
    this.#hash.of(key)
    this.#found()
  }

  /** The same of a key whose beginning is hashed already. */
  hashBehind(head: KeyHead, text: string): void {
    this.#hash.behind(head.hash, text)
    this.#found()
  }

  #found(): void {
    const { first, second } = this.#hash
    this.at = (first & this.#mask) * ENTRY
    this.first = first
    this.second = second
  }
}
