import type { Mark, MarkMove, OnlineStore, StoredDocument, TimelineAppend, TimelineKey } from '../online-store.ts'
import { checkAppends, checkDocument, checkKey, checkMoves } from './append-check.ts'
import { MarkMoves, MarkTable } from './mark-table.ts'

interface Timeline {
  readonly rows: Uint8Array
  /** Infinity: never. */
  readonly expires_at_ms: number
}

/**
 * A whole online store in memory, for tests: it keeps every law of {@link OnlineStore} but durability. A call acts at once, as
 * it is made; an append whose mark has moved writes no rows.
 */
export class MemoryOnlineStore implements OnlineStore {
  readonly #timelines = new Map<TimelineKey, Timeline>()
  readonly #marks = new MarkTable()
  /** As JSON, so that what is read is a copy. */
  readonly #documents = new Map<string, { version: number; json: string }>()
  #open = true

  async read(keys: readonly TimelineKey[]): Promise<(Uint8Array | null)[]> {
    this.#check()
    keys.forEach(checkKey)
    return keys.map((key) => {
      const held = this.#timelines.get(key)
      return held === undefined ? null : Uint8Array.from(held.rows)
    })
  }

  async append(appends: readonly TimelineAppend[], moves: readonly MarkMove[] = []): Promise<void> {
    this.#check()
    checkAppends(appends)
    checkMoves(moves)
    const marks = new MarkMoves(this.#marks)
    marks.take(moves)
    for (const { key, rows, expires_at_ms } of appends) {
      const held = this.#timelines.get(key)
      this.#timelines.set(key, {
        rows: held === undefined ? Uint8Array.from(rows) : joined(held.rows, rows),
        expires_at_ms: Math.max(held?.expires_at_ms ?? -Infinity, expires_at_ms ?? Infinity),
      })
    }
    for (const mark of marks.moved) this.#marks.set(mark)
  }

  async swap(key: TimelineKey, seen: Uint8Array, next: Uint8Array): Promise<boolean> {
    this.#check()
    checkKey(key)
    const held = this.#timelines.get(key)
    if (held === undefined || Buffer.compare(held.rows.subarray(0, seen.length), seen) !== 0) return false
    const rows = joined(next, held.rows.subarray(seen.length))
    if (rows.length === 0) this.#timelines.delete(key)
    else this.#timelines.set(key, { rows, expires_at_ms: held.expires_at_ms })
    return true
  }

  async marks(group?: string): Promise<Mark[]> {
    this.#check()
    return this.#marks.of(group)
  }

  async groups(): Promise<string[]> {
    this.#check()
    return this.#marks.groups()
  }

  async removeMarks(group: string, topic?: string): Promise<void> {
    this.#check()
    this.#marks.remove(group, topic)
  }

  async *keys(prefix: string): AsyncGenerator<TimelineKey> {
    this.#check()
    for (const key of [...this.#timelines.keys()]) if (key.startsWith(prefix)) yield key
  }

  async remove(prefix: string): Promise<void> {
    this.#check()
    for (const key of this.#timelines.keys()) if (key.startsWith(prefix)) this.#timelines.delete(key)
  }

  async expire(now_ms: number): Promise<number> {
    this.#check()
    let expired = 0
    for (const [key, { expires_at_ms }] of this.#timelines) {
      if (expires_at_ms < now_ms && this.#timelines.delete(key)) expired++
    }
    return expired
  }

  async document(name: string): Promise<StoredDocument | null> {
    this.#check()
    const found = this.#documents.get(name)
    return found === undefined ? null : { version: found.version, value: JSON.parse(found.json) }
  }

  async documents(prefix: string): Promise<Map<string, StoredDocument>> {
    this.#check()
    const found = new Map<string, StoredDocument>()
    for (const [name, { version, json }] of this.#documents) {
      if (name.startsWith(prefix)) found.set(name, { version, value: JSON.parse(json) })
    }
    return found
  }

  async putDocument(name: string, value: unknown, expected: number): Promise<boolean> {
    this.#check()
    const json = checkDocument(name, value)
    if ((this.#documents.get(name)?.version ?? 0) !== expected) return false
    this.#documents.set(name, { version: expected + 1, json })
    return true
  }

  async removeDocument(name: string, expected: number): Promise<boolean> {
    this.#check()
    return this.#documents.get(name)?.version === expected && this.#documents.delete(name)
  }

  async size(): Promise<{ timelines: number; bytes: number }> {
    this.#check()
    let bytes = 0
    for (const { rows } of this.#timelines.values()) bytes += rows.length
    return { timelines: this.#timelines.size, bytes }
  }

  async close(): Promise<void> {
    this.#open = false
  }

  #check(): void {
    if (!this.#open) throw new Error('the online store is closed')
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}
