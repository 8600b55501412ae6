import * as zlib from 'node:zlib'
import { parquetHeader } from 'hyparquet/src/column.js'
import { CommandError } from '../command-error.ts'
import { bytesAt, type ParquetColumn, type RowGroup } from './parquet-file.ts'
import { type Page, type PageForm, type PageHeader, readDictionary, readPage, rowsOf } from './parquet-page.ts'

/** Reading a page's header: first so many bytes, then, as long as it goes on, 16 times more. Its statistics hold whole values. */
const HEADER_BYTES = 4 * 1024
const HEADER_BYTES_MAX = 16 * 1024 * 1024

/** Pages have about 1 MB; some writers make one of a whole column. A damaged length must not fill the memory. */
const PAGE_BYTES_MAX = 1024 * 1024 * 1024

/** The same of its rows, whose nulls take next to no bytes. */
const PAGE_ROWS_MAX = 64 * 1024 * 1024

const NO_PAGE: Page = { rows: 0, levels: null, values: [], coded: false }

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
  readonly #form: PageForm
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
    const place = group.chunks.get(column.name)
    this.#at = place?.begin ?? -1
    this.#end = place?.end ?? -1
    if (place === undefined) throw this.#damaged('the group has no such column')
    if (!(this.#at >= 0) || !(this.#end >= this.#at) || this.#end > bytes) {
      throw this.#damaged(`it should end at byte ${this.#end}`)
    }
    if (place.elsewhere !== '') throw this.#damaged(`its values are in another file, ${place.elsewhere}`)
    this.#form = { element: column.path.at(-1)!.element, codec: place.codec }
  }

  /** What the next row has. */
  next(): T {
    while (this.#row >= this.#page.rows) this.#load(0)
    const { levels, values, coded } = this.#page
    const row = this.#row++
    if (levels !== null && levels[row] === 0) return this.#none
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
      const rows = rowsOf(header)
      if (!(rows >= 0 && rows <= Math.min(left, PAGE_ROWS_MAX)))
        throw this.#damaged(`a page has ${rows} rows, and ${left} are left`, begin)
      if (header.type === 'DATA_PAGE' || header.type === 'DATA_PAGE_V2') {
        this.#rows += rows
        if (rows <= skippable) return rows
        this.#page = this.#decoded(header, begin, () => readPage(header, this.#bytes(header, begin), this.#form))
        this.#row = 0
        this.#value = 0
        return 0
      }
      if (header.type === 'DICTIONARY_PAGE') {
        this.#dictionary = this.#decoded(header, begin, () => this.#entries(header, begin))
      } else if (header.type !== 'INDEX_PAGE') throw this.#damaged('a page is of no known kind', begin)
    }
  }

  #entries(header: PageHeader, begin: number): T[] {
    const entries = readDictionary(header, this.#bytes(header, begin), this.#form)
    return Array.from(entries, this.#convert)
  }

  #header(): PageHeader {
    const end = this.#end - this.#at
    for (let length = HEADER_BYTES; ; length *= 16) {
      const bytes = bytesAt(this.#file, this.#at, Math.min(length, end))
      const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 }
      let header: PageHeader
      try {
        header = parquetHeader(reader)
      } catch (cause) {
        if (length < end && length < HEADER_BYTES_MAX) continue
        throw this.#damaged(`the head of a page: ${(cause as Error).message}`, this.#at, cause)
      }
      const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header
      const room = end - reader.offset
      if (!(packed >= 0 && packed <= room)) throw this.#damaged(`a page should have ${packed} bytes, ${room} are left`)
      if (!(unpacked >= 0 && unpacked <= PAGE_BYTES_MAX)) {
        throw this.#damaged(`a page should have ${unpacked} bytes, of at most ${PAGE_BYTES_MAX}`)
      }
      this.#at += reader.offset
      return header
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
      cure: 'get the file anew and ingest that: rows that are in already count once',
      cause,
    })
  }
}
