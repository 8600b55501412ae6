import type { ArchiveTable } from '../event-archive.ts'
import { quoteName } from './sql-text.ts'

/** The columns beside the event's own, in tables that we create: where a row came from, its place there, when it arrived. */
export const PROVENANCE = [
  { name: '_origin', type: 'LowCardinality(String)' },
  { name: '_sequence', type: 'UInt64' },
  { name: '_arrived_ms', type: `DateTime64(3, 'UTC')` },
] as const

export const ORIGIN = quoteName('_origin')
export const SEQUENCE = quoteName('_sequence')

/** Whether a table has all of them. A table that somebody else made may have none. */
export function hasProvenance(table: ArchiveTable): boolean {
  return PROVENANCE.every((column) => table.columns.has(column.name))
}
