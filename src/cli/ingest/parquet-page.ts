import * as zlib from 'node:zlib'
import type { Compressors, SchemaElement } from 'hyparquet'
import type { parquetHeader } from 'hyparquet/src/column.js'
import { decompressPage } from 'hyparquet/src/datapage.js'
import { deltaBinaryUnpack, deltaByteArray, deltaLengthByteArray } from 'hyparquet/src/delta.js'
import { byteStreamSplit } from 'hyparquet/src/encoding.js'
import { readPlain } from 'hyparquet/src/plain.js'
import { compressors } from 'hyparquet-compressors'
import { readRuns } from './parquet-runs.ts'

export type PageHeader = ReturnType<typeof parquetHeader>

/** How the pages of a column are stored. */
export interface PageForm {
  readonly element: SchemaElement
  readonly codec: Parameters<typeof decompressPage>[2]
}

/** What a page holds: the values of the rows that have one, or, with a dictionary, their places in it. */
export interface Page {
  readonly rows: number
  /** By row: 1 where it has a value, else 0. Null: all have. */
  readonly levels: Uint8Array | null
  readonly values: ArrayLike<unknown>
  readonly coded: boolean
}

/** Those of Node are quicker than those in JavaScript. */
const COMPRESSORS: Compressors = {
  ...compressors,
  GZIP: (input, length) => zlib.gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
}

/** Bytes of the length before levels, and before booleans in runs. */
const LENGTH_BYTES = 4

/** The rows of a page of values; 0 for a page of another kind. */
export function rowsOf({ data_page_header, data_page_header_v2 }: PageHeader): number {
  return data_page_header?.num_values ?? data_page_header_v2?.num_rows ?? 0
}

/** Reads a page of values of a column that is not nested. Throws an Error where it is damaged. */
export function readPage(header: PageHeader, bytes: Uint8Array, form: PageForm): Page {
  const rows = rowsOf(header)
  const second = header.data_page_header_v2
  const optional = form.element.repetition_type !== 'REQUIRED'
  let levels: Uint8Array | null = null
  let data: Uint8Array
  if (header.type === 'DATA_PAGE_V2') {
    const { repetition_levels_byte_length: before, definition_levels_byte_length: length } = second!
    if (!(before >= 0 && length >= 0 && before + length <= bytes.length)) throw new Error('its levels end early')
    if (optional) levels = levelsOf(bytes.subarray(before, before + length), rows)
    const rest = bytes.slice(before + length)
    const size = header.uncompressed_page_size - before - length
    data = second!.is_compressed === false || size === 0 ? rest : decompressed(rest, size, form)
  } else {
    data = decompressed(bytes, header.uncompressed_page_size, form)
    if (optional) {
      const { definition_level_encoding: encoding } = header.data_page_header!
      if (encoding !== 'RLE') throw new Error(`levels in the encoding ${encoding} are not read`)
      const end = LENGTH_BYTES + lengthAt(data)
      levels = levelsOf(data.subarray(LENGTH_BYTES, end), rows)
      data = data.subarray(end)
    }
  }
  const { encoding } = (second ?? header.data_page_header)!
  const there = levels === null ? rows : levels.reduce((sum, level) => sum + level, 0)
  const coded = encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY'
  const values = there === 0 ? [] : valuesOf(encoding, data, there, form.element)
  return { rows, levels: there === rows ? null : levels, values, coded }
}

/** The entries of a dictionary, as they are stored. */
export function readDictionary(
  header: PageHeader,
  bytes: Uint8Array,
  { element, codec }: PageForm,
): ArrayLike<unknown> {
  const data = decompressed(bytes, header.uncompressed_page_size, { element, codec })
  return readPlain(readerOf(data), element.type!, header.dictionary_page_header!.num_values, element.type_length)
}

function valuesOf(encoding: string, data: Uint8Array, count: number, element: SchemaElement): ArrayLike<unknown> {
  const { type, type_length } = element
  switch (encoding) {
    case 'PLAIN':
      return readPlain(readerOf(data), type!, count, type_length)
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY': {
      const places = new Uint32Array(count)
      readRuns(data.subarray(1), data[0] ?? 0, places)
      return places
    }
    case 'RLE': {
      const bits = new Uint8Array(count)
      readRuns(data.subarray(LENGTH_BYTES, LENGTH_BYTES + lengthAt(data)), 1, bits)
      return Array.from(bits, (bit) => bit === 1)
    }
    case 'BYTE_STREAM_SPLIT':
      return byteStreamSplit(readerOf(data), count, type!, type_length)
    case 'DELTA_BINARY_PACKED': {
      const numbers = type === 'INT32' ? new Int32Array(count) : new BigInt64Array(count)
      deltaBinaryUnpack(readerOf(data), count, numbers)
      return numbers
    }
    case 'DELTA_LENGTH_BYTE_ARRAY':
    case 'DELTA_BYTE_ARRAY': {
      const texts: Uint8Array[] = []
      const read = encoding === 'DELTA_BYTE_ARRAY' ? deltaByteArray : deltaLengthByteArray
      read(readerOf(data), count, texts)
      return texts
    }
    default:
      throw new Error(`values in the encoding ${encoding} are not read`)
  }
}

function levelsOf(bytes: Uint8Array, rows: number): Uint8Array {
  const levels = new Uint8Array(rows)
  readRuns(bytes, 1, levels)
  if (levels.some((level) => level > 1)) throw new Error('some of its rows are neither there nor null')
  return levels
}

function lengthAt(data: Uint8Array): number {
  if (data.length < LENGTH_BYTES) throw new Error('it ends early')
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true)
  if (length > data.length - LENGTH_BYTES) throw new Error('it ends early')
  return length
}

/** The page in a buffer of its own: what reads beyond it fails, where it would else read something. */
function decompressed(bytes: Uint8Array, size: number, { codec }: PageForm): Uint8Array {
  const page = decompressPage(bytes, size, codec, COMPRESSORS)
  return page.byteLength === page.buffer.byteLength ? page : new Uint8Array(page)
}

function readerOf(data: Uint8Array): { view: DataView; offset: number } {
  return { view: new DataView(data.buffer, data.byteOffset, data.byteLength), offset: 0 }
}
