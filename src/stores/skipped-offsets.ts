import { logOrigin } from './archive-columns.ts'
import type { EventArchive } from './event-archive.ts'

/**
 * Offsets of the log that no table will ever hold, as there is no valid event at them. The archive keeps them itself, so that it can
 * account for all that the log ever had when every other store is lost.
 */
const TABLE = 'millrace_skipped'

const TIME = { name: 'noted_at', type: { kind: 'time' }, nullable: false } as const

export async function noteSkipped(
  archive: EventArchive,
  topic: string,
  partition: number,
  offsets: readonly number[],
  now_ms: number,
): Promise<void> {
  await archive.create(TABLE, [TIME], TIME.name)
  await archive.insert({
    table: TABLE,
    columns: [TIME],
    values: [offsets.map(() => now_ms)],
    origins: offsets.map(() => logOrigin(topic, partition)),
    sequences: offsets,
    arrived_ms: offsets.map(() => now_ms),
  })
}

/** How many offsets below `below` were skipped. */
export function skippedBelow(archive: EventArchive, topic: string, partition: number, below: number): Promise<number> {
  return archive.sequences(TABLE, logOrigin(topic, partition), below)
}
