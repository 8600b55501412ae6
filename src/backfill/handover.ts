import { setTimeout as sleep } from 'node:timers/promises'
import { ARCHIVE_GROUP, logOrigin } from '../stores/archive-columns.ts'
import type { EventArchive } from '../stores/event-archive.ts'
import type { EventLog } from '../stores/event-log.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { skippedBelow } from '../stores/skipped-offsets.ts'
import type { Handover } from '../stores/timeline-registry.ts'

const POLL_MS = 100

/** A backfill that cannot make a timeline complete, with what to do about it. */
export class BackfillError extends Error {
  override readonly name = 'BackfillError'
  readonly code: 'ARCHIVE_HOLE' | 'ARCHIVE_CHANGED' | 'ARCHIVE_MISSING' | 'NO_ARCHIVE'
  constructor(code: BackfillError['code'], message: string) {
    super(message)
    this.code = code
  }
}

export interface HandoverDeps {
  readonly store: OnlineStore
  readonly log: EventLog
  readonly archive: EventArchive
  readonly now: () => number
}

/**
 * Waits until the archive holds every event that came before the stream's hand-over (L12), and proves it by partition and
 * offset where the table has these columns. Throws a BackfillError where there is a hole.
 */
export async function awaitHandover(
  deps: HandoverDeps,
  table: string,
  handover: Handover,
  lag_ms: number | null,
  signal: AbortSignal,
  onWait: (message: string) => void,
): Promise<void> {
  const { topic, positions } = handover
  const starts = Object.entries(positions).map(([partition, offset]) => [Number(partition), offset] as const)
  for (let told = false; ; ) {
    const archived = await deps.log.committed(ARCHIVE_GROUP, topic)
    const behind = starts.filter(([partition, offset]) => (archived.get(partition) ?? 0) < offset)
    if (behind.length === 0) break
    if (!told) onWait(`waiting until ${table} holds what ${topic} had before the stream went over`)
    told = true
    await sleep(POLL_MS, undefined, { signal })
  }
  const columns = (await deps.archive.describe(table))?.columns
  if (columns?.has('_origin') && columns.has('_sequence')) {
    for (const [partition, offset] of starts) {
      const skipped = await skippedBelow(deps.store, topic, partition, offset)
      const held = await deps.archive.sequences(table, logOrigin(topic, partition), offset)
      if (held + skipped < offset) {
        throw new BackfillError(
          'ARCHIVE_HOLE',
          `${table} lacks ${offset - held - skipped} of the ${offset} events that ${topic}/${partition} had before offset ${offset}: ` +
            'restore them, or load them again with ingest --archive and drop the source from the log',
        )
      }
    }
    return
  }
  // A table that others fill: the owner's word says how late it may be.
  const due_ms = handover.noted_ms + (lag_ms ?? 0)
  if (deps.now() < due_ms) onWait(`waiting for the lag that ${table} may have`)
  while (deps.now() < due_ms) await sleep(Math.min(1_000, due_ms - deps.now()), undefined, { signal })
}
