import type { SourceModel } from '../features/model.ts'
import { sourceOrigin } from './archive-columns.ts'
import type { ArchiveColumn, EventArchive, SequenceTable } from './event-archive.ts'

/**
 * Offsets of the log that no table will ever hold, as there is no valid event at them. The archive keeps them itself, so that it can
 * account for all that the log ever had when every other store is lost.
 */
const SKIPPED = 'millrace_skipped'

/**
 * The same of sources that share a topic, most of which may be others': from one offset up to and without another, so that there are at most
 * as many notes as rows, and one for each batch.
 */
const PASSED = 'millrace_passed'

const TIME: ArchiveColumn = { name: 'noted_at', type: { kind: 'time' }, nullable: false }
const UNTIL: ArchiveColumn = { name: 'until', type: { kind: 'int' }, nullable: false }

/** `offsets` ascend. */
export async function noteSkipped(
  archive: EventArchive,
  source: SourceModel,
  partition: number,
  offsets: readonly number[],
  now_ms: number,
  incarnation = 1,
): Promise<void> {
  const shares = source.where !== null
  const [table, columns] = shares ? [PASSED, [TIME, UNTIL]] : [SKIPPED, [TIME]]
  const runs = shares ? runsOf(offsets) : offsets.map((offset) => [offset, offset + 1] as const)
  const times = runs.map(() => now_ms)
  const origin = sourceOrigin(source, partition, incarnation)
  await archive.create(table, columns, TIME.name)
  await archive.insert({
    table,
    columns,
    values: shares ? [times, runs.map(([, until]) => until)] : [times],
    origins: runs.map(() => origin),
    sequences: runs.map(([from]) => from),
    arrived_ms: times,
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
export function skippedTable({ where }: SourceModel): SequenceTable {
  return where === null ? { table: SKIPPED } : { table: PASSED, until: UNTIL.name }
}

/** The first offset that was skipped: it was seen, and a source's first event may come long after it. Null: none was. */
export function firstSkipped(
  archive: EventArchive,
  source: SourceModel,
  partition: number,
  incarnation = 1,
): Promise<number | null> {
  const origin = sourceOrigin(source, partition, incarnation)
  return archive.firstSequence(source.where === null ? SKIPPED : PASSED, origin)
}

/** Ascending offsets as runs: from the first of each, up to and without what is behind its last. */
function runsOf(offsets: readonly number[]): (readonly [from: number, until: number])[] {
  const runs: [number, number][] = []
  for (const offset of offsets) {
    const last = runs.at(-1)
    if (last !== undefined && last[1] === offset) last[1]++
    else runs.push([offset, offset + 1])
  }
  return runs
}
