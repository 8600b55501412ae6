import type { SourceModel } from '../../features/model.ts'
import { nearestName } from '../../features/nearest-name.ts'
import { archiveEncoder } from './archive-encoder.ts'
import { type ColumnMapping, checkMapped } from './column-mapping.ts'
import { csvEncoder } from './csv-encoder.ts'
import { type ChunkLimits, type EncodeRecords, type EventChunk, eventChunks } from './event-chunk.ts'
import type { Input, ParquetInput, TextInput } from './input.ts'
import { fieldNames, jsonEncoder } from './json-encoder.ts'
import { parquetRows } from './parquet-blocks.ts'
import { csvBlocks, recordBlocks } from './record-blocks.ts'
import type { Position, RecordBlock } from './record-splitter.ts'

/** What is read, and how. */
export interface Reading {
  readonly source: SourceModel
  readonly input: Input
  /** Of the cells of CSV. */
  readonly delimiter: string
  readonly mapping: ColumnMapping
  /** Local timestamps and days of Parquet are taken for UTC. */
  readonly assumeUtc: boolean
}

export interface ChunkOptions {
  readonly limits: ChunkLimits
  readonly from: Position
  /** The line up to which the archive has the input: chunks are for its road. Null: for the log's. */
  readonly archivedThrough: number | null
  readonly signal: AbortSignal
  onNote(text: string): void
  /** Names of the file that nothing is read from, where they are known before it is read. */
  onUnused?(names: readonly string[]): void
}

interface Records {
  readonly blocks: AsyncIterable<RecordBlock>
  readonly encode: EncodeRecords | null
}

/** Reads an input from a place on, as events to send. Throws a CommandError where it cannot be one of the source's events. */
export async function* inputChunks(reading: Reading, options: ChunkOptions): AsyncGenerator<EventChunk> {
  const { source, input } = reading
  const { limits, archivedThrough, signal } = options
  let { blocks, encode } =
    input.format === 'parquet'
      ? ofParquet(reading, input, options)
      : input.format === 'csv'
        ? await ofCsv(reading, input, options)
        : ofJson(reading, input, options)
  if (signal.aborted) return
  if (archivedThrough !== null) {
    // The lines made of Parquet are our own: that they are JSON need not be looked at.
    if (input.format === 'parquet') encode = (texts) => texts
    encode = archiveEncoder(source.rawParser, encode, archivedThrough)
  }
  for await (const block of blocks) yield* eventChunks(block, limits, encode)
}

async function ofCsv(
  { source, delimiter, mapping }: Reading,
  input: TextInput,
  options: ChunkOptions,
): Promise<Records> {
  const { limits, from, signal } = options
  const { header, blocks } = await csvBlocks(input, delimiter, from, limits.portion_bytes, signal)
  if (signal.aborted) return { blocks, encode: null }
  const { encode, unused } = csvEncoder(source, header, delimiter, mapping)
  tellUnused(unused, options)
  return { blocks, encode }
}

function ofJson(reading: Reading, input: TextInput, options: ChunkOptions): Records {
  const { mapping } = reading
  const { limits, from, signal } = options
  const blocks = recordBlocks(input, null, from, limits.portion_bytes, signal)
  if (mapping.names.size + Object.keys(mapping.constants).length === 0) return { blocks, encode: null }
  return { blocks: checkedFirst(blocks, reading, options), encode: jsonEncoder(mapping) }
}

/** JSON has no header: a name that no line of the first portion has is a wrong one. A run that goes on looked at that before. */
async function* checkedFirst(
  blocks: AsyncIterable<RecordBlock>,
  { source, input, mapping }: Reading,
  { from, onNote }: ChunkOptions,
): AsyncGenerator<RecordBlock> {
  let checked = from.line > 0
  for await (const block of blocks) {
    const texts = checked ? [] : block.starts.map((start, i) => block.bytes.toString('utf8', start, block.ends[i]))
    const names = [...fieldNames(texts)]
    if (names.length > 0) {
      checked = true
      const place = `${input.name}, in its first ${texts.length === 1 ? 'line' : `${texts.length} lines`},`
      // A field that may be absent may come later, unless another is so near that it must be meant.
      const rare = source.raw.filter((column) => column.nullable && isRare(mapping.names.get(column.name), names))
      for (const { name } of rare) onNote(`${place} has no column '${mapping.names.get(name)}', given for ${name}`)
      const others = [...mapping.names].filter(([column]) => !rare.some(({ name }) => name === column))
      checkMapped(place, new Map(others), names)
    }
    yield block
  }
}

function isRare(name: string | undefined, names: readonly string[]): boolean {
  return name !== undefined && !names.includes(name) && nearestName(name, names) === null
}

function ofParquet({ source, mapping, assumeUtc }: Reading, input: ParquetInput, options: ChunkOptions): Records {
  const { limits, from, signal } = options
  const { blocks, unused } = parquetRows(input.parquet, source, mapping, assumeUtc)
  tellUnused(unused, options)
  return { blocks: blocks(from, limits.portion_bytes, signal), encode: null }
}

function tellUnused(unused: readonly string[], { onNote, onUnused }: ChunkOptions): void {
  if (onUnused !== undefined) onUnused(unused)
  else if (unused.length > 0) onNote(`columns of the file that nothing is read from are left out: ${unused.join(', ')}`)
}
