import { ArchiveError } from '../event-archive.ts'

/**
 * Values of one column of a block. `words` holds UInt64: low and high 32 bits of each row, interleaved.
 */
export type NativeColumn =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'words'; readonly values: Uint32Array }
  | { readonly kind: 'strings'; readonly values: (string | null)[] }

/** A block of rows, by column, as ClickHouse's `Native` format lays it out. */
export interface NativeBlock {
  readonly rows: number
  readonly columns: readonly NativeColumn[]
}

/** The bytes end within a block. */
const INCOMPLETE = Symbol('incomplete')

/**
 * Blocks of a stream of `Native` bytes that may be cut anywhere. Reads the types that our queries answer with: Float64,
 * UInt64, and String in Nullable and LowCardinality. Throws ArchiveError for another type, or where the stream ends within a block.
 */
export async function* nativeBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<NativeBlock, void, undefined> {
  let pieces: Uint8Array[] = []
  let held = 0
  // A block has no length in front: with bytes cut anywhere, trying again only when they have doubled keeps the work linear.
  let wanted = 1
  for await (const chunk of chunks) {
    pieces.push(chunk)
    held += chunk.length
    if (held < wanted) continue
    const reader = new BlockReader(pieces)
    for (let block = reader.next(); block !== null; block = reader.next()) if (block.rows > 0) yield block
    const rest = reader.rest()
    held = rest.length
    pieces = held === 0 ? [] : [rest]
    wanted = Math.max(1, held * 2)
  }
  if (held === 0) return
  const reader = new BlockReader(pieces)
  for (let block = reader.next(); block !== null; block = reader.next()) if (block.rows > 0) yield block
  if (reader.rest().length > 0) {
    throw new ArchiveError('ARCHIVE_UNAVAILABLE', 'the answer of the archive was cut off within a block')
  }
}

class BlockReader {
  readonly #bytes: Buffer
  readonly #view: DataView
  #at = 0

  constructor(pieces: readonly Uint8Array[]) {
    const first = pieces[0]!
    this.#bytes =
      pieces.length === 1 ? Buffer.from(first.buffer, first.byteOffset, first.byteLength) : Buffer.concat(pieces)
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
  }

  /** The bytes after the last whole block, as a copy where they are few beside what they would keep in memory. */
  rest(): Uint8Array {
    return this.#at === 0 ? this.#bytes : Uint8Array.prototype.slice.call(this.#bytes, this.#at)
  }

  /** The next block; null where the bytes end before or within it. */
  next(): NativeBlock | null {
    if (this.#at === this.#bytes.length) return null
    const start = this.#at
    try {
      const columns = this.#varint()
      const rows = this.#varint()
      return { rows, columns: Array.from({ length: columns }, () => this.#column(rows)) }
    } catch (error) {
      if (error !== INCOMPLETE) throw error
      this.#at = start
      return null
    }
  }

  #column(rows: number): NativeColumn {
    const name = this.#text()
    const type = this.#text()
    switch (type) {
      case 'Float64':
        return { kind: 'numbers', values: new Float64Array(this.#copy(rows * 8)) }
      case 'UInt64':
        return { kind: 'words', values: new Uint32Array(this.#copy(rows * 8)) }
      case 'String':
        return { kind: 'strings', values: this.#texts(rows) }
      case 'Nullable(String)':
        return { kind: 'strings', values: this.#nullableTexts(rows) }
      case 'LowCardinality(String)':
        return { kind: 'strings', values: this.#dictionaryTexts(rows, false) }
      case 'LowCardinality(Nullable(String))':
        return { kind: 'strings', values: this.#dictionaryTexts(rows, true) }
      default:
        throw new ArchiveError('ARCHIVE_TYPE', `the archive answered column ${name} as ${type}, which is not read`)
    }
  }

  #texts(rows: number): (string | null)[] {
    const values = new Array<string | null>(rows)
    for (let row = 0; row < rows; row++) values[row] = this.#text()
    return values
  }

  #nullableTexts(rows: number): (string | null)[] {
    const nulls = this.#take(rows)
    const values = this.#texts(rows)
    for (let row = 0; row < rows; row++) if (this.#bytes[nulls + row] === 1) values[row] = null
    return values
  }

  /** A dictionary, then for each row its place there. Place 0 of a nullable one is null. */
  #dictionaryTexts(rows: number, nullable: boolean): (string | null)[] {
    if (rows === 0) return []
    this.#take(8) // The version of the serialisation: there is one.
    const width = 1 << (this.#bytes[this.#take(8)]! & 3)
    const keys = this.#texts(this.#uint64())
    if (nullable) keys[0] = null
    const count = this.#uint64()
    const start = this.#take(count * width)
    const values = new Array<string | null>(rows)
    if (width === 1) for (let row = 0; row < rows; row++) values[row] = keys[this.#bytes[start + row]!]!
    else if (width === 2)
      for (let row = 0; row < rows; row++) values[row] = keys[this.#view.getUint16(start + row * 2, true)]!
    else for (let row = 0; row < rows; row++) values[row] = keys[this.#view.getUint32(start + row * width, true)]!
    return values
  }

  /** A copy, as a typed array must start at a multiple of its width. Native is little-endian, as every machine Node runs on. */
  #copy(length: number): ArrayBuffer {
    const start = this.#take(length) + this.#bytes.byteOffset
    return (this.#bytes.buffer as ArrayBuffer).slice(start, start + length)
  }

  #text(): string {
    const length = this.#varint()
    const start = this.#take(length)
    return length === 0 ? '' : this.#bytes.toString('utf8', start, start + length)
  }

  #uint64(): number {
    const start = this.#take(8)
    return this.#view.getUint32(start, true) + this.#view.getUint32(start + 4, true) * 2 ** 32
  }

  #varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#take(1)]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }

  /** Where the next `length` bytes start; they are passed. */
  #take(length: number): number {
    const start = this.#at
    if (start + length > this.#bytes.length) throw INCOMPLETE
    this.#at = start + length
    return start
  }
}
