import type { Model, SourceModel } from '../features/model.ts'
import { isProven, partsOf } from '../stores/backfill-marks.ts'
import type { Mark, OnlineStore, StoredDocument } from '../stores/online-store.ts'
import type { TimelineRecord } from '../stores/timeline-registry.ts'
import { readWatermark } from '../stores/watermarks.ts'
import { groupsIn, writesAll } from '../stores/writer-groups.ts'

/**
 * What the online store proves of itself (L11), for a process that does not write it: how far the streams are, and whether what
 * was covered still is. A coverage is no longer than the marks of the backfill that gave it; and where nobody has carried a source's
 * stream by the definitions that are served, or its marks are gone, nothing is known of what the store lacks.
 */
export class StoreProgress {
  readonly #store: OnlineStore
  readonly #model: Model
  readonly #watermarks = new Map<string, number | null>()

  constructor(store: OnlineStore, model: Model) {
    this.#store = store
    this.#model = model
  }

  /** By source: every event that reached the log before this instant is in the store; null: not known. */
  readonly watermark = (source: string): number | null => this.#watermarks.get(source) ?? null

  /**
   * Looks at the marks, and answers the records with the coverage that holds. `documents` are all that the store has, and the records
   * are from them: whatever they claim, the marks that are read now prove it or not. Throws what the store throws.
   */
  async vet(
    documents: ReadonlyMap<string, StoredDocument>,
    records: ReadonlyMap<string, TimelineRecord>,
  ): Promise<Map<string, TimelineRecord>> {
    const marks = await this.#store.marks()
    const carried = new Set<string>()
    for (const source of this.#model.sources.values()) {
      if (!source.streamed) {
        carried.add(source.name)
        continue
      }
      const groups = this.#groupsOf(source, documents).filter((group) => isMarked(marks, group, source.topic))
      if (groups.length > 0) carried.add(source.name)
      const known = groups
        .map((group) => readWatermark(documents, marks, group, source.topic))
        .filter((ms) => ms !== null)
      this.#watermarks.set(source.name, known.length === 0 ? null : Math.max(...known))
    }
    return new Map([...records].map(([fingerprint, record]) => [fingerprint, vetted(record, marks, carried)]))
  }

  /** The groups that write all that is served of a source. */
  #groupsOf(source: SourceModel, documents: ReadonlyMap<string, StoredDocument>): string[] {
    const timelines = [...this.#model.timelines.values()]
    return [...groupsIn(documents)]
      .filter(([, { writes }]) => writesAll(writes, source, timelines))
      .map(([name]) => name)
  }
}

function isMarked(marks: readonly Mark[], group: string, topic: string): boolean {
  return marks.some((mark) => mark.group === group && mark.topic === topic)
}

function vetted(record: TimelineRecord, marks: readonly Mark[], carried: ReadonlySet<string>): TimelineRecord {
  if (record.coverage.since_ms === null) return record
  const reason = !isProven(record.coverage, partsOf(marks, record.fingerprint))
    ? 'the online store lost rows of the last backfill: a new one is due'
    : carried.has(record.source)
      ? null
      : 'no stream carries its events by these definitions'
  return reason === null ? record : { ...record, coverage: { since_ms: null, columns: {}, reason, proof: [] } }
}
