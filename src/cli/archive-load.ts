import { EventError } from '../features/event-error.ts'
import type { SourceModel } from '../features/model.ts'
import { archiveColumns } from '../stores/archive-columns.ts'
import type { EventArchive } from '../stores/event-archive.ts'
import type { Value } from '../timeline/column-type.ts'

export interface LoadRejection {
  readonly index: number
  /** The line's sequence number in its file, where it has one. */
  readonly n: number | null
  readonly code: string
  readonly column: string | null
  readonly message: string
}

export interface LoadResult {
  readonly accepted: number
  readonly rejected: readonly LoadRejection[]
}

/**
 * Puts events straight into a source's archive. `lines` is NDJSON, each line `{ "n": sequence, "e": event }`. Lines that are
 * not valid events are refused by index; the rest is durable when this resolves.
 */
export async function loadArchive(
  archive: EventArchive,
  source: SourceModel,
  origin: string,
  lines: string,
  now_ms: number,
): Promise<LoadResult> {
  const columns = archiveColumns(source)
  const values: Value[][] = columns.map(() => [])
  const sequences: number[] = []
  const rejected: LoadRejection[] = []
  let index = -1
  for (const line of lines.split('\n')) {
    if (line === '') continue
    index++
    let n: number | null = null
    try {
      const envelope = JSON.parse(line) as { n?: unknown; e?: unknown }
      if (!Number.isSafeInteger(envelope.n) || (envelope.n as number) < 0) {
        throw new SyntaxError(`n: ${JSON.stringify(envelope.n)} is not a sequence number`)
      }
      n = envelope.n as number
      const event = source.rawParser.parse(envelope.e)
      for (const [c, value] of event.values.entries()) values[c]!.push(value)
      sequences.push(n)
    } catch (error) {
      if (!(error instanceof EventError || error instanceof SyntaxError)) throw error
      const [code, column] = error instanceof EventError ? [error.code, error.column] : ['EVENT_JSON', null]
      rejected.push({ index, n, code, column: column ?? null, message: error.message })
    }
  }
  if (sequences.length > 0) {
    const origins = sequences.map(() => origin)
    const arrived_ms = sequences.map(() => now_ms)
    await archive.insert({ table: source.archive!.table, columns, values, origins, sequences, arrived_ms })
  }
  return { accepted: sequences.length, rejected }
}
