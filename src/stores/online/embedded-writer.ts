import type { LmdbEnvironment } from '../lmdb/environment.ts'
import type { MarkMove, TimelineAppend } from '../online-store.ts'
import { markKey } from './append-check.ts'
import type { EmbeddedDatabases, EmbeddedLimits } from './embedded-layout.ts'
import { encodeAppends, encodeErasure } from './journal-entry.ts'
import { MarkMoves } from './mark-table.ts'
import { MemoryImage } from './memory-image.ts'
import type { TimelineValues, TimelineWrite } from './timeline-values.ts'

/** Bytes of rows of concurrent calls that are joined into one transaction. */
const GROUP_BYTES_MAX = 16 * 1024 * 1024

interface PendingAppend {
  readonly appends: readonly TimelineAppend[]
  readonly moves: readonly MarkMove[]
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Changes the store: one transaction after the other, each followed by the same change of what is in memory. */
export class EmbeddedWriter {
  readonly #environment: LmdbEnvironment
  readonly #databases: EmbeddedDatabases
  readonly #values: TimelineValues
  readonly #limits: EmbeddedLimits
  #image: MemoryImage
  /** A transaction failed: whether it is on the disk is not known, so the image must be read again before the next. */
  #doubtful = false
  #pending: PendingAppend[] = []

  constructor(
    environment: LmdbEnvironment,
    databases: EmbeddedDatabases,
    values: TimelineValues,
    limits: EmbeddedLimits,
  ) {
    this.#environment = environment
    this.#databases = databases
    this.#values = values
    this.#limits = limits
    this.#image = new MemoryImage(databases, values, limits)
  }

  /** What was acknowledged and is not in the tails. */
  get image(): MemoryImage {
    return this.#image
  }

  /** Runs what changes the store, after all that came before. */
  job<T>(job: () => Promise<T>): Promise<T> {
    return this.#environment.exclusive(async () => {
      if (this.#doubtful) {
        this.#image = new MemoryImage(this.#databases, this.#values, this.#limits)
        this.#doubtful = false
      }
      return job()
    })
  }

  /** One transaction. Only inside a {@link job}. */
  async commit(write: () => void): Promise<void> {
    try {
      await this.#environment.commit(write)
    } catch (error) {
      this.#doubtful = true
      throw error
    }
  }

  /** Adds rows and then moves marks. While one group of calls is being written the next one gathers. */
  append(appends: readonly TimelineAppend[], moves: readonly MarkMove[], bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ appends, moves, bytes, resolve, reject })
      if (this.#pending.length === 1) this.#writePending()
    })
  }

  /** Makes a timeline hold `rows` and nothing else. Only inside a {@link job}. */
  async replace(key: string, rows: readonly Uint8Array[], expires_at_ms: number): Promise<void> {
    const write = this.#values.replace(key, rows, this.#image.journal.last, expires_at_ms)
    await this.commit(() => this.#values.put(write))
    this.#image.drop(key)
  }

  /** Erases timelines for good: the journal says so, as it may still hold rows of theirs. Only inside a {@link job}. */
  async erase(keys: readonly string[]): Promise<void> {
    const { journal, recent } = this.#image
    const writes = keys.map((key) => this.#values.erase(key))
    const entry = encodeErasure(keys)
    const number = journal.last + 1
    let parts = 0
    await this.commit(() => {
      parts = journal.put(number, entry)
      for (const write of writes) this.#values.put(write)
    })
    journal.added(number, parts)
    recent.addBytes(entry.length)
    for (const key of keys) this.#image.drop(key)
  }

  /** Takes the marks of a group away, or those of one topic. Only inside a {@link job}. */
  async removeMarks(group: string, only?: string): Promise<void> {
    const { marks } = this.#image
    const gone = marks.of(group).filter(({ topic }) => topic === (only ?? topic))
    const keys = gone.map(({ topic, partition }) => markKey(group, topic, partition))
    await this.commit(() => {
      for (const key of keys) this.#databases.marks.remove(key)
    })
    marks.remove(group, only)
  }

  #writePending(): void {
    this.job(() => this.#writeGroup()).catch((error) => {
      for (const { reject } of this.#pending.splice(0)) reject(error)
    })
  }

  /** Writes the calls that have gathered, as one transaction and one journal entry: rows first, then marks. */
  async #writeGroup(): Promise<void> {
    await this.#makeRoom()
    const { journal, marks, recent } = this.#image
    const moves = new MarkMoves(marks)
    const group = this.#takeGroup(moves)
    if (this.#pending.length > 0) this.#writePending()
    if (group.length === 0) return
    try {
      const { entry, rows } = encodeAppends(group.flatMap(({ appends }) => appends))
      const number = journal.last + 1
      let parts = 0
      await this.commit(() => {
        if (rows.length > 0) parts = journal.put(number, entry)
        for (const { group, topic, partition, offset } of moves.moved) {
          this.#databases.marks.put(markKey(group, topic, partition), Buffer.from(String(offset)))
        }
      })
      if (rows.length > 0) {
        journal.added(number, parts)
        recent.addBytes(entry.length)
        for (const { key, from, to, expires_at_ms } of rows) recent.add(key, entry, from, to, number, expires_at_ms)
      }
      for (const mark of moves.moved) marks.set(mark)
      for (const { resolve } of group) resolve()
      this.#foldOn(rows.length)
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  /** Calls that fit into one transaction. One whose marks have moved is refused, and leaves the others alone. */
  #takeGroup(moves: MarkMoves): PendingAppend[] {
    const group: PendingAppend[] = []
    let bytes = 0
    while (this.#pending.length > 0 && bytes < GROUP_BYTES_MAX) {
      const pending = this.#pending.shift()!
      try {
        moves.take(pending.moves)
        group.push(pending)
        bytes += pending.bytes
      } catch (error) {
        pending.reject(error)
      }
    }
    return group
  }

  /** Where too much waits in memory, an append waits until the fold that is under way is through. */
  async #makeRoom(): Promise<void> {
    if (this.#image.recent.bytes < this.#limits.recent_bytes) return
    while (this.#image.fold !== null) await this.#foldStep(this.#image)
    this.#image.beginFold()
  }

  /** Folds on in the background: as many timelines as were appended to, so that a fold ends before the next one is due. */
  #foldOn(timelines: number): void {
    const image = this.#image
    if (image.fold === null) return
    const { fold_keys } = this.#limits
    // A step that fails leaves the image doubtful: the next job reads it again, and all goes on from the journal.
    this.job(async () => {
      for (let left = timelines; left > 0 && this.#image === image && image.fold !== null; left -= fold_keys) {
        await this.#foldStep(image)
      }
    }).catch(() => {})
  }

  /** Puts the rows of some more timelines into their tails; after the last, the journal entries go. */
  async #foldStep(image: MemoryImage): Promise<void> {
    const { rows, through, keys } = image.fold!
    const folded: string[] = []
    const writes: TimelineWrite[] = []
    let done = false
    while (!done && folded.length < this.#limits.fold_keys) {
      const { value: key, done: end } = keys.next()
      done = end === true
      const recent = done ? undefined : rows.get(key)
      if (recent === undefined) continue
      folded.push(key)
      const write = this.#values.fold(key, recent, through)
      if (write !== null) writes.push(write)
    }
    await this.commit(() => {
      for (const write of writes) this.#values.put(write)
      if (done) image.journal.remove(through)
    })
    for (const key of folded) rows.delete(key)
    if (!done) return
    image.journal.removed(through)
    image.fold = null
  }
}
