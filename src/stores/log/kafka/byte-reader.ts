/** Reads an answer in Kafka's encoding. */
export class ByteReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  int8(): number {
    return this.#buffer.readInt8(this.#skip(1))
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#skip(2))
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#skip(4))
  }

  /** Offsets and times: far below 2^53. */
  int64(): number {
    const at = this.#skip(8)
    return this.#buffer.readInt32BE(at) * 2 ** 32 + this.#buffer.readUInt32BE(at + 4)
  }

  string(): string | null {
    const length = this.int16()
    if (length < 0) return null
    const at = this.#skip(length)
    return this.#buffer.toString('utf8', at, at + length)
  }

  /** A part of the buffer, not a copy. */
  bytes(): Buffer {
    const length = Math.max(0, this.int32())
    const at = this.#skip(length)
    return this.#buffer.subarray(at, at + length)
  }

  array<T>(read: () => T): T[] {
    const length = Math.max(0, this.int32())
    return Array.from({ length }, read)
  }

  /** Of newer ("flexible") messages: 7 bits a byte, the lowest first. */
  uvarint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#buffer[this.#skip(1)]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }

  compactString(): string | null {
    const length = this.uvarint() - 1
    if (length < 0) return null
    const at = this.#skip(length)
    return this.#buffer.toString('utf8', at, at + length)
  }

  /** A part of the buffer, not a copy. */
  compactBytes(): Buffer {
    const length = Math.max(0, this.uvarint() - 1)
    const at = this.#skip(length)
    return this.#buffer.subarray(at, at + length)
  }

  compactArray<T>(read: () => T): T[] {
    const length = Math.max(0, this.uvarint() - 1)
    return Array.from({ length }, read)
  }

  /** As 32 hexadecimal digits. */
  uuid(): string {
    const at = this.#skip(16)
    return this.#buffer.toString('hex', at, at + 16)
  }

  /** Passes over fields of versions to come. */
  tags(): this {
    for (let count = this.uvarint(); count > 0; count--) {
      this.uvarint()
      this.#skip(this.uvarint())
    }
    return this
  }

  #skip(bytes: number): number {
    const at = this.#at
    this.#at += bytes
    return at
  }
}
