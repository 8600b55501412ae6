import type { EmbeddedDatabases, EmbeddedLimits } from './embedded-layout.ts'
import { NO_TAIL, readTail, TAIL_HEADER_BYTES, type Tail, writeTail } from './embedded-layout.ts'
import { copyBytes, type Recent } from './recent-rows.ts'

/** What a timeline's values become. */
export interface TimelineWrite {
  readonly key: string
  /** Null: the timeline is removed. */
  readonly tail: Buffer | null
  /** New pages, numbered from `first` on. */
  readonly first: number
  readonly pages: readonly Buffer[]
  /** Pages from here up to this number are removed. */
  readonly removed: readonly [from: number, to: number]
}

/** The tails and pages of timelines. Every read sees the last transaction that was committed when the event loop turned. */
export class TimelineValues {
  readonly #databases: EmbeddedDatabases
  readonly #limits: EmbeddedLimits
  #source: ArrayBufferLike | null = null
  #view: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(TAIL_HEADER_BYTES))

  constructor(databases: EmbeddedDatabases, limits: EmbeddedLimits) {
    this.#databases = databases
    this.#limits = limits
  }

  /** The header of a timeline's tail; null where it has none. */
  tail(key: string): Tail | null {
    const value = this.#databases.tails.getBinaryFast(key)
    return value === undefined ? null : readTail(this.#viewOf(value))
  }

  /**
   * All rows of a timeline in the order they came: pages, tail, then what is only in memory, of which the tail says what it
   * holds by now. Null where there is nothing.
   */
  read(key: string, older: Recent | undefined, newer: Recent | undefined): Buffer | null {
    const value = this.#databases.tails.getBinaryFast(key)
    if (value === undefined && older === undefined && newer === undefined) return null
    // LMDB's scratch buffer is longer than the value: its `length` is the value's, and the next get overwrites it.
    const tailLength = value === undefined ? 0 : value.length - TAIL_HEADER_BYTES
    const view = value === undefined ? null : this.#viewOf(value)
    const folded = view === null ? 0 : view.getFloat64(0)
    const pages = view === null ? 0 : view.getUint32(24)
    let at = view === null ? 0 : view.getFloat64(16)
    const olderLength = older !== undefined && older.entry > folded ? older.to - older.from : 0
    const newerLength = newer !== undefined && newer.entry > folded ? newer.to - newer.from : 0
    const length = at + tailLength + olderLength + newerLength
    if (length === 0) return null
    const rows = Buffer.allocUnsafe(length)
    if (value !== undefined) copyBytes(value, TAIL_HEADER_BYTES, TAIL_HEADER_BYTES + tailLength, rows, at)
    at += tailLength
    if (olderLength > 0) copyBytes(older!.bytes, older!.from, older!.to, rows, at)
    at += olderLength
    if (newerLength > 0) copyBytes(newer!.bytes, newer!.from, newer!.to, rows, at)
    if (pages > 0) this.#readPages(key, pages, rows)
    return rows
  }

  /** The tail (and page) that a timeline needs to hold the rows that wait in memory; null where it holds them already. */
  fold(key: string, recent: Recent, folded: number): TimelineWrite | null {
    const value = this.#databases.tails.getBinaryFast(key)
    const tail = value === undefined ? NO_TAIL : readTail(this.#viewOf(value))
    if (tail.folded >= recent.entry) return null
    const tailLength = value === undefined ? 0 : value.length - TAIL_HEADER_BYTES
    const recentLength = recent.to - recent.from
    const all = Buffer.allocUnsafe(TAIL_HEADER_BYTES + tailLength + recentLength)
    if (value !== undefined) copyBytes(value, TAIL_HEADER_BYTES, TAIL_HEADER_BYTES + tailLength, all, TAIL_HEADER_BYTES)
    copyBytes(recent.bytes, recent.from, recent.to, all, TAIL_HEADER_BYTES + tailLength)
    const expires_at_ms = Math.max(tail.expires_at_ms, recent.expires_at_ms)
    return this.#lay(key, all, { ...tail, folded, expires_at_ms }, [0, 0])
  }

  /** What a timeline needs to hold `rows` and nothing else. */
  replace(key: string, rows: readonly Uint8Array[], folded: number, expires_at_ms: number): TimelineWrite {
    const all = Buffer.concat([Buffer.alloc(TAIL_HEADER_BYTES), ...rows])
    const pages = this.tail(key)?.pages ?? 0
    return this.#lay(key, all, { folded, expires_at_ms, pages: 0, page_bytes: 0 }, [0, pages])
  }

  /** What removes a timeline. */
  erase(key: string): TimelineWrite {
    return { key, tail: null, first: 0, pages: [], removed: [0, this.tail(key)?.pages ?? 0] }
  }

  /** Puts a write into the transaction that is being made. */
  put({ key, tail, first, pages, removed }: TimelineWrite): void {
    for (let page = removed[0]; page < removed[1]; page++) this.#databases.pages.remove([key, page])
    for (let i = 0; i < pages.length; i++) this.#databases.pages.put([key, first + i], pages[i]!)
    if (tail === null) this.#databases.tails.remove(key)
    else this.#databases.tails.put(key, tail)
  }

  /** Splits the rows of `all`, which come after room for a header, into new pages and a tail. */
  #lay(key: string, all: Buffer, tail: Tail, old: readonly [number, number]): TimelineWrite {
    const { tail_bytes, page_bytes } = this.#limits
    const pages: Buffer[] = []
    let at = TAIL_HEADER_BYTES
    while (all.length - at + TAIL_HEADER_BYTES > tail_bytes) {
      const page = all.subarray(at, at + page_bytes)
      pages.push(page)
      at += page.length
    }
    // A new tail of its own where pages were split off: theirs is the buffer's beginning.
    let value = all
    if (pages.length > 0) {
      value = Buffer.allocUnsafe(TAIL_HEADER_BYTES + all.length - at)
      all.copy(value, TAIL_HEADER_BYTES, at)
    }
    const header = {
      ...tail,
      pages: tail.pages + pages.length,
      page_bytes: tail.page_bytes + at - TAIL_HEADER_BYTES,
    }
    writeTail(header, new DataView(value.buffer, value.byteOffset, TAIL_HEADER_BYTES))
    return { key, tail: value, first: tail.pages, pages, removed: [Math.max(old[0], header.pages), old[1]] }
  }

  #readPages(key: string, pages: number, rows: Buffer): void {
    let at = 0
    for (let number = 0; number < pages; number++) {
      const page = this.#databases.pages.getBinaryFast([key, number])
      if (page === undefined)
        throw new Error(`page ${number} of timeline ${key} is gone: the store's files are damaged`)
      copyBytes(page, 0, page.length, rows, at)
      at += page.length
    }
  }

  /** LMDB reads into one buffer, which it changes only to enlarge it. */
  #viewOf(value: Buffer): DataView {
    if (value.buffer !== this.#source) {
      this.#source = value.buffer
      this.#view = new DataView(value.buffer, value.byteOffset)
    }
    return this.#view
  }
}
