import * as zlib from 'node:zlib'
import type { Compressors, SchemaTree } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js'
import { readPlain } from 'hyparquet/src/plain.js'
import { compressors } from 'hyparquet-compressors'
import { CommandError } from '../command-error.ts'
import { bytesAt, type ParquetColumn, type RowGroup } from './parquet-file.ts'

/** Reading a page's header: first so many bytes, then, as long as it goes on, 16 times more. Its statistics hold whole values. */
const HEADER_BYTES = 4 * 1024
const HEADER_BYTES_MAX = 16 * 1024 * 1024

/** Pages have about 1 MB; some writers make one of a whole column. A damaged length must not fill the memory. */
const PAGE_BYTES_MAX = 1024 * 1024 * 1024

/** Those of Node are quicker than those in JavaScript. */
const COMPRESSORS: Compressors = {
  ...compressors,
  GZIP: (input, length) => zlib.gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
}

type PageHeader = ReturnType<typeof parquetHeader>
type ColumnDecoder = Parameters<typeof readDataPage>[2]

/** What a page holds: the values of the rows that have one, or, with a dictionary, their places in it. */
interface Page {
  readonly rows: number
  /** 1: the row has a value; empty: all have. */
  readonly levels: readonly number[]
  readonly values: ArrayLike<unknown>
  readonly coded: boolean
}

const NO_PAGE: Page = { rows: 0, levels: [], values: [], coded: false }

/**
 * Reads one column of a row group, value by value in the order of its rows, a page at a time: whatever size the group has, one page is
 * in memory. Values come as they are stored, whatever the schema says that they mean: `convert` makes of each, and once of
 * each entry of a dictionary, what is wanted.
 */
export class ColumnPages<T> {
  readonly #file: number
  readonly #source: string
  readonly #group: RowGroup
  readonly #column: string
  readonly #decoder: ColumnDecoder
  readonly #convert: (value: unknown) => T
  readonly #none: T
  readonly #end: number
  #at: number
  #dictionary: readonly T[] = []
  #page: Page = NO_PAGE
  /** Rows and values of the page that are behind. */
  #row = 0
  #value = 0
  /** Rows of the group that are behind the page. */
  #rows = 0

  /** `source`: the file's name; `none`: what a row without a value gives. Throws a CommandError where the file is damaged. */
  constructor(
    file: number,
    source: string,
    bytes: number,
    group: RowGroup,
    column: ParquetColumn,
    convert: (value: unknown) => T,
    none: T,
  ) {
    this.#file = file
    this.#source = source
    this.#group = group
    this.#column = column.name
    this.#convert = convert
    this.#none = none
    const chunk = group.chunks.get(column.name)
    const { meta_data: meta } = chunk ?? {}
    const dictionary = Number(meta?.dictionary_page_offset ?? 0)
    const data = Number(meta?.data_page_offset ?? -1)
    this.#at = dictionary > 0 ? Math.min(dictionary, data) : data
    this.#end = this.#at + Number(meta?.total_compressed_size ?? 0)
    if (meta === undefined || !(this.#at >= 0) || !(this.#end >= this.#at) || this.#end > bytes) {
      throw this.#damaged(meta === undefined ? 'the group has no such column' : `it should end at byte ${this.#end}`)
    }
    if (chunk!.file_path !== undefined && chunk!.file_path !== '') {
      throw this.#damaged(`its values are in another file, ${chunk!.file_path}`)
    }
    this.#decoder = {
      pathInSchema: [column.name],
      type: meta.type,
      element: column.path.at(-1)!.element,
      schemaPath: column.path as SchemaTree[],
      codec: meta.codec,
      parsers: {} as ColumnDecoder['parsers'],
      compressors: COMPRESSORS,
    }
  }

  /** What the next row has. */
  next(): T {
    while (this.#row >= this.#page.rows) this.#load(0)
    const { levels, values, coded } = this.#page
    const row = this.#row++
    if (levels.length > 0 && levels[row] !== 1) {
      if (levels[row] === 0) return this.#none
      throw this.#damaged(`row ${row + 1} of its page is neither there nor null`)
    }
    const value = values[this.#value++]
    if (!coded) return this.#convert(value)
    const place = value as number
    if (place < this.#dictionary.length) return this.#dictionary[place]!
    throw this.#damaged(`value ${place} is asked for, and its dictionary has ${this.#dictionary.length}`)
  }

  /** Goes over so many rows; whole pages of them are not even decompressed. */
  skip(rows: number): void {
    let left = rows
    while (left > 0) {
      const here = this.#page.rows - this.#row
      if (here <= 0) {
        left -= this.#load(left)
        continue
      }
      const step = Math.min(here, left)
      for (let i = 0; i < step; i++) this.next()
      left -= step
    }
  }

  /** Reads the next page of values, unless it has at most `skippable` rows: then it is gone over. Answers how many rows were. */
  #load(skippable: number): number {
    this.#page = NO_PAGE
    for (;;) {
      const left = this.#group.rows - this.#rows
      if (this.#at >= this.#end) throw this.#damaged(`it ends ${left} rows before the group of ${this.#group.rows}`)
      const header = this.#header()
      const begin = this.#at
      this.#at += header.compressed_page_size
      const rows = header.data_page_header?.num_values ?? header.data_page_header_v2?.num_rows ?? 0
      if (!(rows >= 0 && rows <= left)) throw this.#damaged(`a page has ${rows} rows, and ${left} are left`, begin)
      if (header.type === 'DATA_PAGE' || header.type === 'DATA_PAGE_V2') {
        this.#rows += rows
        if (rows <= skippable) return rows
        this.#page = this.#decoded(header, begin, () => this.#values(header, begin))
        this.#row = 0
        this.#value = 0
        return 0
      }
      if (header.type === 'DICTIONARY_PAGE') {
        this.#dictionary = this.#decoded(header, begin, () => this.#entries(header, begin))
      } else if (header.type !== 'INDEX_PAGE') throw this.#damaged('a page is of no known kind', begin)
    }
  }

  #values(header: PageHeader, begin: number): Page {
    const bytes = this.#bytes(header, begin)
    const { encoding } = (header.data_page_header ?? header.data_page_header_v2)!
    const page =
      header.type === 'DATA_PAGE'
        ? readDataPage(this.#decompressed(header, bytes), header.data_page_header!, this.#decoder)
        : readDataPageV2(bytes, header, this.#decoder)
    const levels = page.definitionLevels ?? []
    const rows = header.data_page_header?.num_values ?? header.data_page_header_v2!.num_rows
    const wanted = levels.length === 0 ? rows : levels.reduce((sum, level) => sum + (level === 1 ? 1 : 0), 0)
    const values = page.dataPage
    if (values.length < wanted || (levels.length > 0 && levels.length < rows)) {
      throw new Error(`it has ${values.length} values for ${wanted} rows`)
    }
    return { rows, levels, values, coded: encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY' }
  }

  #entries(header: PageHeader, begin: number): T[] {
    const bytes = this.#decompressed(header, this.#bytes(header, begin))
    const { type, element } = this.#decoder
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const entries = readPlain({ view, offset: 0 }, type, header.dictionary_page_header!.num_values, element.type_length)
    return Array.from(entries as ArrayLike<unknown>, this.#convert)
  }

  #header(): PageHeader {
    for (let length = HEADER_BYTES; ; length *= 16) {
      const bytes = bytesAt(this.#file, this.#at, Math.min(length, this.#end - this.#at))
      const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
      try {
        const header = parquetHeader(reader)
        const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header
        const room = this.#end - this.#at - reader.offset
        if (!(packed >= 0 && packed <= room))
          throw new Error(`a page should have ${packed} bytes, and ${room} are left`)
        if (!(unpacked >= 0 && unpacked <= PAGE_BYTES_MAX)) {
          throw new Error(`a page should have ${unpacked} bytes, of at most ${PAGE_BYTES_MAX}`)
        }
        this.#at += reader.offset
        return header
      } catch (cause) {
        const whole = length >= this.#end - this.#at || length >= HEADER_BYTES_MAX
        if (whole || !(cause instanceof RangeError)) throw this.#damaged((cause as Error).message, this.#at, cause)
      }
    }
  }

  #bytes(header: PageHeader, begin: number): Buffer {
    const bytes = bytesAt(this.#file, begin, header.compressed_page_size)
    if (bytes.length < header.compressed_page_size) throw new Error('the file ends within it')
    // Not every Node that we run on has it.
    if (header.crc !== undefined && typeof zlib.crc32 === 'function' && zlib.crc32(bytes) !== header.crc >>> 0) {
      throw new Error('its checksum is another')
    }
    return bytes
  }

  /** The page in a buffer of its own: what reads beyond it fails, where it would else read something. */
  #decompressed(header: PageHeader, bytes: Buffer): Uint8Array {
    const page = decompressPage(bytes, header.uncompressed_page_size, this.#decoder.codec, COMPRESSORS)
    return page.byteLength === page.buffer.byteLength ? page : new Uint8Array(page)
  }

  #decoded<R>(header: PageHeader, begin: number, read: () => R): R {
    try {
      return read()
    } catch (cause) {
      throw this.#damaged(
        `its ${header.type.toLowerCase().replaceAll('_', ' ')}: ${(cause as Error).message}`,
        begin,
        cause,
      )
    }
  }

  #damaged(reason: string, at = this.#at, cause?: unknown): CommandError {
    const place = `row group ${this.#group.number}, column '${this.#column}', byte ${at}`
    return new CommandError('INPUT_DAMAGED', `${this.#source} is damaged at ${place}: ${reason}`, {
      cure: 'what came before is in; get the file anew and ingest that',
      cause,
    })
  }
}
