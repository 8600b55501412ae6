import type { Model, TimelineModel } from '../features/model.ts'
import type { OnlineStore, StoredDocument } from './online-store.ts'
import { evolveTimeline, type Lost, remembered, type TimelineRecord } from './timeline-record.ts'

/** What a record is, and what it says. */
export * from './timeline-record.ts'

const name = (fingerprint: string) => `timeline/${fingerprint}`

/** How often a document is tried again when another process wrote it in between. */
const CAS_TRIES_MAX = 100

/** Changes a document by a pure function until no other writer comes in between. Answers what is stored then. */
export async function updateDocument<T>(
  store: OnlineStore,
  document: string,
  change: (value: T | null) => T | Promise<T>,
): Promise<T> {
  for (let i = 0; i < CAS_TRIES_MAX; i++) {
    const found = await store.document(document)
    const value = (found?.value ?? null) as T | null
    const next = await change(value)
    if (next === value) return next
    if (await store.putDocument(document, next, found?.version ?? 0)) return next
  }
  throw new Error(`document ${document} was written by others ${CAS_TRIES_MAX} times in a row`)
}

/** Every timeline that the store has ever held, by fingerprint. */
export async function readTimelines(store: OnlineStore): Promise<Map<string, TimelineRecord>> {
  return timelinesIn(await store.documents(name('')))
}

/** The same from documents that were read. */
export function timelinesIn(documents: ReadonlyMap<string, StoredDocument>): Map<string, TimelineRecord> {
  const found = [...documents].filter(([document]) => document.startsWith(name('')))
  return new Map(found.map(([, { value }]) => [(value as TimelineRecord).fingerprint, value as TimelineRecord]))
}

export async function readTimeline(store: OnlineStore, fingerprint: string): Promise<TimelineRecord | null> {
  return ((await store.document(name(fingerprint)))?.value ?? null) as TimelineRecord | null
}

/** The store does not know a timeline that was registered in it: it lost what it held, or somebody took it for unused. */
export class NotRegisteredError extends Error {
  override readonly name = 'NotRegisteredError'
  readonly code = 'NOT_REGISTERED'
  constructor(fingerprint: string) {
    super(`timeline ${fingerprint} is not registered: the online store lost it, or it was taken for unused`)
  }
}

export function updateTimeline(
  store: OnlineStore,
  fingerprint: string,
  change: (record: TimelineRecord) => TimelineRecord,
): Promise<TimelineRecord> {
  return updateDocument<TimelineRecord>(store, name(fingerprint), (record) => {
    if (record === null) throw new NotRegisteredError(fingerprint)
    return change(record)
  })
}

export interface RegisterOptions {
  readonly lost?: (timeline: TimelineModel) => Lost
  /** What the caller knew of the timelines: a store that forgot them must go on with the same schema numbers. */
  readonly known?: ReadonlyMap<string, TimelineRecord>
}

/** Registers every timeline of a model. `positions` gives, by topic, the offset that the stream goes on from in each partition. */
export async function registerTimelines(
  store: OnlineStore,
  model: Model,
  positions: (topic: string) => Readonly<Record<string, number>>,
  now_ms: number,
  { lost, known }: RegisterOptions = {},
): Promise<Map<string, TimelineRecord>> {
  const records = new Map<string, TimelineRecord>()
  for (const timeline of model.timelines.values()) {
    const { fingerprint, source } = timeline
    const start = positions(source.topic)
    const record = await updateDocument<TimelineRecord>(store, name(fingerprint), async (found) => {
      const forgotten = found ?? remembered(known?.get(fingerprint), await removedTimeline(store, fingerprint))
      const lack = found === null && forgotten !== null ? 'all' : lost?.(timeline)
      return evolveTimeline(forgotten, timeline, start, now_ms, lack)
    })
    records.set(fingerprint, record)
  }
  return records
}

const removedName = (fingerprint: string) => `removed/${fingerprint}`

/** What is kept of a timeline that was removed, so that its schema numbers never get another meaning. */
async function removedTimeline(store: OnlineStore, fingerprint: string): Promise<TimelineRecord | null> {
  return ((await store.document(removedName(fingerprint)))?.value ?? null) as TimelineRecord | null
}

/** Takes a timeline out of the registry, if it is as it was read. Its rows must be gone by then. Answers false where it is not. */
export async function forgetTimeline(store: OnlineStore, record: TimelineRecord, version: number): Promise<boolean> {
  // First, so that whoever finds the timeline missing finds this.
  await updateDocument<TimelineRecord>(store, removedName(record.fingerprint), () => record)
  return store.removeDocument(name(record.fingerprint), version)
}

/** A record and the version of its document; null where there is none. */
export async function findTimeline(
  store: OnlineStore,
  fingerprint: string,
): Promise<{ readonly record: TimelineRecord; readonly version: number } | null> {
  const found = await store.document(name(fingerprint))
  return found === null ? null : { record: found.value as TimelineRecord, version: found.version }
}

/** Writes a record, if it is as it was read. Answers false where it is not. */
export function replaceTimeline(store: OnlineStore, record: TimelineRecord, version: number): Promise<boolean> {
  return store.putDocument(name(record.fingerprint), record, version)
}

/** How often a source's archive changed otherwise than by the stream. Document `archive/<source>`. */
interface ArchiveEpoch {
  readonly epoch: number
}

export async function archiveEpoch(store: OnlineStore, source: string): Promise<number> {
  return ((await store.document(`archive/${source}`))?.value as ArchiveEpoch | undefined)?.epoch ?? 0
}

/**
 * Notes that rows go straight into a source's archive: what was back-filled before does not hold them, so the source's
 * timelines are incomplete until the next backfill, and one that is under way does not count. Call it before the first row
 * and again after the last.
 */
export async function archiveLoaded(store: OnlineStore, source: string): Promise<void> {
  await updateDocument<ArchiveEpoch>(store, `archive/${source}`, (value) => ({ epoch: (value?.epoch ?? 0) + 1 }))
  for (const record of (await readTimelines(store)).values()) {
    if (record.source === source) {
      await uncover(store, record.fingerprint, 'events were loaded into its archive since the last backfill')
    }
  }
}

/**
 * Makes a timeline incomplete, for a reason that people are told, until it is back-filled. `handover`: by partition, up to where
 * the log can no longer give what is missing, so that the archive must.
 */
export function uncover(
  store: OnlineStore,
  fingerprint: string,
  reason: string,
  handover: Readonly<Record<string, number>> = {},
): Promise<TimelineRecord> {
  return updateTimeline(store, fingerprint, (record) => {
    const { positions } = record.handover
    return {
      ...record,
      coverage: { since_ms: null, columns: {}, reason, proof: [] },
      handover: { ...record.handover, positions: positions === null ? null : furthest(positions, handover) },
      generation: record.generation + 1,
    }
  })
}

/** Of each partition the higher of two offsets. */
export function furthest(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const all: Record<string, number> = { ...a }
  for (const [partition, offset] of Object.entries(b)) all[partition] = Math.max(offset, all[partition] ?? 0)
  return all
}
