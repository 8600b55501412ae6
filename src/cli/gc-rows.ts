import { forgetProgress } from '../backfill/backfill-progress.ts'
import { timelinePrefix } from '../features/timeline-key.ts'
import { backfillGroup } from '../stores/backfill-marks.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { findTimeline, forgetTimeline, replaceTimeline, type TimelineRecord } from '../stores/timeline-registry.ts'
import { compact } from '../timeline/compact.ts'
import { RowNarrower } from '../timeline/narrow.ts'
import { RowError } from '../timeline/row-codec.ts'
import { type RowSchema, retireColumns } from '../timeline/row-schema.ts'
import { rewriteTimelines } from './rewrite-timelines.ts'

/** Timelines that were appended to in between are looked at again so often. */
const PASSES_MAX = 3

const NOTHING = new Uint8Array(0)

export interface RowsDeps {
  readonly store: OnlineStore
  /** 0: no other process works on the store. */
  readonly writers_ms: number
}

/**
 * Removes the rows of a timeline, what tells of its backfills, and then the timeline itself from the registry. Answers false where somebody
 * has taken it up since it was marked with `token`, or removes it, too: what is left is theirs.
 */
export async function removeTimeline(
  { store, writers_ms }: RowsDeps,
  fingerprint: string,
  token: string,
): Promise<boolean> {
  const known = await findTimeline(store, fingerprint)
  // What nobody has registered stays so: who does comes with rows of its own.
  const isOurs = async () => {
    const found = await findTimeline(store, fingerprint)
    return known === null ? found === null : found !== null && isMarked(found.record, token)
  }
  if (!(await isOurs())) return false
  const prefix = timelinePrefix(fingerprint)
  if (writers_ms === 0) await store.remove(prefix)
  else if (!(await rewriteTimelines(store, prefix, isOurs, () => NOTHING, PASSES_MAX))) return false
  await store.removeMarks(backfillGroup(fingerprint))
  await forgetProgress(store, fingerprint)
  const found = await findTimeline(store, fingerprint)
  if (found === null) return known === null
  return isMarked(found.record, token) && forgetTimeline(store, found.record, found.version)
}

/** Whoever wants it again registers it first, which ends that. */
const isMarked = ({ removing }: TimelineRecord, token: string): boolean => removing === token

/** Rewrites the rows of a timeline without columns that are retired. Answers false where somebody wants one of them again. */
export async function narrowRows(
  store: OnlineStore,
  fingerprint: string,
  columns: readonly number[],
): Promise<boolean> {
  const found = await findTimeline(store, fingerprint)
  if (found === null || !areRetired(found.record, columns)) return false
  const retired = retireColumns(found.record.schemas, new Set(columns))
  // A schema that is not registered yet, as somebody has added others since: the next run has it from its beginning.
  if (retired === null || retired.schemas !== found.record.schemas) return false
  const narrow = narrowing(found.record, retired.narrower)
  const isOurs = async () => {
    const now = await findTimeline(store, fingerprint)
    return now !== null && areRetired(now.record, columns)
  }
  if (!(await rewriteTimelines(store, timelinePrefix(fingerprint), isOurs, narrow, PASSES_MAX))) return false
  for (;;) {
    const now = await findTimeline(store, fingerprint)
    if (now === null || !areRetired(now.record, columns)) return false
    const narrowed = [...new Set([...(now.record.narrowed ?? []), ...columns])].sort((a, b) => a - b)
    if (await replaceTimeline(store, { ...now.record, narrowed }, now.version)) return true
  }
}

function areRetired({ schemas }: TimelineRecord, columns: readonly number[]): boolean {
  return columns.every((column) => schemas.retired?.includes(column))
}

/** Of each event one row is left, the winner: so no copy can win that did not win before. */
function narrowing(
  { schemas }: TimelineRecord,
  narrower: ReadonlyMap<number, RowSchema>,
): (rows: Uint8Array) => Uint8Array {
  const narrow = new RowNarrower(schemas, narrower)
  return (rows) => {
    try {
      return narrow.narrow(compact(rows, null))
    } catch (error) {
      // Rows that cannot be read stay: whoever asks for them is told.
      if (error instanceof RowError) return rows
      throw error
    }
  }
}
