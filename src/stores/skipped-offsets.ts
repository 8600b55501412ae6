import type { SourceModel } from '../features/model.ts'
import { sourceOrigin } from './archive-columns.ts'
import type { ArchiveColumn, EventArchive, SequenceTable } from './event-archive.ts'
import { type OffsetRun, runsText } from './offset-runs.ts'

/**
 * Offsets of the log that no table will ever hold, as there is no valid event at them. The archive keeps them itself, so that it can
 * account for all that the log ever had when every other store is lost. There is one note for each batch and partition at most, however many
 * offsets it is about: the end of each transaction takes one. A note without `until`, as people write them, is of its own offset alone.
 */
const SKIPPED = 'millrace_skipped'

/** The same of sources that share a topic, most of which may be others'. */
const PASSED = 'millrace_passed'

const TIME: ArchiveColumn = { name: 'noted_at', type: { kind: 'time' }, nullable: false }
/** Behind the last offset. */
const UNTIL = { name: 'until', type: { kind: 'int' } } as const
/** Which offsets there are in between: see {@link runsText}; null: all. */
const LENGTHS: ArchiveColumn = { name: 'lengths', type: { kind: 'string', bytesMax: 1_000_000 }, nullable: true }

/** Runs of one note: more than a batch has as a rule, and at most 700 kB of text, and arrays in ClickHouse that it can unfold by the hundred. */
const NOTE_RUNS_MAX = 20_000

const tableOf = ({ where }: SourceModel): string => (where === null ? SKIPPED : PASSED)

/** `runs` ascend, and are not empty. */
export async function noteSkipped(
  archive: EventArchive,
  source: SourceModel,
  partition: number,
  runs: readonly OffsetRun[],
  now_ms: number,
  incarnation = 1,
): Promise<void> {
  const table = tableOf(source)
  const columns = [TIME, { ...UNTIL, nullable: source.where === null }, LENGTHS]
  const notes = Array.from({ length: Math.ceil(runs.length / NOTE_RUNS_MAX) }, (_, i) =>
    runs.slice(i * NOTE_RUNS_MAX, (i + 1) * NOTE_RUNS_MAX),
  )
  await archive.create(table, columns, TIME.name)
  await archive.insert({
    table,
    columns,
    values: [
      notes.map(() => now_ms),
      notes.map((own) => own.at(-1)![1]),
      notes.map((own) => (own.length === 1 ? null : runsText(own))),
    ],
    origins: notes.map(() => sourceOrigin(source, partition, incarnation)),
    sequences: notes.map((own) => own[0]![0]),
    arrived_ms: notes.map(() => now_ms),
  })
}

/** How many offsets below `below` were skipped. */
export function skippedBelow(
  archive: EventArchive,
  source: SourceModel,
  partition: number,
  below: number,
  incarnation = 1,
): Promise<number> {
  return archive.sequences([skippedTable(source)], sourceOrigin(source, partition, incarnation), below)
}

/** Where skipped offsets of a source are noted. */
export function skippedTable(source: SourceModel): SequenceTable {
  return { table: tableOf(source), until: UNTIL.name, lengths: LENGTHS.name }
}

/** The first offset that was skipped: it was seen, and a source's first event may come long after it. Null: none was. */
export function firstSkipped(
  archive: EventArchive,
  source: SourceModel,
  partition: number,
  incarnation = 1,
): Promise<number | null> {
  const origin = sourceOrigin(source, partition, incarnation)
  return archive.firstSequence(tableOf(source), origin)
}
