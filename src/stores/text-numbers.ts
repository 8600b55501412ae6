import { randomBytes } from 'node:crypto'

const SLOTS_MIN = 1_024

/** So that nobody can choose texts that all fall into one place. */
const SEED = randomBytes(4).readInt32LE()

const M1 = 0x9e3779b1
const M2 = 0x85ebca6b

/** Numbers different texts 0, 1, 2, ... in the order in which they come. Faster than a Map for what is emptied after each batch. */
export class TextNumbers {
  #texts: string[] = []
  /** By number: the text's hash, so that unequal texts are hardly ever compared. */
  #hashes = new Int32Array(SLOTS_MIN / 2)
  /** A number plus one; 0: free. At least half of the slots are. */
  #slots = new Int32Array(SLOTS_MIN)

  get texts(): readonly string[] {
    return this.#texts
  }

  get count(): number {
    return this.#texts.length
  }

  /** The number of a text, known or new. */
  add(text: string): number {
    const hash = hashOf(text)
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (let known = this.#slots[slot]!; known !== 0; known = this.#slots[slot]!) {
      if (this.#hashes[known - 1] === hash && this.#texts[known - 1] === text) return known - 1
      slot = (slot + 1) & mask
    }
    const number = this.#texts.push(text) - 1
    this.#hashes[number] = hash
    this.#slots[slot] = number + 1
    if (this.#texts.length === this.#hashes.length) this.#grow()
    return number
  }

  /** Takes the text that came last back, as if it had never come. */
  dropLast(): void {
    const number = this.#texts.length - 1
    const mask = this.#slots.length - 1
    let slot = this.#hashes[number]! & mask
    while (this.#slots[slot] !== number + 1) slot = (slot + 1) & mask
    // No other text was placed behind it: the slot can be free again.
    this.#slots[slot] = 0
    this.#texts.pop()
  }

  clear(): void {
    this.#texts = []
    this.#slots.fill(0)
  }

  #grow(): void {
    const hashes = new Int32Array(this.#hashes.length * 2)
    hashes.set(this.#hashes)
    this.#hashes = hashes
    this.#slots = new Int32Array(this.#slots.length * 2)
    const mask = this.#slots.length - 1
    for (let number = 0; number < this.#texts.length; number++) {
      let slot = hashes[number]! & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = number + 1
    }
  }
}

function hashOf(text: string): number {
  let hash = SEED ^ text.length
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), M1)
    // High bits come down, as a product carries upward only.
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash, M2)
  return hash ^ (hash >>> 13)
}
