import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import {
  type ColumnMetaData,
  type CompressionCodec,
  type FileMetaData,
  parquetMetadata,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet'
import { CommandError } from '../command-error.ts'

/** A top-level column of a Parquet file. */
export interface ParquetColumn {
  readonly name: string
  /** Lists, maps and structs: more than one value in a row, or a value of parts. */
  readonly nested: boolean
  /** From the root to the column, as the reader of its pages wants it. */
  readonly path: readonly SchemaTree[]
}

/**
 * Where a column of a row group has its pages. No more is kept of what the footer says: its statistics of a hundred thousand chunks would fill
 * the memory.
 */
export interface ColumnPlace {
  /** Bytes of the file: where the pages begin, and where they end; -1 where the footer does not say. */
  readonly begin: number
  readonly end: number
  readonly codec: CompressionCodec
  /** The name of another file, which they are in; empty: they are in this one. */
  readonly elsewhere: string
}

/** The rows of a file come in groups; in each, every column has its pages in one stretch of bytes. */
export interface RowGroup {
  /** From 1, as messages name it. */
  readonly number: number
  readonly rows: number
  /** Rows of the file before it. */
  readonly before: number
  /** Of the columns that are not nested, by name. */
  readonly chunks: ReadonlyMap<string, ColumnPlace>
}

/** What the footer of a Parquet file says. */
export interface ParquetFile {
  readonly path: string
  readonly bytes: number
  readonly rows: number
  readonly columns: readonly ParquetColumn[]
  readonly groups: readonly RowGroup[]
}

const MAGIC = 'PAR1'
const ENCRYPTED_MAGIC = 'PARE'

/** Behind the footer stand its length and the magic word. */
const TAIL_BYTES = 8

/** Magic word, an empty footer, its length and the magic word. */
const FILE_BYTES_MIN = 12

/** Far above the footer of any file: 100,000 column chunks have some 12 MB. While it is read it takes 25 times as much of the memory. */
const FOOTER_BYTES_MAX = 64 * 1024 * 1024

export function isParquet(head: Buffer): boolean {
  return head.toString('latin1', 0, MAGIC.length) === MAGIC
}

/** Reads what a Parquet file says of itself. Throws a CommandError where it is none, or a damaged one. */
export function openParquet(path: string): ParquetFile {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const metadata = footerOf(path, size, (at, length) => bytesAt(file, at, length))
    try {
      return understood(path, size, metadata)
    } catch (cause) {
      if (cause instanceof CommandError) throw cause
      throw damagedFooter(path, cause)
    }
  } finally {
    closeSync(file)
  }
}

/** So many bytes of a file; fewer where it ends. They have a buffer of their own: what reads beyond them fails. */
export function bytesAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length)
  let filled = 0
  while (filled < length) {
    const read = readSync(file, bytes, filled, length - filled, at + filled)
    if (read === 0) return Buffer.from(new Uint8Array(bytes.subarray(0, filled)).buffer)
    filled += read
  }
  return bytes
}

function footerOf(path: string, size: number, read: (at: number, length: number) => Buffer): FileMetaData {
  const head = read(0, Math.min(size, TAIL_BYTES))
  if (!isParquet(head)) throw noParquet(path, head)
  const tail = size < FILE_BYTES_MIN ? Buffer.alloc(0) : read(size - TAIL_BYTES, TAIL_BYTES)
  const magic = tail.toString('latin1', 4)
  if (magic === ENCRYPTED_MAGIC) throw encrypted(path)
  if (magic !== MAGIC) {
    throw new CommandError('INPUT_CUT', `${path} has no end: it lacks the footer of a Parquet file`, {
      cure: 'it was not written or copied to its end: get the whole file',
    })
  }
  const length = tail.readUInt32LE(0)
  if (length > size - FILE_BYTES_MIN) {
    throw damagedFooter(path, new Error(`it says that it has ${length} bytes, and the file has ${size}`))
  }
  if (length > FOOTER_BYTES_MAX) {
    throw new CommandError('INPUT_FORMAT', `${path} has a footer of ${length} bytes, of at most ${FOOTER_BYTES_MAX}`, {
      cure: 'write it anew with larger row groups, or as several files',
    })
  }
  try {
    return parquetMetadata(read(size - TAIL_BYTES - length, length + TAIL_BYTES), { geoparquet: false })
  } catch (cause) {
    throw damagedFooter(path, cause)
  }
}

function understood(path: string, bytes: number, metadata: FileMetaData): ParquetFile {
  const root = parquetSchema(metadata)
  const columns = root.children.map((child) => ({
    name: child.element.name,
    nested: child.children.length > 0 || child.element.repetition_type === 'REPEATED',
    path: [root, child],
  }))
  const groups: RowGroup[] = []
  let before = 0
  for (const [i, group] of metadata.row_groups.entries()) {
    const rows = countOf(group.num_rows)
    const chunks = new Map<string, ColumnPlace>()
    for (const chunk of group.columns) {
      const { meta_data: meta } = chunk
      if (chunk.crypto_metadata !== undefined || meta === undefined) throw encrypted(path)
      const [name, ...nested] = meta.path_in_schema
      if (name !== undefined && nested.length === 0) chunks.set(name, placeOf(chunk.file_path, meta))
    }
    groups.push({ number: i + 1, rows, before, chunks })
    before += rows
  }
  return { path, bytes, rows: before, columns, groups }
}

function placeOf(elsewhere = '', meta: ColumnMetaData): ColumnPlace {
  const dictionary = Number(meta.dictionary_page_offset ?? 0)
  const data = Number(meta.data_page_offset ?? -1)
  const begin = dictionary > 0 ? Math.min(dictionary, data) : data
  return { begin, end: begin + Number(meta.total_compressed_size ?? 0), codec: meta.codec, elsewhere }
}

function countOf(rows: bigint): number {
  const count = Number(rows)
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw new Error(`a row group says that it has ${rows} rows`)
}

function damagedFooter(path: string, cause: unknown): CommandError {
  return new CommandError('INPUT_DAMAGED', `${path} is damaged in its footer: ${(cause as Error).message}`, {
    cure: 'get the file anew',
    cause,
  })
}

function encrypted(path: string): CommandError {
  return new CommandError('INPUT_FORMAT', `${path} is encrypted, which is not read`, { cure: 'write it without' })
}

/** Says what a file is that is called one of Parquet. */
function noParquet(path: string, head: Buffer): CommandError {
  const text = head.toString('latin1')
  if (text.startsWith(ENCRYPTED_MAGIC)) return encrypted(path)
  const [what, cure] =
    head.length === 0
      ? ['it is empty', 'get the whole file']
      : head[0] === 0x1f && head[1] === 0x8b
        ? ['it is compressed by gzip', 'send it through gunzip first']
        : /^\s*[[{]/.test(text)
          ? ['it looks like JSON', 'read it with --format ndjson']
          : /^[\x20-\x7e\t\r\n]+$/.test(text)
            ? [`it begins with the text ${JSON.stringify(text)}`, 'read it with --format csv, where that is what it is']
            : ['it begins with other bytes than one', 'write it anew']
  return new CommandError('INPUT_FORMAT', `${path} is no Parquet file: ${what}`, { cure: cure! })
}
