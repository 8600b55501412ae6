import type { SourceModel } from '../features/model.ts'
import { sourceOrigin } from '../stores/archive-columns.ts'
import type { EventArchive } from '../stores/event-archive.ts'
import { type EventLog, renewCure } from '../stores/event-log.ts'
import { firstSkipped, skippedTable } from '../stores/skipped-offsets.ts'
import { archiveIncarnation, formerPartitions } from '../stores/topic-incarnations.ts'
import { BackfillError } from './backfill-error.ts'

interface Partition {
  readonly partition: number
  /** Of the topic: see {@link archiveIncarnation}. */
  readonly incarnation: number
}

/** The incarnation of a topic by whose offsets the archive is accounted for. Throws a BackfillError where that is not known. */
export async function accountedIncarnation(archive: EventArchive, log: EventLog, topic: string): Promise<number> {
  const incarnation = await archiveIncarnation(archive, topic, await log.identify(topic))
  if (incarnation !== null) return incarnation
  throw new BackfillError(
    'TOPIC_REPLACED',
    `${topic} was deleted and made anew, and the archive has the events of the one before only: ${renewCure(topic)}`,
  )
}

/**
 * Accounts for every offset of partitions before their hand-over, and of topics of the name that are no more. `begins`, by partition: the
 * first offset that anybody saw. Throws a BackfillError that names a hole.
 */
export async function assertWhole(
  archive: EventArchive,
  source: SourceModel,
  incarnation: number,
  begins: Readonly<Record<number, number>>,
  ends: readonly (readonly [partition: number, offset: number])[],
): Promise<void> {
  for (let former = 1; former < incarnation; former++) {
    for (const { partition, begin, end } of await formerPartitions(archive, source, former)) {
      await assertRange(archive, source, { partition, incarnation: former }, begin, end)
    }
  }
  for (const [partition, end] of ends) {
    const place = { partition, incarnation }
    const first = await firstArchived(archive, source, place)
    await assertRange(archive, source, place, Math.min(begins[partition] ?? 0, first), end)
  }
}

/** The first offset that a partition has in the archive; Infinity: none. */
export async function firstArchived(
  archive: EventArchive,
  source: SourceModel,
  { partition, incarnation }: Partition,
): Promise<number> {
  const origin = sourceOrigin(source, partition, incarnation)
  return Math.min(
    (await archive.firstSequence(source.archive!.table, origin)) ?? Number.POSITIVE_INFINITY,
    (await firstSkipped(archive, source, partition, incarnation)) ?? Number.POSITIVE_INFINITY,
  )
}

async function assertRange(
  archive: EventArchive,
  source: SourceModel,
  { partition, incarnation }: Partition,
  first: number,
  end: number,
): Promise<void> {
  const { topic } = source
  const { table } = source.archive!
  const origin = sourceOrigin(source, partition, incarnation)
  // An offset counts once: one archiver may have skipped what another, of newer definitions, took.
  const known = [{ table }, skippedTable(source)]
  const missingBelow = async (below: number) => below - first - (await archive.sequences(known, origin, below))
  const missing = end <= first ? 0 : await missingBelow(end)
  if (missing <= 0) return
  // Below `low` nothing is missing, below `high` something is.
  let [low, high] = [first, end]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if ((await missingBelow(middle)) > 0) high = middle
    else low = middle
  }
  throw new BackfillError(
    'ARCHIVE_HOLE',
    `${table} lacks ${missing} of the ${end - first} events that ${topic}/${partition} had from offset ${first} to ${end}, ` +
      `the first of them at offset ${low}: restore them, or load them with ingest --archive and account for their offsets, as docs/operation/running.md shows`,
  )
}
