import type { ClockMode } from '../features/clock.ts'
import type { TimelineModel } from '../features/model.ts'
import { keyText, timelineKey } from '../features/timeline-key.ts'
import { archiveColumns } from '../stores/archive-columns.ts'
import type { ArchiveBlock } from '../stores/event-archive.ts'
import {
  archiveEpoch,
  readTimeline,
  SINCE_EVER_MS,
  type TimelineRecord,
  updateTimeline,
} from '../stores/timeline-registry.ts'
import { expiryOf, writtenColumns } from '../stores/timeline-writer.ts'
import type { Value } from '../timeline/column-type.ts'
import { RowEncoder } from '../timeline/row-codec.ts'
import { type BackfillProgress, beginProgress, partDone } from './backfill-progress.ts'
import { type BlockPlan, BlockRows, blockPlan } from './block-rows.ts'
import { awaitHandover, BackfillError, type HandoverDeps } from './handover.ts'
import { TimelineLoader } from './timeline-loader.ts'

/** Rows of one part: a part is the unit of resuming, and its sort must fit in memory. */
const PART_ROWS = 2_000_000

/** How many refused rows are told in full. */
const REFUSED_TOLD_MAX = 5

export interface BackfillOptions extends HandoverDeps {
  readonly clock: ClockMode
  readonly signal: AbortSignal
  readonly onProgress?: (progress: { part: number; parts: number; rows: number; rowsTotal: number }) => void
  readonly onMessage?: (message: string) => void
  /** The newest event time of the archive, for a clock that follows history. */
  readonly onNewest?: (time_ms: number) => void
}

export interface BackfillResult {
  readonly rows: number
  readonly refused: number
  /** The first few refused rows, each in a sentence. */
  readonly refusals: readonly string[]
  readonly since_ms: number
}

/**
 * Fills one timeline from its source's archive, by parts that are each finished for good, and says then since when it is
 * complete. The stream may write the same timeline meanwhile: union makes the overlap harmless.
 *
 * Throws a BackfillError where completeness cannot be had; a run broken off by `signal` or a crash goes on where it was.
 */
export async function backfillTimeline(timeline: TimelineModel, options: BackfillOptions): Promise<BackfillResult> {
  const { store, archive, signal } = options
  const { source } = timeline
  if (source.archive === null) {
    throw new BackfillError('NO_ARCHIVE', `source ${source.name} has no archive to fill ${timeline.entity.name} from`)
  }
  const { table } = source.archive
  const columns = archiveColumns(source)
  await archive.create(table, columns, columns[source.time]!.name)
  const record = await registered(timeline, options)
  await awaitHandover(options, table, record.handover, source.archive.lag_ms, signal, (text) =>
    options.onMessage?.(text),
  )

  const epoch = await archiveEpoch(store, source.name)
  const from_ms = options.clock === 'history' ? null : options.now() - record.retention_ms
  const key = timeline.key.map((column) => columns[column]!)
  const time = columns[source.time]!
  const stats = await archive.stats(table, time, key, from_ms)
  if (stats.time_ms_max !== null) options.onNewest?.(stats.time_ms_max)
  let progress = await beginProgress(store, timeline.fingerprint, {
    schema: record.schemas.schemas.at(-1)!.number,
    archiveEpoch: epoch,
    from_ms,
    parts: Math.max(1, Math.ceil(stats.rows / PART_ROWS)),
    done: [],
    rows: 0,
    refused: 0,
  })
  const refusals: string[] = []
  const plan = blockPlan(source, writtenColumns(timeline, record.schemas))
  for (let part = 0; part < progress.parts; part++) {
    if (progress.done.includes(part)) continue
    const done = await backfillPart(timeline, record, plan, part, progress, stats.rows, options, refusals)
    progress = await partDone(store, timeline.fingerprint, part, done.rows, done.refused)
  }
  if ((await archiveEpoch(store, source.name)) !== epoch) {
    throw new BackfillError('ARCHIVE_CHANGED', `${table} was loaded into while it was read: run the backfill again`)
  }
  const since_ms = progress.from_ms ?? SINCE_EVER_MS
  await cover(timeline, record, since_ms, options)
  return { rows: progress.rows, refused: progress.refused, refusals, since_ms }
}

async function registered(timeline: TimelineModel, options: BackfillOptions): Promise<TimelineRecord> {
  const record = await readTimeline(options.store, timeline.fingerprint)
  if (record === null) throw new Error(`timeline ${timeline.fingerprint} is not registered`)
  return record
}

/** Says since when the timeline and the columns that were written are complete. */
async function cover(
  timeline: TimelineModel,
  written: TimelineRecord,
  since_ms: number,
  options: BackfillOptions,
): Promise<void> {
  const schema = written.schemas.schemas.at(-1)!
  await updateTimeline(options.store, timeline.fingerprint, (record) => {
    const { coverage } = record
    const known = (column: number) => coverage.columns[column] ?? since_ms
    const columns = { ...coverage.columns }
    for (const column of schema.columns) columns[column] = Math.min(since_ms, known(column))
    return {
      ...record,
      coverage: { since_ms: Math.min(since_ms, coverage.since_ms ?? since_ms), columns, reason: null },
    }
  })
}

async function backfillPart(
  timeline: TimelineModel,
  record: TimelineRecord,
  plan: BlockPlan,
  part: number,
  progress: BackfillProgress,
  rowsTotal: number,
  options: BackfillOptions,
  refusals: string[],
): Promise<{ rows: number; refused: number }> {
  const { source } = timeline
  const columns = archiveColumns(source)
  const expires = options.clock === 'wall'
  const loader = new TimelineLoader(options.store, new RowEncoder(record.schemas), (newest_ms) =>
    expires ? expiryOf(record.retention_ms, options.now(), newest_ms) : null,
  )
  const filler = new KeyedRows(timeline, loader)
  let rows = 0
  let refused = 0
  const blocks = options.archive.scan({
    table: source.archive!.table,
    key: timeline.key.map((column) => columns[column]!),
    id: columns[source.id]!,
    time: columns[source.time]!,
    columns: plan.columns.map((column) => columns[column]!),
    precision: source.precision,
    from_ms: progress.from_ms,
    to_ms: null,
    part,
    parts: progress.parts,
  })
  for await (const block of blocks) {
    options.signal.throwIfAborted()
    const read = new BlockRows(block, timeline, plan)
    for (let row = 0; row < block.rows; row++) {
      const problem = read.problem(row)
      if (problem === null) filler.add(block, read, row)
      else {
        refused++
        if (refusals.length < REFUSED_TOLD_MAX) refusals.push(problem)
      }
    }
    rows += block.rows
    if (loader.isFull) await loader.flush()
    options.onProgress?.({ part, parts: progress.parts, rows: progress.rows + rows, rowsTotal })
  }
  await loader.flush()
  return { rows, refused }
}

/** Gives rows, which come grouped by key, to the loader under their timeline's key. */
class KeyedRows {
  readonly #timeline: TimelineModel
  readonly #loader: TimelineLoader
  readonly #last: Value[]
  readonly #row: Value[] = []

  constructor(timeline: TimelineModel, loader: TimelineLoader) {
    this.#timeline = timeline
    this.#loader = loader
    this.#last = timeline.key.map(() => null)
  }

  add(block: ArchiveBlock, read: BlockRows, row: number): void {
    let changed = false
    for (let part = 0; part < this.#last.length; part++) {
      const value = read.keyPart(row, part)
      if (value !== this.#last[part]) {
        this.#last[part] = value
        changed = true
      }
    }
    if (changed || !this.#loader.isOpen) {
      const { source, key, fingerprint } = this.#timeline
      const parts = key.map((column, i) => keyText(source.columns[column]!.type, this.#last[i]!))
      this.#loader.open(timelineKey(fingerprint, parts))
    }
    read.values(row, this.#row)
    const low = block.id[2 * row]!
    const high = block.id[2 * row + 1]!
    this.#loader.add(block.time_ms[row]!, low, high, read.version(row), read.deleted(row), this.#row)
  }
}
