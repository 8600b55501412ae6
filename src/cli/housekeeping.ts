import type { Model } from '../features/model.ts'
import { timelinePrefix } from '../features/timeline-key.ts'
import { streamedTopics } from '../features/topic-router.ts'
import { archiveGroup, isArchivedHere } from '../stores/archive-columns.ts'
import type { EventLog } from '../stores/event-log.ts'
import type { OnlineStore, TimelineKey } from '../stores/online-store.ts'
import { NotRegisteredError, readTimeline, readTimelines, updateTimeline } from '../stores/timeline-registry.ts'
import { compact } from '../timeline/compact.ts'
import { RowError } from '../timeline/row-codec.ts'
import { rewriteTimelines } from './rewrite-timelines.ts'

/** The log keeps what is everywhere already for a week more, so that a store that was lost is rebuilt from it. */
const LOG_KEPT_MS = 7 * 24 * 3_600_000

/** Timelines waiting to be compacted at most; more are found again by the next read. */
const UNTIDY_MAX = 10_000

/** Drops from the log what the online store and the archive both hold, after a week. Answers how many messages. */
export async function trimLog(
  store: OnlineStore,
  log: EventLog,
  model: Model,
  group: string,
  now_ms: number,
): Promise<number> {
  const marks = await store.marks(group)
  let trimmed = 0
  for (const [topic, sources] of streamedTopics(model.sources.values())) {
    const archived: ReadonlyMap<number, number>[] = []
    for (const source of sources.filter(isArchivedHere)) archived.push(await log.committed(archiveGroup(source), topic))
    for (const { partition } of await log.ranges(topic)) {
      const mark = marks.find((one) => one.topic === topic && one.partition === partition)?.offset ?? 0
      const offset = Math.min(mark, ...archived.map((own) => own.get(partition) ?? 0))
      trimmed += await log.trim(topic, partition, offset, now_ms - LOG_KEPT_MS)
    }
  }
  return trimmed
}

/**
 * Rewrites one timeline without what is expired, double or beaten (L8). Answers how many copies went that had the version of the one
 * that won and differed from it: somebody sends an event twice, and not the same.
 */
export async function compactKey(store: OnlineStore, key: TimelineKey, expired_ms: number | null): Promise<number> {
  const [held] = await store.read([key])
  if (held == null) return 0
  const told = { conflicts: 0 }
  const tidy = compact(held, expired_ms, told)
  if (tidy === held) return 0
  return (await store.swap(key, held, tidy)) ? told.conflicts : 0
}

/**
 * Removes expired timelines and prunes the rest, of one source or of all, by the longest retention that is registered. For the wall
 * clock only.
 */
export async function sweep(store: OnlineStore, now_ms: number, signal: AbortSignal, source?: string): Promise<void> {
  await store.expire(now_ms)
  for (const record of (await readTimelines(store)).values()) {
    if (source !== undefined && record.source !== source) continue
    const expired_ms = now_ms - record.retention_ms
    // Said before it is done, so that nobody takes a pruned window for a whole one.
    const pruned = updateTimeline(store, record.fingerprint, (found) => ({
      ...found,
      pruned_ms: Math.max(found.pruned_ms, expired_ms),
    }))
    // One that was removed since has no rows to prune.
    if ((await pruned.catch(unlessRemoved)) === null) continue
    const mayStill = async () => {
      // Somebody may need it for longer now, and fill it again.
      const found = await readTimeline(store, record.fingerprint)
      return !signal.aborted && found !== null && found.retention_ms <= record.retention_ms
    }
    const prune = (rows: Uint8Array) => compactOrLeave(rows, expired_ms)
    await rewriteTimelines(store, timelinePrefix(record.fingerprint), mayStill, prune, 1)
    if (signal.aborted) return
  }
}

/** What is no rows stays: whoever reads it is told, and all others are pruned. */
function compactOrLeave(rows: Uint8Array, expired_ms: number): Uint8Array {
  try {
    return compact(rows, expired_ms)
  } catch (error) {
    if (error instanceof RowError) return rows
    throw error
  }
}

function unlessRemoved(error: unknown): null {
  if (error instanceof NotRegisteredError) return null
  throw error
}

/** Compacts, in the background, timelines that a read found untidy. */
export class Compactor {
  readonly #store: OnlineStore
  /** By key: the source of its timeline. */
  readonly #waiting = new Map<TimelineKey, string>()
  readonly #onConflicts: (source: string, count: number) => void
  #running: Promise<void> | null = null

  /** `onConflicts` is told of copies of one version of an event that differed. */
  constructor(store: OnlineStore, onConflicts: (source: string, count: number) => void = () => {}) {
    this.#store = store
    this.#onConflicts = onConflicts
  }

  add(key: TimelineKey, source: string): void {
    if (this.#waiting.size >= UNTIDY_MAX) return
    this.#waiting.set(key, source)
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  async stop(): Promise<void> {
    this.#waiting.clear()
    await this.#running
  }

  async #run(): Promise<void> {
    // Begins after the read that found it, which somebody waits for.
    await new Promise((resolve) => setImmediate(resolve))
    for (const [key, source] of this.#waiting) {
      this.#waiting.delete(key)
      // A failure leaves the timeline as it is, which is right but untidy; the next read asks again.
      const conflicts = await compactKey(this.#store, key, null).catch(() => 0)
      if (conflicts > 0) this.#onConflicts(source, conflicts)
    }
  }
}
