import { CommandError } from '../command-error.ts'
import type { TextInput } from './input.ts'
import { BEGINNING, type Position, type RecordBlock, RecordSplitter } from './record-splitter.ts'

/** The records of an input from a place on. With `signal` it ends early, between two portions. */
export async function* recordBlocks(
  input: TextInput,
  delimiter: string | null,
  from: Position,
  portion_bytes: number,
  signal: AbortSignal,
): AsyncGenerator<RecordBlock> {
  const splitter = new RecordSplitter(delimiter, from)
  for await (const portion of input.open(from, portion_bytes, signal)) yield splitter.push(portion, false)
  if (!signal.aborted) yield splitter.push(Buffer.alloc(0), true)
}

/** A CSV input: the text of its header, and its records from a place on, the header not among them. */
export async function csvBlocks(
  input: TextInput,
  delimiter: string,
  from: Position,
  portion_bytes: number,
  signal: AbortSignal,
): Promise<{ header: string; blocks: AsyncGenerator<RecordBlock> }> {
  const fromBeginning = recordBlocks(input, delimiter, BEGINNING, portion_bytes, signal)
  let first = await fromBeginning.next()
  // Blank lines may stand before it.
  while (first.done !== true && first.value.lines.length === 0) first = await fromBeginning.next()
  if (first.done === true) {
    if (signal.aborted) return { header: '', blocks: fromBeginning }
    throw new CommandError('CSV_HEADER', `${input.name} has no header`, { cure: 'name the columns in its first line' })
  }
  const block = first.value
  const header = block.bytes.toString('utf8', block.starts[0], block.ends[0])
  if (from.bytes === 0) return { header, blocks: following(withoutFirst(block), fromBeginning) }
  await fromBeginning.return(undefined)
  return { header, blocks: recordBlocks(input, delimiter, from, portion_bytes, signal) }
}

function withoutFirst(block: RecordBlock): RecordBlock {
  return { ...block, starts: block.starts.slice(1), ends: block.ends.slice(1), lines: block.lines.slice(1) }
}

/** What was taken from a generator to be looked at, and the rest of it. */
export async function* following<T>(first: T, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  yield first
  yield* rest
}
