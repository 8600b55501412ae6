/** A timeline's key in the store: see `timelineKey`. Compared by its bytes; at most 1,900 bytes. */
export type TimelineKey = string

/** Rows to add to one timeline. */
export interface TimelineAppend {
  readonly key: TimelineKey
  /**
   * What the key begins with, as many others do, where its parts are at hand: it is `head`, `text` and a closing brace, and a store that
   * can write it so need not put it together. A head is ASCII, a text well-formed Unicode.
   */
  readonly head?: string
  readonly text?: string
  /** Whole encoded rows, laid end to end. Not empty. */
  readonly rows: Uint8Array
  /**
   * Wall-clock instant before which the timeline may not expire, in epoch milliseconds; null: it never expires.
   * The store keeps the latest of those it was given (null being the latest of all).
   */
  readonly expires_at_ms: number | null
}

/** The mark of one log partition: every message below `offset` is in this store (L11). */
export interface Mark {
  /** The consumer group: one hash of what is written (L13). */
  readonly group: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Moves a mark from the offset that this writer last saw (null: there was no mark) to the next. */
export interface MarkMove extends Mark {
  readonly from: number | null
}

/** A small JSON document: registries, coverage. `version` counts its writes from 1. */
export interface StoredDocument {
  readonly version: number
  readonly value: unknown
}

/**
 * Holds timelines as bytes, and proves what it holds. The laws that every adapter keeps:
 *
 * - Acknowledged means durable: when a promise resolves, a kill -9 loses nothing of it.
 * - `append` adds rows first and moves the marks last: a mark seen by anyone proves every row before it.
 * - Rows come back as they were put, laid end to end, in any order, as often as they were put. Union is the reader's.
 * - A failed read throws; it is never an empty answer.
 */
export interface OnlineStore {
  /**
   * The rows of each timeline, in the order of `keys`; null for one that was never written (or has expired).
   * The bytes belong to the caller. All keys of one call are read in one batch. An adapter that keeps a timeline in
   * several values makes its further rounds inside this call.
   */
  read(keys: readonly TimelineKey[]): Promise<(Uint8Array | null)[]>
  /**
   * Adds rows to timelines, then moves marks. Throws {@link MarkMovedError}, moving no mark, where one of them is not at
   * its `from`: the rows may be there by then, which is harmless.
   */
  append(appends: readonly TimelineAppend[], moves?: readonly MarkMove[]): Promise<void>
  /**
   * Replaces the beginning of a timeline: where its first `seen.length` bytes are still `seen`, they become `next`, and what
   * was appended since stays. Answers false, changing nothing, where they are not. An empty `next` with nothing appended
   * since removes the timeline. Keeps the expiry.
   */
  swap(key: TimelineKey, seen: Uint8Array, next: Uint8Array): Promise<boolean>
  /** Marks of a group, or of all, in no order. */
  marks(group?: string): Promise<Mark[]>
  /** Every group that has a mark. */
  groups(): Promise<string[]>
  /**
   * Takes all marks of a group away, or those of one topic: nothing is proven of it any more. Nobody takes that for a store that went
   * back.
   */
  removeMarks(group: string, topic?: string): Promise<void>
  /** Walks over the keys that begin with `prefix`, in no promised order; keys written meanwhile may be missed. */
  keys(prefix: string): AsyncIterable<TimelineKey>
  /** Removes every timeline whose key begins with `prefix`. */
  remove(prefix: string): Promise<void>
  /** Removes timelines whose expiry is before `now_ms`; a store that does this by itself does nothing. Answers how many. */
  expire(now_ms: number): Promise<number>
  document(name: string): Promise<StoredDocument | null>
  /** Every document whose name begins with `prefix`. */
  documents(prefix: string): Promise<Map<string, StoredDocument>>
  /** Writes a document if its version is still `expected` (0: it is not there). Answers false where it is not. */
  putDocument(name: string, value: unknown, expected: number): Promise<boolean>
  /** Removes a document if its version is still `expected`. Answers false where it is not. A later one counts from 1 again. */
  removeDocument(name: string, expected: number): Promise<boolean>
  /** Bytes and timelines held, as far as the store can tell cheaply. */
  size(): Promise<{ readonly timelines: number | null; readonly bytes: number | null }>
  close(): Promise<void>
}

/** A mark was not where its writer had left it: another writer moved it, or the store went back. Read it and replay. */
export class MarkMovedError extends Error {
  override readonly name = 'MarkMovedError'
  readonly code = 'MARK_MOVED'
  readonly move: MarkMove
  readonly found: number | null
  constructor(move: MarkMove, found: number | null) {
    super(
      `the mark of ${move.topic}/${move.partition} for ${move.group} is at ${found ?? 'nothing'}, not at ${move.from ?? 'nothing'}: ` +
        'another writer moved it or the store went back; replay from the mark',
    )
    this.move = move
    this.found = found
  }
}
