import type { EmbeddedDatabases, EmbeddedLimits } from './embedded-layout.ts'
import { Journal } from './journal.ts'
import { decodeEntry } from './journal-entry.ts'
import { MarkTable } from './mark-table.ts'
import { type Recent, RecentRows } from './recent-rows.ts'
import type { TimelineValues } from './timeline-values.ts'

/** Rows on their way from memory into the tails. */
export interface Fold {
  readonly rows: RecentRows
  /** Every journal entry up to this one is in `rows` or in the tails. */
  readonly through: number
  readonly keys: Iterator<string>
}

/** What the store holds in memory: exactly what was acknowledged and is not in the tails. */
export class MemoryImage {
  readonly marks = new MarkTable()
  readonly journal: Journal
  recent = new RecentRows()
  fold: Fold | null = null

  /** Reads the image of what is on the disk. */
  constructor(databases: EmbeddedDatabases, values: TimelineValues, limits: EmbeddedLimits) {
    this.journal = new Journal(databases, limits)
    for (const { key, value } of databases.marks.getRange({ start: '[' })) {
      const [group, topic, partition] = JSON.parse(key)
      this.marks.set({ group, topic, partition, offset: Number(value) })
    }
    for (const { number, entry } of this.journal.load()) {
      const { rows, erased } = decodeEntry(entry)
      this.recent.addBytes(entry.length)
      for (const key of erased ?? []) this.recent.delete(key)
      for (const { key, from, to, expires_at_ms } of rows ?? []) {
        // A fold that was under way when the process ended has put some timelines' rows into their tails already.
        const held = this.recent.get(key) === undefined ? (values.tail(key)?.folded ?? 0) : 0
        if (number > held) this.recent.add(key, entry, from, to, number, expires_at_ms)
      }
    }
  }

  older(key: string): Recent | undefined {
    return this.fold?.rows.get(key)
  }

  newer(key: string): Recent | undefined {
    return this.recent.get(key)
  }

  /** What waits here for a timeline is in its tail now, or erased. */
  drop(key: string): void {
    this.fold?.rows.delete(key)
    this.recent.delete(key)
  }

  /** Every timeline that has rows here. */
  *keys(): Generator<string> {
    if (this.fold !== null) for (const [key] of this.fold.rows.entries()) yield key
    for (const [key] of this.recent.entries()) yield key
  }

  /** The latest expiry that was given for rows that are here. */
  expires_at_ms(key: string): number {
    return Math.max(this.older(key)?.expires_at_ms ?? -Infinity, this.newer(key)?.expires_at_ms ?? -Infinity)
  }

  /** Begins to fold what is here; what comes from now on waits for the next time. */
  beginFold(): void {
    this.fold = { rows: this.recent, through: this.journal.last, keys: this.recent.sortedKeys() }
    this.recent = new RecentRows()
  }
}
