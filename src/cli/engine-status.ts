import { readProgress, rowsDone } from '../backfill/backfill-progress.ts'
import type { ClockMode } from '../features/clock.ts'
import type { Model } from '../features/model.ts'
import { timelineName } from '../features/timeline-name.ts'
import { archiveColumns, archiveGroup, isArchivedHere } from '../stores/archive-columns.ts'
import { holeText, openHoles } from '../stores/archive-holes.ts'
import type { ArchiveColumn, ArchiveStats, EventArchive } from '../stores/event-archive.ts'
import type { EventLog } from '../stores/event-log.ts'
import { replacedTopic } from '../stores/known-topics.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { quarantinedEvents } from '../stores/quarantine.ts'
import { readTimelines, timelineCoveredSince } from '../stores/timeline-registry.ts'
import type { BackfillRunner } from './backfill-runner.ts'
import { readLive } from './live-definitions.ts'

export interface SourceStatus {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    readonly start: number
    readonly end: number
    /** Next offset to carry to the online store, and to the archive. */
    readonly streamed: number
    readonly archived: number | null
  }[]
  readonly watermark_ms: number | null
  readonly trouble: string | null
  readonly archive: ({ readonly table: string } & Omit<ArchiveStats, 'keys'>) | null
  /** What the archive lacks, as the log lost it before it was archived. */
  readonly holes: readonly {
    readonly partition: number
    readonly from: number
    readonly to: number
    readonly missing: number
    readonly text: string
  }[]
  readonly quarantined: number
}

export interface TimelineStatus {
  readonly fingerprint: string
  /** As `payments by card`. */
  readonly name: string
  readonly source: string
  readonly entity: string
  readonly key: readonly string[]
  readonly columns: readonly string[]
  readonly retention_ms: number
  /** Since when it is complete, event time; 0: since ever; null: not at all. */
  readonly since_ms: number | null
  readonly complete: boolean
  readonly reason: string | null
  readonly backfill: {
    readonly parts: number
    readonly done: number
    readonly rows: number
    readonly running: boolean
  } | null
}

export interface EngineStatus {
  readonly pid: number
  readonly url: string | null
  readonly defs: string
  readonly data: string
  readonly clock: ClockMode
  readonly group: string
  readonly sources: Readonly<Record<string, SourceStatus>>
  readonly timelines: readonly TimelineStatus[]
  readonly store: { readonly timelines: number | null; readonly bytes: number | null }
  readonly live: readonly string[]
}

export interface StatusDeps {
  readonly model: Model
  readonly store: OnlineStore
  readonly log: EventLog
  readonly archive: EventArchive
  readonly counts: ArchiveCounts
  readonly backfills: BackfillRunner
  readonly group: string
  readonly watermark: (source: string) => number | null
  readonly trouble: (source: string) => string | null
}

type Place = Pick<EngineStatus, 'pid' | 'url' | 'defs' | 'data' | 'clock'>

/** How everything stands: what `millrace status` shows. */
export async function engineStatus(deps: StatusDeps, place: Place): Promise<EngineStatus> {
  const { model, store } = deps
  const sources: Record<string, SourceStatus> = {}
  const marks = await store.marks(deps.group)
  for (const source of model.sources.values()) {
    const archived = await deps.log.committed(archiveGroup(source), source.topic)
    const ranges = source.streamed ? await deps.log.ranges(source.topic) : []
    sources[source.name] = {
      topic: source.topic,
      partitions: ranges.map(({ partition, start, end }) => ({
        partition,
        start,
        end,
        streamed: marks.find((mark) => mark.topic === source.topic && mark.partition === partition)?.offset ?? start,
        archived: isArchivedHere(source) ? (archived.get(partition) ?? start) : null,
      })),
      watermark_ms: deps.watermark(source.name),
      trouble:
        deps.trouble(source.name) ?? (source.streamed ? await replacedTopic(store, deps.log, source.topic) : null),
      archive:
        source.archive === null
          ? null
          : await deps.counts.of(source.archive.table, archiveColumns(source)[source.time]!),
      holes: isArchivedHere(source)
        ? (await openHoles(store, deps.archive, source)).map((hole) => ({
            ...{ partition: hole.partition, from: hole.from, to: hole.to, missing: hole.missing },
            text: holeText(source, hole),
          }))
        : [],
      quarantined: source.streamed ? await quarantinedEvents(deps.log, source) : 0,
    }
  }
  const records = await readTimelines(store)
  const timelines: TimelineStatus[] = []
  const due = new Set((await deps.backfills.due()).map(({ fingerprint }) => fingerprint))
  for (const timeline of model.timelines.values()) {
    const record = records.get(timeline.fingerprint)
    if (record === undefined) continue
    const progress = await readProgress(store, timeline.fingerprint)
    const since_ms = timelineCoveredSince(record, timeline)
    timelines.push({
      fingerprint: timeline.fingerprint,
      name: timelineName(timeline),
      source: record.source,
      entity: record.entity,
      key: record.key,
      columns: record.schemas.schemas
        .at(-1)!
        .columns.filter((column) => !record.schemas.retired?.includes(column))
        .map((column) => record.schemas.columns[column]!.name),
      retention_ms: record.retention_ms,
      since_ms,
      complete: since_ms !== null && !due.has(timeline.fingerprint),
      reason: since_ms === null ? (record.coverage.reason ?? 'a column is new: a backfill is due') : null,
      backfill: progress && {
        parts: progress.parts,
        done: Object.keys(progress.done).length,
        rows: rowsDone(progress),
        running: deps.backfills.running === timeline.fingerprint,
      },
    })
  }
  const live = await readLive(store)
  return {
    ...place,
    group: deps.group,
    sources,
    timelines,
    store: await store.size(),
    live: Object.keys(live.services),
  }
}

/** How long a count of the archive's rows is good for: ClickHouse works for it, and those who ask again and again wait for it. */
const ARCHIVE_STATUS_MS = 5_000

/** Counts archive tables, each at most once in a while. */
export class ArchiveCounts {
  readonly #archive: EventArchive
  readonly #now: () => number
  readonly #counted = new Map<string, { readonly at_ms: number; readonly status: Promise<SourceStatus['archive']> }>()

  constructor(archive: EventArchive, now: () => number) {
    this.#archive = archive
    this.#now = now
  }

  of(table: string, time: ArchiveColumn): Promise<SourceStatus['archive']> {
    const known = this.#counted.get(table)
    if (known !== undefined && this.#now() - known.at_ms < ARCHIVE_STATUS_MS) return known.status
    const status = this.#count(table, time)
    this.#counted.set(table, { at_ms: this.#now(), status })
    // A failure is not kept.
    status.catch(() => this.#counted.delete(table))
    return status
  }

  async #count(table: string, time: ArchiveColumn): Promise<SourceStatus['archive']> {
    if ((await this.#archive.describe(table)) === null) return { table, rows: 0, time_ms_min: null, time_ms_max: null }
    const { rows, time_ms_min, time_ms_max } = await this.#archive.stats(table, time, [], null)
    return { table, rows, time_ms_min, time_ms_max }
  }
}
