import type { OnlineStore } from '../stores/online-store.ts'
import { updateDocument } from '../stores/timeline-registry.ts'
import { BackfillError } from './backfill-error.ts'

/** Who works on a part, and until when the others leave it to them, wall clock in epoch milliseconds. */
interface Claim {
  readonly by: string
  readonly until_ms: number
}

/** A finished part: where its mark was then, and how many rows it had. */
interface DonePart {
  readonly mark: number
  readonly rows: number
  readonly refused: number
}

/** How far a backfill has come. Document `backfill/<fingerprint>`; any number of processes work on its parts, at once or one after another. */
export interface BackfillProgress {
  /** The row schema that is written. */
  readonly schema: number
  readonly archiveEpoch: number
  /** The timeline's, when it began. */
  readonly generation: number
  /** Where the archive is read from, event time; null: from its beginning. */
  readonly from_ms: number | null
  readonly parts: number
  readonly done: Readonly<Record<string, DonePart>>
  readonly claims: Readonly<Record<string, Claim>>
}

/** A backfill that was broken off is gone on with for this long; later its beginning would be too old to be worth it. */
const RESUME_MS_MAX = 24 * 3_600_000

/** A part whose worker says nothing for so long goes to another. */
export const CLAIM_MS = 20_000

const name = (fingerprint: string) => `backfill/${fingerprint}`

export async function readProgress(store: OnlineStore, fingerprint: string): Promise<BackfillProgress | null> {
  return ((await store.document(name(fingerprint)))?.value ?? null) as BackfillProgress | null
}

/** The timeline whose progress a document tells; null: it is another kind of document. */
export function progressTimeline(document: string): string | null {
  return document.startsWith(name('')) ? document.slice(name('').length) : null
}

/** Forgets how far a backfill has come: one that is under way begins anew. */
export async function forgetProgress(store: OnlineStore, fingerprint: string): Promise<void> {
  const found = await store.document(name(fingerprint))
  if (found !== null) await store.removeDocument(name(fingerprint), found.version)
}

export const isFinished = ({ done, parts }: BackfillProgress): boolean => Object.keys(done).length === parts

export const rowsDone = ({ done }: BackfillProgress): number =>
  Object.values(done).reduce((sum, { rows }) => sum + rows, 0)

export const rowsRefused = ({ done }: BackfillProgress): number =>
  Object.values(done).reduce((sum, { refused }) => sum + refused, 0)

/** By part: the marks that prove that all are in the store. */
export const proofOf = ({ done, parts }: BackfillProgress): number[] =>
  Array.from({ length: parts }, (_, part) => done[part]?.mark ?? 0)

/** Takes up a run that is under way or was broken off where it does the same work; else begins one. */
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
      found.generation === fresh.generation &&
      !isFinished(found) &&
      (found.from_ms === fresh.from_ms ||
        (found.from_ms !== null && fresh.from_ms !== null && fresh.from_ms - found.from_ms < RESUME_MS_MAX))
    return same ? found : fresh
  })
}

function change(
  store: OnlineStore,
  fingerprint: string,
  generation: number,
  by: (found: BackfillProgress) => BackfillProgress,
): Promise<BackfillProgress> {
  return updateDocument<BackfillProgress>(store, name(fingerprint), (found) => {
    if (found?.generation !== generation) {
      throw new BackfillError('STORE_CHANGED', 'others have begun the backfill anew: run it again')
    }
    return by(found)
  })
}

/** Takes a part that is neither done nor anybody's; null: there is none at present. `alone`: others that claimed one are gone. */
export async function claimPart(
  store: OnlineStore,
  fingerprint: string,
  generation: number,
  { by, alone }: { readonly by: string; readonly alone: boolean },
  now_ms: number,
): Promise<{ readonly part: number | null; readonly progress: BackfillProgress }> {
  let part: number | null = null
  const progress = await change(store, fingerprint, generation, (found) => {
    const free = (one: number) =>
      found.done[one] === undefined && (alone || (found.claims[one]?.until_ms ?? 0) < now_ms)
    const next = Array.from({ length: found.parts }, (_, one) => one).find(free)
    part = next ?? null
    return next === undefined
      ? found
      : { ...found, claims: { ...found.claims, [next]: { by, until_ms: now_ms + CLAIM_MS } } }
  })
  return { part, progress }
}

/** Keeps a part that is ours for longer. */
export async function renewClaim(
  store: OnlineStore,
  fingerprint: string,
  generation: number,
  part: number,
  by: string,
  now_ms: number,
): Promise<void> {
  await change(store, fingerprint, generation, (found) =>
    found.claims[part]?.by === by
      ? { ...found, claims: { ...found.claims, [part]: { by, until_ms: now_ms + CLAIM_MS } } }
      : found,
  )
}

/** Lets go of a part that was not finished. */
export async function releasePart(
  store: OnlineStore,
  fingerprint: string,
  generation: number,
  part: number,
  by: string,
): Promise<void> {
  await change(store, fingerprint, generation, (found) => {
    if (found.claims[part]?.by !== by) return found
    const { [String(part)]: _, ...claims } = found.claims
    return { ...found, claims }
  })
}

export function partDone(
  store: OnlineStore,
  fingerprint: string,
  generation: number,
  part: number,
  done: DonePart,
): Promise<BackfillProgress> {
  return change(store, fingerprint, generation, (found) => ({ ...found, done: { ...found.done, [part]: done } }))
}

/** Takes back parts whose rows the store has lost. */
export function partsLost(
  store: OnlineStore,
  fingerprint: string,
  generation: number,
  marks: readonly number[],
): Promise<BackfillProgress> {
  return change(store, fingerprint, generation, (found) => {
    const kept = Object.entries(found.done).filter(([part, { mark }]) => (marks[Number(part)] ?? 0) >= mark)
    if (kept.length === Object.keys(found.done).length) return found
    const claims = Object.fromEntries(Object.entries(found.claims).filter(([part]) => found.done[part] === undefined))
    return { ...found, done: Object.fromEntries(kept), claims }
  })
}
