import { randomBytes } from 'node:crypto'

/** Timelines that are remembered at most over one connection, at 12 bytes each. A power of two. */
export const KNOWN_KEYS = 1 << 20

/** How many timelines more of one kind than of the other decide what the next is taken for, and how many count at most. */
const GUESS_MIN = 32
const GUESS_MAX = 64

const HOUR_MS = 3_600_000

/** Words of the table that a timeline has. */
const ENTRY = 3

/** Multipliers of the three parts of the hash, odd and unlike. */
const M1 = 0x9e3779b1
const M2 = 0x85ebca6b
const M3 = 0xc2b2ae35

/**
 * Until when timelines live, as far as this process has seen to it: to set the expiry with every append would double what an
 * append costs Redis. A table of hashes, in which a newer timeline takes the place of an older one, whose expiry is then set
 * once more. Of a hash, 84 bits must agree before one timeline is taken for another, in a way that differs with each process:
 * that never happens.
 */
export class KnownExpiries {
  readonly #mask: number
  readonly #seeds = Int32Array.from({ length: 3 }, () => randomBytes(4).readInt32LE())
  /**
   * Of each timeline the second and the third part of its hash, and its expiry in whole hours, rounded down (0: nothing there): side by
   * side, as a table so large is in no cache.
   */
  readonly #table: Int32Array
  #news = 0
  /** Of the last hash: its entry in the table, and the two parts that stand there. */
  at = 0
  second = 0
  third = 0

  constructor(keys = KNOWN_KEYS) {
    this.#mask = keys - 1
    this.#table = new Int32Array(keys * ENTRY)
  }

  /** Whether a timeline is known to live until an instant at least. */
  covers(key: string, expires_at_ms: number): boolean {
    this.hash(key)
    return this.holds(this.at, this.second, this.third, expires_at_ms)
  }

  /** The same by the parts of its hash. */
  holds(at: number, second: number, third: number, expires_at_ms: number): boolean {
    const table = this.#table
    return table[at] === second && table[at + 1] === third && table[at + 2]! * HOUR_MS >= expires_at_ms
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

  set(key: string, expires_at_ms: number): void {
    this.hash(key)
    const table = this.#table
    const { at } = this
    table[at] = this.second
    table[at + 1] = this.third
    table[at + 2] = Math.floor(expires_at_ms / HOUR_MS)
  }

  /** Hashes a key, into {@link at}, {@link second} and {@link third}. */
  hash(key: string): void {
    const { length } = key
    let a = this.#seeds[0]! ^ length
    let b = this.#seeds[1]! ^ length
    let c = this.#seeds[2]!
    let all = 0
    let i = 0
    // Four UTF-16 units at once, as in nearly all keys each has eight bits; the length tells how many the last four were.
    for (; i + 4 <= length; i += 4) {
      const w = key.charCodeAt(i)
      const x = key.charCodeAt(i + 1)
      const y = key.charCodeAt(i + 2)
      const z = key.charCodeAt(i + 3)
      all |= w | x | y | z
      const units = w | (x << 8) | (y << 16) | (z << 24)
      // High bits come down, as a product carries upward only.
      a = Math.imul(a ^ units, M1)
      b = Math.imul(b ^ units, M2)
      c = Math.imul(c ^ units, M3)
      a ^= a >>> 15
      b ^= b >>> 13
      c ^= c >>> 16
    }
    if (all > 0xff) {
      a = ~this.#seeds[0]! ^ length
      b = ~this.#seeds[1]!
      c = ~this.#seeds[2]!
      i = 0
    }
    for (; i < length; i++) {
      const unit = key.charCodeAt(i)
      a = Math.imul(a ^ unit, M1)
      b = Math.imul(b ^ unit, M2)
      c = Math.imul(c ^ unit, M3)
      a ^= a >>> 15
      b ^= b >>> 13
      c ^= c >>> 16
    }
    this.at = (a & this.#mask) * ENTRY
    this.second = b
    this.third = c
  }
}
