import xxhash from 'xxhash-wasm'

const { h64Raw, h64ToString } = await xxhash()
const encoder = new TextEncoder()
const scratch = new Uint8Array(64 * 1024)

/**
 * xxHash64 (seed 0) of the UTF-8 bytes of a text: the same number as ClickHouse's `xxHash64`.
 * Ids are kept in rows as this hash of their canonical text.
 */
export function hash64(text: string): bigint {
  if (text.length * 3 > scratch.length) return h64Raw(encoder.encode(text))
  const { written } = encoder.encodeInto(text, scratch)
  return h64Raw(scratch.subarray(0, written))
}

/** The same hash as 16 hexadecimal digits, for names. */
export function hash64Hex(text: string): string {
  return h64ToString(text)
}

/** Ids of more UTF-16 units are rare: they go the way of {@link hash64}. */
const UNITS_MAX = 64

/** The first bytes of the scratch memory, by their number: to make a view takes as long as to hash what it shows. */
const views = Array.from({ length: UNITS_MAX + 1 }, (_, length) => scratch.subarray(0, length))

/** {@link hash64} in the halves that a row holds, for where an event is a matter of microseconds. */
export class IdHash {
  readonly #whole = new BigUint64Array(1)
  readonly #halves = new Uint32Array(this.#whole.buffer)
  #text: string | null = null

  /** The lower 32 bits of the last text's hash. */
  get low(): number {
    return this.#halves[LOW]!
  }

  get high(): number {
    return this.#halves[1 - LOW]!
  }

  /** Hashes a text. One that was hashed just now, as for each timeline of an event, costs nothing. */
  of(text: string): void {
    if (text === this.#text) return
    this.#text = text
    this.#whole[0] = text.length <= UNITS_MAX && toScratch(text) ? h64Raw(views[text.length]!) : hash64(text)
  }
}

/** Where the lower half of a 64-bit number lies on this machine. */
const LOW = new Uint32Array(new BigUint64Array([1n]).buffer)[0] === 1 ? 0 : 1

/** Puts a text into the scratch memory; false where it is not ASCII. */
function toScratch(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) return false
    scratch[i] = unit
  }
  return true
}
