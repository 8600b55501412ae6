import { setImmediate as nextTurn } from 'node:timers/promises'
import { LmdbEnvironment } from '../lmdb/environment.ts'
import type { Mark, MarkMove, OnlineStore, StoredDocument, TimelineAppend, TimelineKey } from '../online-store.ts'
import { checkAppends, checkDocument, checkKey, checkMoves } from './append-check.ts'
import { EmbeddedDocuments } from './embedded-documents.ts'
import { EMBEDDED_LIMITS, type EmbeddedDatabases, type EmbeddedLimits, openDatabases } from './embedded-layout.ts'
import { sizeOf } from './embedded-size.ts'
import { EmbeddedWriter } from './embedded-writer.ts'
import { TimelineValues } from './timeline-values.ts'

/** Timelines that one step of a walk looks at, and one transaction erases: about a millisecond of the main thread. */
const WALK_KEYS = 1_000

/** Opens (or creates) the online store in a folder. Throws a StoreInUseError while another process has it open. */
export async function openEmbeddedOnlineStore(
  folder: string,
  limits: EmbeddedLimits = EMBEDDED_LIMITS,
): Promise<EmbeddedOnlineStore> {
  return new EmbeddedOnlineStore(await LmdbEnvironment.open(folder), limits)
}

/**
 * The online store over LMDB, in one process. To change a row in place costs LMDB a page of 4 KiB; so an append is
 * acknowledged when it is in the journal (one sequential write for all rows of all concurrent calls), is read from
 * memory, and reaches its timeline's tail later, sorted, together with the other rows of the same page.
 *
 * An append whose mark has moved writes no rows. A timeline that is being removed may be read in part. Bytes that are given
 * must not change until the promise resolves.
 */
export class EmbeddedOnlineStore implements OnlineStore {
  readonly #environment: LmdbEnvironment
  readonly #databases: EmbeddedDatabases
  readonly #documents: EmbeddedDocuments
  readonly #values: TimelineValues
  readonly #writer: EmbeddedWriter
  #open = true

  constructor(environment: LmdbEnvironment, limits: EmbeddedLimits) {
    this.#environment = environment
    this.#databases = openDatabases(environment)
    this.#documents = new EmbeddedDocuments(this.#databases.documents)
    this.#values = new TimelineValues(this.#databases, limits)
    this.#writer = new EmbeddedWriter(environment, this.#databases, this.#values, limits)
  }

  async read(keys: readonly TimelineKey[]): Promise<(Uint8Array | null)[]> {
    this.#check()
    // No await in between: all that is read in one turn of the event loop is one snapshot.
    const rows: (Uint8Array | null)[] = []
    for (const key of keys) {
      checkKey(key)
      rows.push(this.#rows(key))
    }
    return rows
  }

  async append(appends: readonly TimelineAppend[], moves: readonly MarkMove[] = []): Promise<void> {
    this.#check()
    const bytes = checkAppends(appends)
    checkMoves(moves)
    if (appends.length > 0 || moves.length > 0) await this.#writer.append(appends, moves, bytes)
  }

  async swap(key: TimelineKey, seen: Uint8Array, next: Uint8Array): Promise<boolean> {
    this.#check()
    checkKey(key)
    return this.#writer.job(async () => {
      const rows = this.#rows(key)
      if (rows === null || Buffer.compare(rows.subarray(0, seen.length), seen) !== 0) return false
      if (next.length === 0 && rows.length === seen.length) await this.#writer.erase([key])
      else await this.#writer.replace(key, [next, rows.subarray(seen.length)], this.#expires_at_ms(key))
      return true
    })
  }

  async marks(group?: string): Promise<Mark[]> {
    this.#check()
    return this.#writer.image.marks.of(group)
  }

  async groups(): Promise<string[]> {
    this.#check()
    return this.#writer.image.marks.groups()
  }

  async removeMarks(group: string, topic?: string): Promise<void> {
    this.#check()
    await this.#writer.job(() => this.#writer.removeMarks(group, topic))
  }

  async *keys(prefix: string): AsyncGenerator<TimelineKey> {
    this.#check()
    // Taken first: what is folded during the walk may come to stand behind it.
    const recent = new Set<string>()
    for (const key of this.#writer.image.keys()) if (key.startsWith(prefix)) recent.add(key)
    for await (const keys of this.#walk(prefix)) {
      for (const key of keys) recent.delete(key)
      yield* keys
    }
    for (const key of recent) if (this.#has(key)) yield key
  }

  async remove(prefix: string): Promise<void> {
    this.#check()
    await this.#eraseInSteps(this.keys(prefix), () => true)
  }

  async expire(now_ms: number): Promise<number> {
    this.#check()
    return this.#eraseInSteps(this.keys(''), (key) => this.#expires_at_ms(key) < now_ms)
  }

  async document(name: string): Promise<StoredDocument | null> {
    this.#check()
    return this.#documents.get(name)
  }

  async documents(prefix: string): Promise<Map<string, StoredDocument>> {
    this.#check()
    return this.#documents.all(prefix)
  }

  async putDocument(name: string, value: unknown, expected: number): Promise<boolean> {
    this.#check()
    const json = checkDocument(name, value)
    return this.#writer.job(async () => {
      if ((this.#documents.get(name)?.version ?? 0) !== expected) return false
      await this.#writer.commit(this.#documents.write(name, expected + 1, json))
      return true
    })
  }

  async removeDocument(name: string, expected: number): Promise<boolean> {
    this.#check()
    return this.#writer.job(async () => {
      if (this.#documents.get(name)?.version !== expected) return false
      await this.#writer.commit(this.#documents.removal(name))
      return true
    })
  }

  async size(): Promise<{ timelines: number; bytes: number }> {
    this.#check()
    return sizeOf(this.#databases, this.#writer.image)
  }

  async close(): Promise<void> {
    this.#open = false
    await this.#environment.close()
  }

  #check(): void {
    if (!this.#open) throw new Error(`the online store in ${this.#environment.folder} is closed`)
  }

  #rows(key: string): Buffer | null {
    const { image } = this.#writer
    return this.#values.read(key, image.older(key), image.newer(key))
  }

  #has(key: string): boolean {
    const { image } = this.#writer
    return image.older(key) !== undefined || image.newer(key) !== undefined || this.#values.tail(key) !== null
  }

  #expires_at_ms(key: string): number {
    return Math.max(this.#values.tail(key)?.expires_at_ms ?? -Infinity, this.#writer.image.expires_at_ms(key))
  }

  /** The keys of tails that begin with a prefix, some at a time, as a long-lived snapshot would keep LMDB from using space again. */
  async *#walk(prefix: string): AsyncGenerator<string[]> {
    let start = prefix || '\0'
    for (;;) {
      this.#check()
      const keys = [...this.#databases.tails.getKeys({ start, limit: WALK_KEYS })]
      const within = keys.filter((key) => key.startsWith(prefix))
      yield within
      if (keys.length < WALK_KEYS || within.length < keys.length) return
      start = `${keys.at(-1)}\0`
      await nextTurn()
    }
  }

  async #eraseInSteps(keys: AsyncIterable<string>, erased: (key: string) => boolean): Promise<number> {
    let count = 0
    const erase = (step: readonly string[]) =>
      this.#writer.job(async () => {
        // Looked at again: an append may have come in between.
        const still = step.filter((key) => this.#has(key) && erased(key))
        if (still.length > 0) await this.#writer.erase(still)
        count += still.length
      })
    let step: string[] = []
    for await (const key of keys) {
      if (erased(key)) step.push(key)
      if (step.length < WALK_KEYS) continue
      await erase(step)
      step = []
    }
    await erase(step)
    return count
  }
}
