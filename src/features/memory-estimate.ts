import { HEADER_BYTES, slotBytes } from '../timeline/row-codec.ts'
import type { RowSchemas } from '../timeline/row-schema.ts'

/** Bytes that a text is taken to have: ids and names do; what they really have is not known before they are read. */
export const TEXT_BYTES = 16

/** Bytes that an entity costs beside its rows: its key of some 40, the header of its value, and what a page leaves empty. */
export const ENTITY_BYTES = 100

const VERSION_BYTES = 8

/** What the archive has of a timeline within its retention. */
export interface TimelineStats {
  readonly rows: number
  readonly keys: number
  readonly time_ms_min: number | null
  readonly time_ms_max: number | null
}

/** What a timeline will need: events a second x retention x bytes a row + entities x bytes an entity. */
export interface MemoryEstimate {
  /** Null where the archive has too few events to tell. */
  readonly events_per_second: number | null
  /** Null: nothing is ever pruned, as the clock follows history. */
  readonly retention_ms: number | null
  readonly rows: number
  readonly row_bytes: number
  readonly entities: number
  readonly entity_bytes: number
  readonly bytes: number
}

/** Bytes of a row of the last schema, with its texts taken as {@link TEXT_BYTES} long. */
export function rowBytes(schemas: RowSchemas, versioned: boolean): number {
  const columns = schemas.schemas.at(-1)?.columns ?? []
  let bytes = HEADER_BYTES + (versioned ? VERSION_BYTES : 0) + Math.ceil(columns.length / 8)
  for (const number of columns) {
    const { type } = schemas.columns[number]!
    bytes += slotBytes(type)
    if (type.kind === 'string') bytes += Math.min(TEXT_BYTES, type.bytesMax)
  }
  return bytes
}

/**
 * `stats`: of the retention, or of all there is where `retention_ms` is null. An archive that is younger than the retention is
 * taken to go on as it does.
 */
export function estimateMemory(stats: TimelineStats, retention_ms: number | null, row_bytes: number): MemoryEstimate {
  const { rows: counted, keys: entities, time_ms_min, time_ms_max } = stats
  const seconds = time_ms_min === null || time_ms_max === null ? 0 : (time_ms_max - time_ms_min) / 1_000
  const events_per_second = seconds === 0 ? null : counted / seconds
  const rows =
    retention_ms === null || events_per_second === null
      ? counted
      : Math.max(counted, Math.round((events_per_second * retention_ms) / 1_000))
  const bytes = rows * row_bytes + entities * ENTITY_BYTES
  return { events_per_second, retention_ms, rows, row_bytes, entities, entity_bytes: ENTITY_BYTES, bytes }
}
