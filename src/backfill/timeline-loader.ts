import type { MarkMove, OnlineStore, TimelineAppend, TimelineKey } from '../stores/online-store.ts'
import type { Value } from '../timeline/column-type.ts'
import { compact } from '../timeline/compact.ts'
import type { RowEncoder } from '../timeline/row-codec.ts'

/** Encoded bytes held before they are written: large enough to pay for a commit to disk. */
const FLUSH_BYTES = 4 * 1024 * 1024

/** Collects whole timelines and adds them to the store by the batch. */
export class TimelineLoader {
  readonly #store: OnlineStore
  readonly #encoder: RowEncoder
  readonly #expiry: (newest_ms: number) => number | null
  readonly #scattered: boolean
  readonly #pending: { key: TimelineKey; start: number; newest_ms: number }[] = []
  #open = false

  /** `scattered`: rows of one key come at any time, again and again. */
  constructor(
    store: OnlineStore,
    encoder: RowEncoder,
    expiry: (newest_ms: number) => number | null,
    scattered = false,
  ) {
    this.#scattered = scattered
    this.#store = store
    this.#encoder = encoder
    this.#expiry = expiry
  }

  /** Rows added now go to the key that was opened last. */
  get isOpen(): boolean {
    return this.#open
  }

  get isFull(): boolean {
    return this.#encoder.length >= FLUSH_BYTES
  }

  open(key: TimelineKey): void {
    this.#pending.push({ key, start: this.#encoder.length, newest_ms: 0 })
    this.#open = true
  }

  add(
    time_ms: number,
    idLow: number,
    idHigh: number,
    version: number,
    deleted: boolean,
    values: readonly Value[],
  ): void {
    this.#encoder.add(time_ms, idLow, idHigh, version, deleted, values)
    const pending = this.#pending.at(-1)!
    if (time_ms > pending.newest_ms) pending.newest_ms = time_ms
  }

  /**
   * Writes what was collected, and moves the mark that proves it. Timelines that held something already, from the stream or an earlier run, are tidied up
   * afterwards, so that reads need not sort them. Answers whether there was anything.
   */
  async flush(move: MarkMove): Promise<boolean> {
    this.#open = false
    const rows = this.#encoder.take()
    const appends = this.#pending
      .map(({ key, start, newest_ms }, i) => ({
        key,
        rows: rows.subarray(start, this.#pending[i + 1]?.start ?? rows.length),
        expires_at_ms: this.#expiry(newest_ms),
      }))
      .filter((append) => append.rows.length > 0)
    this.#pending.length = 0
    if (appends.length === 0) return false
    if (this.#scattered) {
      // Each batch has rows of most entities: tidied after each, they would be rewritten over and over. Reads find them untidy.
      await this.#store.append(joined(appends), [move])
      return true
    }
    const keys = [...new Set(appends.map(({ key }) => key))]
    const before = await this.#store.read(keys)
    await this.#store.append(appends, [move])
    const again = keys.filter((_, i) => before[i] !== null)
    for (const [i, held] of (await this.#store.read(again)).entries()) {
      if (held === null) continue
      const tidy = compact(held, null)
      // Where something was appended in between, the timeline is left as it is: it is right all the same.
      if (tidy !== held) await this.#store.swap(again[i]!, held, tidy)
    }
    return true
  }
}

/** One append for each key. */
function joined(appends: readonly TimelineAppend[]): TimelineAppend[] {
  const byKey = new Map<TimelineKey, TimelineAppend[]>()
  for (const append of appends) {
    const list = byKey.get(append.key)
    if (list === undefined) byKey.set(append.key, [append])
    else list.push(append)
  }
  return [...byKey].map(([key, list]) => {
    const expiries = list.map(({ expires_at_ms }) => expires_at_ms)
    return {
      key,
      rows: list.length === 1 ? list[0]!.rows : Buffer.concat(list.map(({ rows }) => rows)),
      expires_at_ms: expiries.includes(null) ? null : Math.max(...(expiries as number[])),
    }
  })
}
