import { randomBytes } from 'node:crypto'

/** Multipliers of the two parts, odd and unlike. */
const M1 = 0x9e3779b1
const M2 = 0x85ebca6b

/** So that nobody can choose keys whose hashes are the same. */
const SEED_1 = randomBytes(4).readInt32LE()
const SEED_2 = randomBytes(4).readInt32LE()

/** A hash of keys in two parts of 32 bits, in a way that differs with each process. */
export class KeyHash {
  first = 0
  second = 0

  of(key: string): void {
    const { length } = key
    this.#mix(key, SEED_1 ^ length, SEED_2 ^ length)
  }

  /** Goes on from the hash of a beginning, behind which all texts are of one length. */
  behind({ first, second }: KeyHash, text: string): void {
    this.#mix(text, first, second)
  }

  #mix(text: string, from1: number, from2: number): void {
    const { length } = text
    let first = from1
    let second = from2
    let all = 0
    let i = 0
    // Four UTF-16 units at once, as in nearly all keys each has eight bits; the length tells how many the last four were.
    for (; i + 4 <= length; i += 4) {
      const w = text.charCodeAt(i)
      const x = text.charCodeAt(i + 1)
      const y = text.charCodeAt(i + 2)
      const z = text.charCodeAt(i + 3)
      all |= w | x | y | z
      const units = w | (x << 8) | (y << 16) | (z << 24)
      // High bits come down, as a product carries upward only.
      first = Math.imul(first ^ units, M1)
      second = Math.imul(second ^ units, M2)
      first ^= first >>> 15
      second ^= second >>> 13
    }
    if (all > 0xff) {
      first = ~from1
      second = ~from2
      i = 0
    }
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      first = Math.imul(first ^ unit, M1)
      second = Math.imul(second ^ unit, M2)
      first ^= first >>> 15
      second ^= second >>> 13
    }
    this.first = first
    this.second = second
  }
}
