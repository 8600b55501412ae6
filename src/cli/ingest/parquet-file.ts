import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type ColumnChunk, type FileMetaData, parquetMetadata, parquetSchema, type SchemaTree } from 'hyparquet'
import { CommandError } from '../command-error.ts'

/** A top-level column of a Parquet file. */
export interface ParquetColumn {
  readonly name: string
  /** Lists, maps and structs: more than one value in a row, or a value of parts. */
  readonly nested: boolean
  /** From the root to the column, as the reader of its pages wants it. */
  readonly path: readonly SchemaTree[]
}

/** The rows of a file come in groups; in each, every column has its pages in one stretch of bytes. */
export interface RowGroup {
  /** From 1, as messages name it. */
  readonly number: number
  readonly rows: number
  /** Rows of the file before it. */
  readonly before: number
  /** Of the columns that are not nested, by name. */
  readonly chunks: ReadonlyMap<string, ColumnChunk>
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

/** Far above the footer of any file (100,000 column chunks have some 20 MB), and not enough to fill the memory. */
const FOOTER_BYTES_MAX = 512 * 1024 * 1024

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
  if (length > size - FILE_BYTES_MIN || length > FOOTER_BYTES_MAX) {
    throw damagedFooter(path, new Error(`it says that it has ${length} bytes, and the file has ${size}`))
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
    const chunks = new Map<string, ColumnChunk>()
    for (const chunk of group.columns) {
      const place = chunk.meta_data?.path_in_schema ?? []
      if (chunk.crypto_metadata !== undefined || chunk.meta_data === undefined) throw encrypted(path)
      if (place.length === 1) chunks.set(place[0]!, chunk)
    }
    groups.push({ number: i + 1, rows, before, chunks })
    before += rows
  }
  return { path, bytes, rows: before, columns, groups }
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
