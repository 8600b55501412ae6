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

  /** Of newer ("flexible") messages: 7 bits a byte, the lowest first. */
  uvarint(value: number): this {
    let rest = value
    while (rest > 127) {
      this.int8((((rest & 127) | 128) << 24) >> 24)
      rest >>>= 7
    }
    return this.int8(rest)
  }

  compactString(value: string): this {
    const length = Buffer.byteLength(value)
    this.uvarint(length + 1)
    const at = this.#room(length)
    this.buf.write(value, at, length)
    return this
  }

  compactArray<T>(values: readonly T[], write: (value: T) => void): this {
    this.uvarint(values.length + 1)
    for (const value of values) write(value)
    return this
  }

  /** 32 hexadecimal digits. */
  uuid(digits: string): this {
    const at = this.#room(16)
    this.buf.write(digits, at, 16, 'hex')
    return this
  }

  /** No fields of versions to come. */
  tags(): this {
    return this.uvarint(0)
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
