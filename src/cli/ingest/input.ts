import { createHash } from 'node:crypto'
import { closeSync, createReadStream, fstatSync, openSync, type ReadStream, readSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CommandError } from '../command-error.ts'
import { UsageError } from '../usage-error.ts'
import { isParquet, openParquet, type ParquetFile } from './parquet-file.ts'
import type { Position } from './record-splitter.ts'

export type InputFormat = TextFormat | 'parquet'
export type TextFormat = 'ndjson' | 'csv'

/** What is hashed of a file at each end: enough to tell exports apart, quick for any size. */
const HASHED_BYTES = 64 * 1024

/** One read of a file. */
const READ_BYTES = 1024 * 1024

/** How long bytes of a slow input wait for more, before they are sent as they are. */
const IDLE_MS_MAX = 250

const MARK_BYTES = 3

/** A file of events, or standard input. */
export type Input = TextInput | ParquetInput

interface NamedInput {
  /** As the command line names it; `stdin` for `-`. */
  readonly name: string
  /** Tells its content from others', whatever its name; null for standard input, which cannot be read again. */
  readonly fingerprint: string | null
  /** How much of the file lies before a place in it, between 0 and 1 (of a compressed one, about); null where that is not known. */
  fraction(at: Position): number | null
}

export interface TextInput extends NamedInput {
  readonly format: TextFormat
  /**
   * Its bytes, uncompressed and without a byte order mark, from a place in it on, in portions of at least so many bytes (less, where
   * they come slowly). The signal ends it early.
   */
  open(from: Position, portion_bytes: number, signal: AbortSignal): AsyncGenerator<Buffer>
}

export interface ParquetInput extends NamedInput {
  readonly format: 'parquet'
  readonly parquet: ParquetFile
}

const FORMATS: Readonly<Record<string, InputFormat>> = {
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'ndjson',
  csv: 'csv',
  parquet: 'parquet',
  pq: 'parquet',
}

/** `format`: as `--format` gives it, or null. Throws a UsageError or a CommandError where the file cannot be read. */
export function openInput(path: string, format: InputFormat | null): Input {
  if (path === '-') return streamInput('stdin', () => process.stdin, format)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined)
    throw new UsageError(`<file>: there is no file '${path}'`, 'give a file, or - for standard input')
  if (stat.isFIFO() || stat.isCharacterDevice()) return streamInput(path, () => createReadStream(path), format)
  if (!stat.isFile()) throw new UsageError(`<file>: '${path}' is no file`, 'give a file, or - for standard input')
  return fileInput(path, format)
}

function fileInput(path: string, given: InputFormat | null): Input {
  const { size, head, fingerprint } = look(path)
  const format = given ?? formatOf(path)
  if (format === 'parquet') return parquetInput(path, fingerprint)
  if (isParquet(head)) {
    throw new CommandError('INPUT_FORMAT', `${path} is a Parquet file`, { cure: 'read it with --format parquet' })
  }
  const zipped = isGzip(head)
  if (!zipped && path.toLowerCase().endsWith('.gz')) {
    throw new CommandError('INPUT_FORMAT', `${path} is not compressed by gzip`, { cure: 'name it by what it is' })
  }
  if (given === null && path.toLowerCase().endsWith('.json') && /^\s*\[/.test(head.toString('latin1'))) {
    throw new CommandError('INPUT_FORMAT', `${path} is one JSON array, and events are read line by line`, {
      cure: `write each on a line of its own, as with jq -c '.[]' ${basename(path)} > events.ndjson`,
    })
  }
  let file: ReadStream | null = null
  return {
    name: path,
    format,
    fingerprint,
    // What a compressed file's place is on disk is not known: as much as was read, which is a little more.
    fraction: ({ bytes }) => (size === 0 ? null : Math.min(1, (zipped ? (file?.bytesRead ?? 0) : bytes) / size)),
    open(from, portion_bytes, signal) {
      const start = zipped || from.bytes === 0 ? 0 : from.bytes + markBytes(head)
      file = createReadStream(path, { highWaterMark: READ_BYTES, start })
      const stream = zipped ? gunzip(file) : file
      return portions({ name: path, stream, marked: start === 0, skip: zipped ? from.bytes : 0, portion_bytes, signal })
    },
  }
}

function parquetInput(path: string, fingerprint: string): ParquetInput {
  const parquet = openParquet(path)
  const fraction = ({ line }: Position) => (parquet.rows === 0 ? null : Math.min(1, line / parquet.rows))
  return { name: path, format: 'parquet', fingerprint, fraction, parquet }
}

/** An input that can be read once. */
function streamInput(name: string, open: () => Readable, format: InputFormat | null): TextInput {
  if (format === 'parquet') {
    throw new UsageError(
      `--format: parquet cannot be read from ${name}, as its footer comes first`,
      'save it as a file',
    )
  }
  return {
    name,
    format: format ?? 'ndjson',
    fingerprint: null,
    fraction: () => null,
    open: (_, portion_bytes, signal) =>
      portions({ name, stream: open(), marked: true, skip: 0, portion_bytes, signal }),
  }
}

function formatOf(path: string): InputFormat {
  const name = basename(path).toLowerCase().replace(/\.gz$/, '')
  const extension = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1) : ''
  const format = FORMATS[extension]
  if (format !== undefined) return format
  throw new UsageError(
    `<file>: '${path}' does not say what is in it`,
    'name it .ndjson, .csv or .parquet, or give --format ndjson, csv or parquet',
  )
}

function look(path: string): { size: number; head: Buffer; fingerprint: string } {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const part = (at: number): Buffer => {
      const bytes = Buffer.alloc(Math.min(HASHED_BYTES, size))
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, at))
    }
    const head = part(0)
    const tail = part(Math.max(0, size - HASHED_BYTES))
    const hash = createHash('sha256').update(`${size}/`).update(head).update(tail)
    return { size, head, fingerprint: hash.digest('hex') }
  } finally {
    closeSync(file)
  }
}

function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b
}

function gunzip(file: Readable): Readable {
  // Its errors come out of the reader.
  return pipeline(file, createGunzip({ chunkSize: READ_BYTES }), () => {})
}

interface PortionOptions {
  readonly name: string
  readonly stream: Readable
  /** The stream may begin with a byte order mark, which is left out. */
  readonly marked: boolean
  /** As many bytes are left out after it. */
  readonly skip: number
  readonly portion_bytes: number
  readonly signal: AbortSignal
}

/** Gathers what a stream gives into portions worth working on. */
async function* portions(options: PortionOptions): AsyncGenerator<Buffer> {
  const { name, stream, marked, skip, portion_bytes, signal } = options
  const stop = (): void => void stream.destroy()
  signal.addEventListener('abort', stop)
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  // A mark must be seen whole.
  let bytesMin = marked ? MARK_BYTES : 1
  let left = skip
  let gathered: Buffer[] = []
  let bytes = 0
  const take = (): Buffer => {
    let portion = gathered.length === 1 ? gathered[0]! : Buffer.concat(gathered)
    if (bytesMin === MARK_BYTES) portion = withoutMark(name, portion)
    bytesMin = 1
    gathered = []
    bytes = 0
    const skipped = portion.subarray(left)
    left = Math.max(0, left - portion.length)
    return skipped
  }
  try {
    for (let next = chunks.next(); ; ) {
      const result = bytes < bytesMin ? await next : await Promise.race([next, idle()])
      if (result?.done === true) break
      if (result !== null) {
        gathered.push(result.value)
        bytes += result.value.length
        next = chunks.next()
        // Its failure is met when it is awaited.
        next.catch(() => {})
      }
      if (result === null || bytes >= portion_bytes) yield take()
    }
    if (bytes > 0) yield take()
  } catch (error) {
    if (!signal.aborted) throw readFailure(name, error)
  } finally {
    signal.removeEventListener('abort', stop)
    stream.destroy()
  }
}

function idle(): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, IDLE_MS_MAX, null).unref())
}

function withoutMark(name: string, bytes: Buffer): Buffer {
  const [a, b] = bytes
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    throw new CommandError('INPUT_FORMAT', `${name} is UTF-16, and only UTF-8 is read`, {
      cure: 'convert it, as with iconv -f utf-16 -t utf-8',
    })
  }
  if (isGzip(bytes)) {
    throw new CommandError('INPUT_FORMAT', `${name} is compressed by gzip`, { cure: 'send it through gunzip first' })
  }
  return bytes.subarray(markBytes(bytes))
}

/** Bytes of the UTF-8 byte order mark that some programs put before a text. */
function markBytes(head: Buffer): number {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? MARK_BYTES : 0
}

function readFailure(name: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'Z_BUF_ERROR') {
    return new CommandError('INPUT_CUT', `${name} ends in the middle of its compressed data`, {
      cure: 'get the whole file and ingest that: rows that are in already count once',
      cause: error,
    })
  }
  if (code?.startsWith('Z_')) {
    return new CommandError('INPUT_FORMAT', `${name} is damaged: ${message}`, { cause: error })
  }
  return error
}
