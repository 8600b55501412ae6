import type { SourceModel } from '../features/model.ts'
import type { ArchiveColumn } from './event-archive.ts'

/** A source's columns as its archive table names them, in the source's order. */
export function archiveColumns(source: SourceModel): ArchiveColumn[] {
  return source.columns.map(({ archiveName, type, nullable }) => ({ name: archiveName, type, nullable }))
}

/** Whether it is us who fill a source's archive: with a `lag` the owner says that others do, and how late they may be. */
export function isArchivedHere({ archive, streamed }: SourceModel): boolean {
  return streamed && archive !== null && archive.lag_ms === null
}

/** The origin under which events of a log partition are archived. */
export function logOrigin(topic: string, partition: number): string {
  return `log/${topic}/${partition}`
}

/** The group under which the archiver commits its positions in the log. */
export const ARCHIVE_GROUP = 'millrace-archive'
