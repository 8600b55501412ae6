import type { SourceModel } from '../features/model.ts'
import { sourceOrigin } from './archive-columns.ts'
import type { ArchiveColumn, EventArchive } from './event-archive.ts'
import { type EventLog, renewCure } from './event-log.ts'

/**
 * Which topics of a name the archive has rows of: the first is its incarnation 1, one that was made anew after it 2, and so on. The archive
 * keeps this itself, as notes `(_origin, _sequence)`, so that offsets of one are never taken for those of another, also when every other
 * store is lost:
 *
 * - `topic/<topic>` and `topic/<topic>/<id>`: an incarnation, the latter of the topic that Kafka knows by the id;
 * - `partitions/<topic>@<incarnation>`: how many partitions one had that is no more;
 * - `begin/<origin>` and `end/<origin>`: between which offsets such a partition must be archived.
 */
const TOPICS = 'millrace_topics'

const TIME: ArchiveColumn = { name: 'noted_at', type: { kind: 'time' }, nullable: false }

/**
 * The incarnation whose rows those of the log's topic now are; null: the archive has those of another only, and nobody has renewed the
 * topic. `id` as the log tells it.
 */
export async function archiveIncarnation(
  archive: EventArchive,
  topic: string,
  id: string | null,
): Promise<number | null> {
  const last = await latestIncarnation(archive, topic)
  if (id === null || last === null) return last ?? 1
  return (await archive.lastSequence(TOPICS, `topic/${topic}/${id}`)) === last ? last : null
}

/** The same for who archives: the first topic of a name is noted. */
export async function enterIncarnation(
  archive: EventArchive,
  topic: string,
  id: string | null,
  now_ms: number,
): Promise<number | null> {
  if (id !== null && (await latestIncarnation(archive, topic)) === null) {
    await noteIncarnation(archive, topic, id, 1, now_ms)
  }
  return archiveIncarnation(archive, topic, id)
}

/** What people are told where {@link archiveIncarnation} is not known, with the offsets of both topics. */
export async function replacedArchive(
  archive: EventArchive,
  log: EventLog,
  sources: readonly SourceModel[],
): Promise<string> {
  const { topic } = sources[0]!
  const known = (await latestIncarnation(archive, topic)) ?? 1
  const places: string[] = []
  for (const { partition, start, end } of await log.ranges(topic)) {
    const last = await Promise.all(
      sources.map((source) => archive.lastSequence(source.archive!.table, sourceOrigin(source, partition, known))),
    )
    const archived = Math.max(...last.map((sequence) => (sequence ?? -1) + 1))
    places.push(`partition ${partition} was archived up to offset ${archived}, and has ${start} to ${end} now`)
  }
  return `${topic} was deleted and made anew (${places.join('; ')}): ${renewCure(topic)}`
}

/** Null: nothing was noted yet. */
export function latestIncarnation(archive: EventArchive, topic: string): Promise<number | null> {
  return archive.lastSequence(TOPICS, `topic/${topic}`)
}

/** Rows of the topic are from now on of this incarnation. */
export async function noteIncarnation(
  archive: EventArchive,
  topic: string,
  id: string | null,
  incarnation: number,
  now_ms: number,
): Promise<void> {
  const own: [string, number][] = id === null ? [] : [[`topic/${topic}/${id}`, incarnation]]
  await note(archive, [...own, [`topic/${topic}`, incarnation]], now_ms)
}

/** Between which offsets a partition of a topic that is no more must be archived: from the first, up to and without the last. */
export interface FormerPartition {
  readonly partition: number
  readonly begin: number
  readonly end: number
}

export async function noteFormer(
  archive: EventArchive,
  source: SourceModel,
  incarnation: number,
  partitions: readonly FormerPartition[],
  now_ms: number,
): Promise<void> {
  const count = Math.max(0, ...partitions.map(({ partition }) => partition + 1))
  const notes = partitions.flatMap(({ partition, begin, end }): [string, number][] => {
    const origin = sourceOrigin(source, partition, incarnation)
    return [
      [`begin/${origin}`, begin],
      [`end/${origin}`, end],
    ]
  })
  await note(archive, [...notes, [`partitions/${source.topic}@${incarnation}`, count]], now_ms)
}

export async function formerPartitions(
  archive: EventArchive,
  source: SourceModel,
  incarnation: number,
): Promise<FormerPartition[]> {
  const found: FormerPartition[] = []
  const count = (await archive.lastSequence(TOPICS, `partitions/${source.topic}@${incarnation}`)) ?? 0
  for (let partition = 0; partition < count; partition++) {
    const origin = sourceOrigin(source, partition, incarnation)
    const begin = await archive.lastSequence(TOPICS, `begin/${origin}`)
    const end = await archive.lastSequence(TOPICS, `end/${origin}`)
    if (begin !== null && end !== null) found.push({ partition, begin, end })
  }
  return found
}

async function note(archive: EventArchive, notes: readonly [origin: string, sequence: number][], now_ms: number) {
  const times = notes.map(() => now_ms)
  await archive.create(TOPICS, [TIME], TIME.name)
  await archive.insert({
    table: TOPICS,
    columns: [TIME],
    values: [times],
    origins: notes.map(([origin]) => origin),
    sequences: notes.map(([, sequence]) => sequence),
    arrived_ms: times,
  })
}
