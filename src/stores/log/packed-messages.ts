/**
 * Many messages as one value: how many u32, append_ms f64 (one for all), then of each message where it ends, u32, counted from
 * the first one's beginning; then the messages.
 */
const HEADER_BYTES = 12

/** About how many bytes of messages one value holds: long enough that LMDB's work is shared, short enough to read a part of. */
export const PACKED_BYTES = 256 * 1024

/** Packs messages `from` up to `to`. */
export function pack(messages: readonly Uint8Array[], from: number, to: number, append_ms: number): Buffer {
  const start = HEADER_BYTES + 4 * (to - from)
  let length = start
  for (let i = from; i < to; i++) length += messages[i]!.length
  const packed = Buffer.allocUnsafeSlow(length)
  const view = new DataView(packed.buffer)
  view.setUint32(0, to - from)
  view.setFloat64(4, append_ms)
  let at = start
  for (let i = from; i < to; i++) {
    packed.set(messages[i]!, at)
    at += messages[i]!.length
    view.setUint32(HEADER_BYTES + 4 * (i - from), at - start)
  }
  return packed
}

/** Where to end a value that begins with message `from`. */
export function packEnd(messages: readonly Uint8Array[], from: number): number {
  let to = from + 1
  for (let bytes = messages[from]!.length; to < messages.length; to++) {
    bytes += messages[to]!.length
    if (bytes > PACKED_BYTES) break
  }
  return to
}

/** One value, read in place. */
export class PackedMessages {
  readonly count: number
  readonly append_ms: number
  readonly #packed: Buffer
  readonly #view: DataView
  readonly #start: number

  constructor(packed: Buffer) {
    this.#packed = packed
    this.#view = new DataView(packed.buffer, packed.byteOffset, packed.length)
    this.count = this.#view.getUint32(0)
    this.append_ms = this.#view.getFloat64(4)
    this.#start = HEADER_BYTES + 4 * this.count
  }

  /** Adds messages from `index` on to `values`, until there are `max` of them or they have more than `bytesMax` bytes. Answers their bytes. */
  read(index: number, values: Uint8Array[], max: number, bytesMax: number): number {
    let from = index === 0 ? 0 : this.#view.getUint32(HEADER_BYTES + 4 * (index - 1))
    const first = from
    for (let i = index; i < this.count && values.length < max && from - first <= bytesMax; i++) {
      const to = this.#view.getUint32(HEADER_BYTES + 4 * i)
      values.push(this.#packed.subarray(this.#start + from, this.#start + to))
      from = to
    }
    return from - first
  }
}
