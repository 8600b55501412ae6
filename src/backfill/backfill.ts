import { setTimeout as sleep } from 'node:timers/promises'
import type { TimelineModel } from '../features/model.ts'
import { keyText, timelineKey } from '../features/timeline-key.ts'
import { archiveColumns } from '../stores/archive-columns.ts'
import { isProven, partMarks, partMove } from '../stores/backfill-marks.ts'
import type { ArchiveBlock } from '../stores/event-archive.ts'
import { MarkMovedError } from '../stores/online-store.ts'
import {
  archiveEpoch,
  asWritten,
  isRegistered,
  NotRegisteredError,
  readTimeline,
  SINCE_EVER_MS,
  type TimelineRecord,
  uncover,
  updateTimeline,
} from '../stores/timeline-registry.ts'
import { expiryOf, writtenColumns } from '../stores/timeline-writer.ts'
import type { Value } from '../timeline/column-type.ts'
import { RowEncoder, RowError } from '../timeline/row-codec.ts'
import { BackfillError } from './backfill-error.ts'
import {
  type BackfillProgress,
  beginProgress,
  claimPart,
  isFinished,
  partDone,
  partsLost,
  proofOf,
  releasePart,
  renewClaim,
  rowsDone,
  rowsRefused,
} from './backfill-progress.ts'
import { type BlockPlan, type BlockReader, blockPlan, blockReader } from './block-rows.ts'
import { awaitHandover, type HandoverDeps } from './handover.ts'
import { TimelineLoader } from './timeline-loader.ts'

const PART_ROWS = 2_000_000

/** How many refused rows are told in full. */
const REFUSED_TOLD_MAX = 5

/** How often a part that is worked on is claimed again. */
const RENEW_MS = 5_000

/** How often parts that others work on are looked at. */
const POLL_MS = 250

export interface BackfillOptions extends HandoverDeps {
  readonly signal: AbortSignal
  /** Who works: a text that no other process has. Left out: there are no others, and what was claimed is free. */
  readonly worker?: string
  /** Rows of one part, about: the unit of resuming, and its sort must fit in memory. Default 2,000,000. */
  readonly partRows?: number
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
 * complete. The stream may write the same timeline meanwhile: union makes the overlap harmless. Any number of processes may fill it
 * together: each takes parts that nobody has.
 *
 * Throws a BackfillError where completeness cannot be had; a run broken off by `signal` or a crash goes on where it was.
 */
export async function backfillTimeline(timeline: TimelineModel, options: BackfillOptions): Promise<BackfillResult> {
  const { store, archive, signal } = options
  const { source, fingerprint } = timeline
  if (source.archive === null) {
    throw new BackfillError('NO_ARCHIVE', `source ${source.name} has no archive to fill ${timeline.entity.name} from`)
  }
  const { table } = source.archive
  const columns = archiveColumns(source)
  await archive.create(table, columns, columns[source.time]!.name)
  const record = await provenRecord(timeline, options)
  await awaitHandover(options, timeline, record, signal, (text) => options.onMessage?.(text))

  const epoch = await archiveEpoch(store, source.name)
  const from_ms = options.clock === 'history' ? null : options.now() - record.retention_ms
  const stats = await archive.stats(table, columns[source.time]!, [], from_ms)
  if (stats.time_ms_max !== null) options.onNewest?.(stats.time_ms_max)
  const written = asWritten(record, timeline)
  const begun = await beginProgress(store, fingerprint, {
    schema: written.schemas.schemas[0]!.number,
    archiveEpoch: epoch,
    generation: record.generation,
    from_ms,
    parts: Math.max(1, Math.ceil(stats.rows / (options.partRows ?? PART_ROWS))),
    done: {},
    claims: {},
  })
  const refusals: string[] = []
  const progress = await fillParts(new PartFiller(timeline, written, begun, stats.rows, options, refusals), options)
  if ((await archiveEpoch(store, source.name)) !== epoch) {
    throw new BackfillError('ARCHIVE_CHANGED', `${table} was loaded into while it was read: run the backfill again`)
  }
  const since_ms = progress.from_ms ?? SINCE_EVER_MS
  await cover(timeline, written, since_ms, proofOf(progress), options)
  return { rows: rowsDone(progress), refused: rowsRefused(progress), refusals, since_ms }
}

/** What the store knows of the timeline. Rows of an earlier backfill that it has lost are covered no longer. */
async function provenRecord(timeline: TimelineModel, { store }: BackfillOptions): Promise<TimelineRecord> {
  const { fingerprint } = timeline
  const marks = await partMarks(store, fingerprint)
  const record = await readTimeline(store, fingerprint)
  if (record === null || !isRegistered(record, timeline)) throw new NotRegisteredError(fingerprint)
  if (isProven(record.coverage, marks)) return record
  return uncover(store, fingerprint, 'the online store lost rows of the last backfill: a new one is due')
}

/** Fills what nobody else does, until all is done, and all that was done is still there. */
async function fillParts(
  filler: PartFiller,
  { store, now, signal, worker }: BackfillOptions,
): Promise<BackfillProgress> {
  const { fingerprint, generation } = filler
  const claimant = { by: worker ?? 'alone', alone: worker === undefined }
  for (;;) {
    signal.throwIfAborted()
    const { part, progress } = await claimPart(store, fingerprint, generation, claimant, now())
    if (part !== null) {
      const renewing = setInterval(() => {
        // Where that fails the part may go to another, and the marks tell whose rows count.
        renewClaim(store, fingerprint, generation, part, claimant.by, now()).catch(() => {})
      }, RENEW_MS)
      try {
        await filler.fill(part, progress)
      } catch (error) {
        await releasePart(store, fingerprint, generation, part, claimant.by).catch(() => {})
        // Another has taken it over, or the store went back: looked at again.
        if (!(error instanceof MarkMovedError)) throw error
      } finally {
        clearInterval(renewing)
      }
      continue
    }
    if (!isFinished(progress)) {
      await sleep(POLL_MS, undefined, { signal })
      continue
    }
    const kept = await partsLost(store, fingerprint, generation, await partMarks(store, fingerprint))
    if (isFinished(kept)) return kept
  }
}

/** Says since when the timeline and the columns that were written are complete, and by which marks that is proven. */
async function cover(
  { fingerprint }: TimelineModel,
  written: TimelineRecord,
  since_ms: number,
  proof: readonly number[],
  { store, now }: BackfillOptions,
): Promise<void> {
  const schema = written.schemas.schemas[0]!
  await updateTimeline(store, fingerprint, (record) => {
    const { coverage } = record
    if (record.generation !== written.generation) {
      throw new BackfillError(
        'STORE_CHANGED',
        `the timeline lost its coverage while it was filled (${coverage.reason ?? 'its columns changed'}): run the backfill again`,
      )
    }
    const known = (column: number) => coverage.columns[column] ?? since_ms
    const columns = { ...coverage.columns }
    for (const column of schema.columns) columns[column] = Math.min(since_ms, known(column))
    const parts = Array.from({ length: Math.max(proof.length, coverage.proof.length) }, (_, part) => part)
    // What was pruned when the retention was shorter is there again; since then nothing was pruned that it does not allow.
    const kept_ms = Math.max(since_ms, now() - record.retention_ms)
    const isWhole = record.retention_ms === written.retention_ms
    return {
      ...record,
      pruned_ms: isWhole ? Math.min(record.pruned_ms, kept_ms) : record.pruned_ms,
      coverage: {
        since_ms: Math.min(since_ms, coverage.since_ms ?? since_ms),
        columns,
        reason: null,
        // Marks only ever grow, so the later ones prove the earlier rows, too.
        proof: parts.map((part) => Math.max(proof[part] ?? 0, coverage.proof[part] ?? 0)),
      },
    }
  })
}

/** Writes the rows of one part after another. */
class PartFiller {
  readonly fingerprint: string
  readonly generation: number
  readonly #timeline: TimelineModel
  readonly #written: TimelineRecord
  readonly #plan: BlockPlan
  readonly #rowsTotal: number
  readonly #options: BackfillOptions
  readonly #refusals: string[]

  constructor(
    timeline: TimelineModel,
    written: TimelineRecord,
    { generation }: BackfillProgress,
    rowsTotal: number,
    options: BackfillOptions,
    refusals: string[],
  ) {
    this.fingerprint = timeline.fingerprint
    this.generation = generation
    this.#timeline = timeline
    this.#written = written
    this.#plan = blockPlan(timeline, writtenColumns(timeline, written.schemas))
    this.#rowsTotal = rowsTotal
    this.#options = options
    this.#refusals = refusals
  }

  /** Throws a MarkMovedError where another process works on the part, too, or the store went back. */
  async fill(part: number, progress: BackfillProgress): Promise<void> {
    const { store, archive, clock, now, signal, onProgress } = this.#options
    const { retention_ms, schemas } = this.#written
    const { source } = this.#timeline
    const { key, scattered } = this.#plan
    const columns = archiveColumns(source)
    const expiry = (newest_ms: number) => (clock === 'wall' ? expiryOf(retention_ms, now(), newest_ms) : null)
    const loader = new TimelineLoader(store, new RowEncoder(schemas), expiry, scattered)
    const filler = new KeyedRows(this.#timeline, loader)
    let mark = (await partMarks(store, this.fingerprint))[part] ?? 0
    const flush = async () => {
      if (await loader.flush(partMove(this.fingerprint, part, mark))) mark++
    }
    let rows = 0
    let refused = 0
    const blocks = archive.scan({
      table: source.archive!.table,
      key: key.map((column) => columns[column]!),
      id: columns[source.id]!,
      time: columns[source.time]!,
      columns: this.#plan.columns.map((column) => columns[column]!),
      precision: source.precision,
      from_ms: progress.from_ms,
      to_ms: null,
      part,
      parts: progress.parts,
    })
    for await (const block of blocks) {
      signal.throwIfAborted()
      const read = blockReader(block, this.#timeline, this.#plan)
      for (let row = 0; row < block.rows; row++) {
        const problem = read.problem(row) ?? filler.add(block, read, row)
        if (problem !== null) {
          refused++
          if (this.#refusals.length < REFUSED_TOLD_MAX) this.#refusals.push(problem)
        }
      }
      rows += block.rows
      if (loader.isFull) await flush()
      const { parts } = progress
      onProgress?.({ part, parts, rows: rowsDone(progress) + rows, rowsTotal: this.#rowsTotal })
    }
    await flush()
    await partDone(store, this.fingerprint, this.generation, part, { mark, rows, refused })
  }
}

/** Gives rows to the loader under their timeline's key. Those of a key come one after another, where the archive can group them. */
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

  /** Answers what is wrong with a row that no timeline can hold; else null. */
  add(block: ArchiveBlock, read: BlockReader, row: number): string | null {
    let changed = false
    for (let part = 0; part < this.#last.length; part++) {
      const value = read.keyPart(row, part)
      if (value !== this.#last[part]) {
        this.#last[part] = value
        changed = true
      }
    }
    // A key that is computed can be null: the event belongs to no entity then.
    if (this.#last.includes(null)) return null
    if (changed || !this.#loader.isOpen) {
      const { source, key, fingerprint } = this.#timeline
      const parts = key.map((column, i) => keyText(source.columns[column]!.type, this.#last[i]!))
      this.#loader.open(timelineKey(fingerprint, parts))
    }
    read.values(row, this.#row)
    const low = block.id[2 * row]!
    const high = block.id[2 * row + 1]!
    try {
      this.#loader.add(block.time_ms[row]!, low, high, read.version(row), read.deleted(row), this.#row)
    } catch (error) {
      if (error instanceof RowError) return error.message
      throw error
    }
    return null
  }
}
