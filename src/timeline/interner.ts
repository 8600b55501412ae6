/** Tables larger than this are let go after a read, so that one hot entity does not slow every later one down. */
const CODES_KEPT_MAX = 2_048

/** Gives equal byte strings equal small codes, 0, 1, 2, ..., without making strings. One is reused for every read. */
export class Interner {
  /** Start and length of each code's bytes. */
  starts = new Uint32Array(64)
  lengths = new Uint32Array(64)
  count = 0
  #slots = new Int32Array(128).fill(-1)

  reset(): void {
    if (this.count === 0) return
    this.count = 0
    if (this.starts.length <= CODES_KEPT_MAX) this.#slots.fill(-1)
    else {
      this.starts = new Uint32Array(64)
      this.lengths = new Uint32Array(64)
      this.#slots = new Int32Array(128).fill(-1)
    }
  }

  /** The code of the bytes at `start`, new or known. */
  add(bytes: Uint8Array, start: number, length: number): number {
    let slot = hash(bytes, start, length) & (this.#slots.length - 1)
    for (;;) {
      const code = this.#slots[slot]!
      if (code < 0) break
      if (this.lengths[code] === length && equal(bytes, this.starts[code]!, start, length)) return code
      slot = (slot + 1) & (this.#slots.length - 1)
    }
    const code = this.count++
    if (code === this.starts.length) this.#grow(bytes)
    this.starts[code] = start
    this.lengths[code] = length
    this.#place(bytes, code)
    return code
  }

  /** The code of some text's bytes among those added, or -1. */
  find(bytes: Uint8Array, text: Uint8Array): number {
    for (
      let slot = hash(text, 0, text.length) & (this.#slots.length - 1);
      ;
      slot = (slot + 1) & (this.#slots.length - 1)
    ) {
      const code = this.#slots[slot]!
      if (code < 0) return -1
      if (this.lengths[code] !== text.length) continue
      const start = this.starts[code]!
      let i = 0
      while (i < text.length && bytes[start + i] === text[i]) i++
      if (i === text.length) return code
    }
  }

  #place(bytes: Uint8Array, code: number): void {
    let slot = hash(bytes, this.starts[code]!, this.lengths[code]!) & (this.#slots.length - 1)
    while (this.#slots[slot]! >= 0) slot = (slot + 1) & (this.#slots.length - 1)
    this.#slots[slot] = code
  }

  #grow(bytes: Uint8Array): void {
    const { starts, lengths } = this
    this.starts = new Uint32Array(starts.length * 2)
    this.starts.set(starts)
    this.lengths = new Uint32Array(lengths.length * 2)
    this.lengths.set(lengths)
    // Twice as many slots as codes: half of them stay free, so probes are short.
    this.#slots = new Int32Array(this.starts.length * 2).fill(-1)
    for (let code = 0; code < starts.length; code++) this.#place(bytes, code)
  }
}

/** FNV-1a, 32 bits (G. Fowler, L. C. Noll, K.-P. Vo), its high bits folded down as slots are chosen by the low ones. */
function hash(bytes: Uint8Array, start: number, length: number): number {
  let value = 0x811c9dc5
  for (let i = start; i < start + length; i++) value = Math.imul(value ^ bytes[i]!, 0x01000193)
  return (value ^ (value >>> 15)) >>> 0
}

function equal(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false
  return true
}
