import { blockPlan, blockReader } from '../backfill/block-rows.ts'
import type { TimelineStats } from '../features/memory-estimate.ts'
import type { TimelineModel } from '../features/model.ts'
import { archiveColumns } from '../stores/archive-columns.ts'
import type { ArchiveBlock, ArchiveColumn, ArchiveScan, BlockColumn, EventArchive } from '../stores/event-archive.ts'
import { postJson } from './answer.ts'
import type { Backend } from './request.ts'

/** About how many rows a sample has: enough to see a hundredth of all entities, few enough to be sent as JSON. */
const ROWS_WANTED = 20_000

/** What is asked for: `parts` tells how small a part of the archive the sample is. */
export type SampleScan = Omit<ArchiveScan, 'part' | 'to_ms'>

interface SampledColumn {
  readonly kind: BlockColumn['kind']
  /** Null where nothing is known, or what there is can be no value. */
  readonly values: readonly (string | number | null)[]
}

interface SampledBlock {
  readonly rows: number
  readonly key: readonly SampledColumn[]
  readonly time_ms: readonly number[]
  readonly columns: readonly SampledColumn[]
}

/** A part of what the archive has, by the hash of the key, as JSON; twice as many rows as are wanted at most. */
export async function archiveSample(archive: EventArchive, scan: SampleScan): Promise<{ blocks: SampledBlock[] }> {
  const blocks: SampledBlock[] = []
  let rows = 0
  for await (const block of archive.scan({ ...scan, part: 0, to_ms: null })) {
    blocks.push(sampled(block))
    rows += block.rows
    if (rows >= 2 * ROWS_WANTED) break
  }
  return { blocks }
}

function sampled({ rows, key, time_ms, columns }: ArchiveBlock): SampledBlock {
  const column = ({ kind, values }: BlockColumn): SampledColumn => ({
    kind,
    values: Array.from<string | number | null>(values),
  })
  return { rows, key: key.map(column), time_ms: Array.from(time_ms), columns: columns.map(column) }
}

function revived({ rows, key, time_ms, columns }: SampledBlock): ArchiveBlock {
  const column = ({ kind, values }: SampledColumn): BlockColumn =>
    kind === 'strings'
      ? { kind, values: values as (string | null)[] }
      : { kind, values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))) }
  const times = Float64Array.from(time_ms, (time) => time ?? Number.NaN)
  return { rows, key: key.map(column), id: new Uint32Array(2 * rows), time_ms: times, columns: columns.map(column) }
}

/**
 * What the archive has of a timeline whose key is computed, so that no statement can count its entities: from a sample, whose keys are computed
 * here. `all`: of all events of the source.
 */
export async function computedStats(
  backend: Backend,
  timeline: TimelineModel,
  from_ms: number | null,
  all: TimelineStats,
): Promise<TimelineStats | null> {
  const { source } = timeline
  const plan = blockPlan(timeline, [])
  const columns = archiveColumns(source)
  const named = (numbers: readonly number[]): ArchiveColumn[] => numbers.map((number) => columns[number]!)
  const scan: SampleScan = {
    ...{ table: source.archive!.table, key: named(plan.key), id: columns[source.id]!, time: columns[source.time]! },
    ...{ columns: named(plan.columns), precision: source.precision, from_ms },
    parts: Math.max(1, Math.ceil(all.rows / ROWS_WANTED)),
  }
  const { blocks } = await postJson<{ blocks: SampledBlock[] }>(backend, '/admin/v1/archive-sample', scan)
  const rowsOf = new Map<string, number>()
  let read = 0
  let kept = 0
  for (const block of blocks) {
    const reader = blockReader(revived(block), timeline, plan)
    for (let row = 0; row < block.rows; row++) {
      read++
      if (reader.problem(row) !== null) continue
      const parts = timeline.key.map((_, part) => reader.keyPart(row, part))
      if (parts.includes(null)) continue
      kept++
      const key = JSON.stringify(parts)
      rowsOf.set(key, (rowsOf.get(key) ?? 0) + 1)
    }
  }
  if (kept === 0) return null
  const share = Math.min(1, read / all.rows)
  // A part that is not computed brings all rows of an entity into one part of the archive.
  const isWhole = timeline.key.some((column) => column < source.raw.length)
  return {
    ...all,
    rows: Math.round((all.rows * kept) / read),
    keys: entitiesIn(rowsOf, scan.parts === 1 ? 1 : share, isWhole),
  }
}

/**
 * How many entities there are, by the rows of those in a sample. Of single rows by chance: the guaranteed-error estimator (Charikar et al.,
 * Towards Estimation Error Guarantees for Distinct Values, 2000), which is off by at most the root of the share, whatever the data.
 */
function entitiesIn(rowsOf: ReadonlyMap<string, number>, share: number, isWhole: boolean): number {
  if (share === 1) return rowsOf.size
  if (isWhole) return Math.round(rowsOf.size / share)
  const single = [...rowsOf.values()].filter((rows) => rows === 1).length
  return Math.round(Math.sqrt(1 / share) * single + rowsOf.size - single)
}
