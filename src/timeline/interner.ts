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
  add(bytes: Uint8Array, view: DataView, start: number, length: number): number {
    let slot = hash(bytes, view, start, length) & (this.#slots.length - 1)
    for (;;) {
      const code = this.#slots[slot]!
      if (code < 0) break
      if (this.lengths[code] === length && equal(bytes, this.starts[code]!, start, length)) return code
      slot = (slot + 1) & (this.#slots.length - 1)
    }
    const code = this.count++
    if (code === this.starts.length) {
      this.#grow(bytes, view)
      slot = this.#free(bytes, view, start, length)
    }
    this.starts[code] = start
    this.lengths[code] = length
    this.#slots[slot] = code
    return code
  }

  /** The code of some text's bytes among those added, or -1. */
  find(bytes: Uint8Array, text: Uint8Array): number {
    const view = new DataView(text.buffer, text.byteOffset, text.length)
    let slot = hash(text, view, 0, text.length) & (this.#slots.length - 1)
    for (;;) {
      const code = this.#slots[slot]!
      if (code < 0) return -1
      if (this.lengths[code] === text.length) {
        const start = this.starts[code]!
        let i = 0
        while (i < text.length && bytes[start + i] === text[i]) i++
        if (i === text.length) return code
      }
      slot = (slot + 1) & (this.#slots.length - 1)
    }
  }

  #free(bytes: Uint8Array, view: DataView, start: number, length: number): number {
    let slot = hash(bytes, view, start, length) & (this.#slots.length - 1)
    while (this.#slots[slot]! >= 0) slot = (slot + 1) & (this.#slots.length - 1)
    return slot
  }

  #grow(bytes: Uint8Array, view: DataView): void {
    const { starts, lengths } = this
    this.starts = new Uint32Array(starts.length * 2)
    this.starts.set(starts)
    this.lengths = new Uint32Array(lengths.length * 2)
    this.lengths.set(lengths)
    // Twice as many slots as codes: half of them stay free, so probes are short.
    this.#slots = new Int32Array(this.starts.length * 2).fill(-1)
    for (let code = 0; code < starts.length; code++) {
      this.#slots[this.#free(bytes, view, starts[code]!, lengths[code]!)] = code
    }
  }
}

/**
 * A hash by words of four bytes, the last one overlapping, mixed as by FNV-1a with the finish of MurmurHash3 (A. Appleby, public
 * domain): slots are chosen by the low bits. Only for tables in memory.
 */
function hash(bytes: Uint8Array, view: DataView, start: number, length: number): number {
  let value = 0x811c9dc5 ^ length
  if (length < 4) for (let i = start; i < start + length; i++) value = Math.imul(value ^ bytes[i]!, 0x01000193)
  else {
    const last = start + length - 4
    for (let i = start; i < last; i += 4) {
      value = Math.imul(value ^ view.getUint32(i, true), 0x9e3779b1)
      value ^= value >>> 15
    }
    value = Math.imul(value ^ view.getUint32(last, true), 0x9e3779b1)
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  return (value ^ (value >>> 13)) >>> 0
}

function equal(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false
  return true
}
