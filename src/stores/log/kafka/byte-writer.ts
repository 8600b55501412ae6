import type { RequestBody } from './kafkajs-inside.ts'

/** Writes a request in Kafka's encoding: big-endian, lengths before texts and arrays. */
export class ByteWriter implements RequestBody {
  buf: Buffer
  #length = 0

  constructor(bytes = 512) {
    this.buf = Buffer.allocUnsafe(bytes)
  }

  get buffer(): Buffer {
    return this.buf.subarray(0, this.#length)
  }

  int8(value: number): this {
    const at = this.#room(1)
    this.buf.writeInt8(value, at)
    return this
  }

  int16(value: number): this {
    const at = this.#room(2)
    this.buf.writeInt16BE(value, at)
    return this
  }

  int32(value: number): this {
    const at = this.#room(4)
    this.buf.writeInt32BE(value, at)
    return this
  }

  int64(value: number): this {
    const at = this.#room(8)
    this.buf.writeBigInt64BE(BigInt(value), at)
    return this
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1)
    const length = Buffer.byteLength(value)
    this.int16(length)
    const at = this.#room(length)
    this.buf.write(value, at, length)
    return this
  }

  bytes(value: Uint8Array): this {
    this.int32(value.length)
    const at = this.#room(value.length)
    this.buf.set(value, at)
    return this
  }

  array<T>(values: readonly T[], write: (value: T) => void): this {
    this.int32(values.length)
    for (const value of values) write(value)
    return this
  }

  /** Makes room, which may replace the buffer: so it is called first. */
  #room(bytes: number): number {
    const at = this.#length
    this.#length += bytes
    if (this.#length > this.buf.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.buf.length, this.#length))
      larger.set(this.buf.subarray(0, at))
      this.buf = larger
    }
    return at
  }
}
