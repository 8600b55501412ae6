import type {
  Mark,
  MarkMove,
  OnlineStore,
  StoredDocument,
  TimelineAppend,
  TimelineKey,
} from '../stores/online-store.ts'
import type { Metrics, StoreOperation } from './metrics.ts'

/** An online store whose reads, appends and swaps are measured; all else it passes on as it is. */
export class MeteredStore implements OnlineStore {
  readonly #store: OnlineStore
  readonly #metrics: Metrics

  constructor(store: OnlineStore, metrics: Metrics) {
    this.#store = store
    this.#metrics = metrics
  }

  read(keys: readonly TimelineKey[]): Promise<(Uint8Array | null)[]> {
    return this.#measured('read', () => this.#store.read(keys))
  }

  append(appends: readonly TimelineAppend[], moves?: readonly MarkMove[]): Promise<void> {
    return this.#measured('append', () => this.#store.append(appends, moves))
  }

  swap(key: TimelineKey, seen: Uint8Array, next: Uint8Array): Promise<boolean> {
    return this.#measured('swap', () => this.#store.swap(key, seen, next))
  }

  marks(group?: string): Promise<Mark[]> {
    return this.#store.marks(group)
  }

  groups(): Promise<string[]> {
    return this.#store.groups()
  }

  removeMarks(group: string, topic?: string): Promise<void> {
    return this.#store.removeMarks(group, topic)
  }

  keys(prefix: string): AsyncIterable<TimelineKey> {
    return this.#store.keys(prefix)
  }

  remove(prefix: string): Promise<void> {
    return this.#store.remove(prefix)
  }

  expire(now_ms: number): Promise<number> {
    return this.#store.expire(now_ms)
  }

  document(name: string): Promise<StoredDocument | null> {
    return this.#store.document(name)
  }

  documents(prefix: string): Promise<Map<string, StoredDocument>> {
    return this.#store.documents(prefix)
  }

  putDocument(name: string, value: unknown, expected: number): Promise<boolean> {
    return this.#store.putDocument(name, value, expected)
  }

  removeDocument(name: string, expected: number): Promise<boolean> {
    return this.#store.removeDocument(name, expected)
  }

  size(): Promise<{ readonly timelines: number | null; readonly bytes: number | null }> {
    return this.#store.size()
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  async #measured<T>(operation: StoreOperation, call: () => Promise<T>): Promise<T> {
    const start_ms = performance.now()
    let failed = true
    try {
      const answer = await call()
      failed = false
      return answer
    } finally {
      this.#metrics.store(operation, (performance.now() - start_ms) / 1_000, failed)
    }
  }
}
