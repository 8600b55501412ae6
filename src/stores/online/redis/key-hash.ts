import { randomBytes } from 'node:crypto'

/** Multipliers of the three parts, odd and unlike. */
const M1 = 0x9e3779b1
const M2 = 0x85ebca6b
const M3 = 0xc2b2ae35

/** So that nobody can choose keys whose hashes are the same. */
const [SEED_A, SEED_B, SEED_C] = Array.from({ length: 3 }, () => randomBytes(4).readInt32LE()) as [
  number,
  number,
  number,
]

/** A hash of keys in three parts of 32 bits, in a way that differs with each process. */
export class KeyHash {
  a = 0
  b = 0
  c = 0

  of(key: string): this {
    const { length } = key
    this.#mix(key, SEED_A ^ length, SEED_B ^ length, SEED_C)
    return this
  }

  /** Goes on from the hash of a beginning, behind which all texts are of one length. */
  behind({ a, b, c }: KeyHash, text: string): void {
    this.#mix(text, a, b, c)
  }

  #mix(text: string, fromA: number, fromB: number, fromC: number): void {
    const { length } = text
    let a = fromA
    let b = fromB
    let c = fromC
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
      a = Math.imul(a ^ units, M1)
      b = Math.imul(b ^ units, M2)
      c = Math.imul(c ^ units, M3)
      a ^= a >>> 15
      b ^= b >>> 13
      c ^= c >>> 16
    }
    if (all > 0xff) {
      a = ~fromA
      b = ~fromB
      c = fromC
      i = 0
    }
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      a = Math.imul(a ^ unit, M1)
      b = Math.imul(b ^ unit, M2)
      c = Math.imul(c ^ unit, M3)
      a ^= a >>> 15
      b ^= b >>> 13
      c ^= c >>> 16
    }
    this.a = a
    this.b = b
    this.c = c
  }
}
