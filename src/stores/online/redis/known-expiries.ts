import { randomBytes } from 'node:crypto'

/** Timelines that are remembered at most over one connection, at 12 bytes each. A power of two. */
export const KNOWN_KEYS = 1 << 20

/** How many timelines more of one kind than of the other decide what the next is taken for, and how many count at most. */
const GUESS_MIN = 32
const GUESS_MAX = 64

const HOUR_MS = 3_600_000

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
  readonly #second: Int32Array
  readonly #third: Int32Array
  /** In whole hours, rounded down. 0: nothing there. */
  readonly #hours: Int32Array
  #news = 0
  #at = 0
  #b = 0
  #c = 0

  constructor(keys = KNOWN_KEYS) {
    this.#mask = keys - 1
    this.#second = new Int32Array(keys)
    this.#third = new Int32Array(keys)
    this.#hours = new Int32Array(keys)
  }

  /** Whether a timeline is known to live until an instant at least. */
  covers(key: string, expires_at_ms: number): boolean {
    this.#hash(key)
    const at = this.#at
    return this.#second[at] === this.#b && this.#third[at] === this.#c && this.#hours[at]! * HOUR_MS >= expires_at_ms
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
    this.#hash(key)
    const at = this.#at
    this.#second[at] = this.#b
    this.#third[at] = this.#c
    this.#hours[at] = Math.floor(expires_at_ms / HOUR_MS)
  }

  #hash(key: string): void {
    let a = this.#seeds[0]!
    let b = this.#seeds[1]!
    let c = this.#seeds[2]!
    for (let i = 0; i < key.length; i++) {
      const unit = key.charCodeAt(i)
      a = Math.imul(a ^ unit, M1)
      b = Math.imul(b ^ unit, M2)
      c = Math.imul(c ^ unit, M3)
      // High bits come down, as a product carries upward only.
      a ^= a >>> 15
      b ^= b >>> 13
      c ^= c >>> 16
    }
    this.#at = (a ^ key.length) & this.#mask
    this.#b = b
    this.#c = c
  }
}
