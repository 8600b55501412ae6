import { whereHash } from '../features/fingerprint.ts'
import type { SourceModel } from '../features/model.ts'
import type { ArchiveColumn } from './event-archive.ts'

/** A source's columns as its archive table names them, in the source's order: those that events bring. */
export function archiveColumns(source: SourceModel): ArchiveColumn[] {
  return source.raw.map(({ archiveName, type, nullable }) => ({ name: archiveName, type, nullable }))
}

/** Whether it is us who fill a source's archive: with a `lag` the owner says that others do, and how late they may be. */
export function isArchivedHere({ archive, streamed }: SourceModel): boolean {
  return streamed && archive !== null && archive.lag_ms === null
}

/**
 * The origin under which events of a log partition are archived. `incarnation`: of the topic, where there were others of its name before
 * that were deleted; no topic has an `@` in its name.
 */
export function logOrigin(topic: string, partition: number, incarnation = 1): string {
  return `log/${topic}${incarnation === 1 ? '' : `@${incarnation}`}/${partition}`
}

/**
 * Names what a source takes of a topic that others share: what is kept of its place there is of these kinds of events only. Null: it takes
 * all that the topic has, and needs no name.
 */
export function shareName({ name, where }: SourceModel): string | null {
  return where === null ? null : `${name}.${whereHash(where)}`
}

/** The origin under which a source's events of a partition of its topic are archived. */
export function sourceOrigin(source: SourceModel, partition: number, incarnation = 1): string {
  const share = shareName(source)
  const origin = logOrigin(source.topic, partition, incarnation)
  return share === null ? origin : `${origin}/${share}`
}

/** The group under which archivers share the partitions of topics, and commit positions in those that are one source's. */
export const ARCHIVE_GROUP = 'millrace-archive'

/** The group under which the archiver commits a source's positions in its topic. */
export function archiveGroup(source: SourceModel): string {
  const share = shareName(source)
  return share === null ? ARCHIVE_GROUP : `${ARCHIVE_GROUP}.${share}`
}
