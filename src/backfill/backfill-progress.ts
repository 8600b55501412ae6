import type { OnlineStore } from '../stores/online-store.ts'
import { updateDocument } from '../stores/timeline-registry.ts'

/** How far a backfill has come. Document `backfill/<fingerprint>`; a run that fits it goes on behind its finished parts. */
export interface BackfillProgress {
  /** The row schema that is written. */
  readonly schema: number
  readonly archiveEpoch: number
  /** Where the archive is read from, event time; null: from its beginning. */
  readonly from_ms: number | null
  readonly parts: number
  readonly done: readonly number[]
  readonly rows: number
  readonly refused: number
}

/** A backfill that was broken off is gone on with for this long; later its beginning would be too old to be worth it. */
const RESUME_MS_MAX = 24 * 3_600_000

const name = (fingerprint: string) => `backfill/${fingerprint}`

export async function readProgress(store: OnlineStore, fingerprint: string): Promise<BackfillProgress | null> {
  return ((await store.document(name(fingerprint)))?.value ?? null) as BackfillProgress | null
}

/** Takes up a run that was broken off where it did the same work; else begins one. */
export function beginProgress(
  store: OnlineStore,
  fingerprint: string,
  fresh: BackfillProgress,
): Promise<BackfillProgress> {
  return updateDocument<BackfillProgress>(store, name(fingerprint), (found) => {
    const same =
      found !== null &&
      found.schema === fresh.schema &&
      found.archiveEpoch === fresh.archiveEpoch &&
      found.done.length < found.parts &&
      (found.from_ms === fresh.from_ms ||
        (found.from_ms !== null && fresh.from_ms !== null && fresh.from_ms - found.from_ms < RESUME_MS_MAX))
    return same ? found : fresh
  })
}

export function partDone(
  store: OnlineStore,
  fingerprint: string,
  part: number,
  rows: number,
  refused: number,
): Promise<BackfillProgress> {
  return updateDocument<BackfillProgress>(store, name(fingerprint), (found) => {
    if (found === null) throw new Error(`the progress of backfill ${fingerprint} is gone`)
    if (found.done.includes(part)) return found
    return { ...found, done: [...found.done, part], rows: found.rows + rows, refused: found.refused + refused }
  })
}
