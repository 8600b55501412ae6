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
    this.buf.writeInt8(value, this.#room(1))
    return this
  }

  int16(value: number): this {
    this.buf.writeInt16BE(value, this.#room(2))
    return this
  }

  int32(value: number): this {
    this.buf.writeInt32BE(value, this.#room(4))
    return this
  }

  int64(value: number): this {
    this.buf.writeBigInt64BE(BigInt(value), this.#room(8))
    return this
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1)
    const length = Buffer.byteLength(value)
    this.int16(length)
    this.buf.write(value, this.#room(length), length)
    return this
  }

  bytes(value: Uint8Array): this {
    this.int32(value.length)
    this.buf.set(value, this.#room(value.length))
    return this
  }

  array<T>(values: readonly T[], write: (value: T) => void): this {
    this.int32(values.length)
    for (const value of values) write(value)
    return this
  }

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
