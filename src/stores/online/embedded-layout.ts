import type { Database } from 'lmdb'
import type { LmdbEnvironment } from '../lmdb/environment.ts'
import { type KeyEncoder, numbersKey, textKey } from '../lmdb/key-encoder.ts'

/** A page of a timeline: its key and number. The number has four bytes, so no two pages of different timelines share a key. */
export type PageKey = [key: string, number: number]

const pageKey: KeyEncoder<PageKey> = {
  writeKey: ([key, number], target, start) => target.writeUInt32BE(number, textKey.writeKey(key, target, start)),
  readKey: (source, start, end) => [textKey.readKey(source, start, end - 4), source.readUInt32BE(end - 4)],
}

/** The databases of the store. */
export interface EmbeddedDatabases {
  /** By timeline key: a {@link Tail} and its rows. */
  readonly tails: Database<Buffer, string>
  /** Older rows of long timelines; a page never changes, and is removed when `swap` merges all. */
  readonly pages: Database<Buffer, PageKey>
  /** By (entry, part): what was acknowledged and is not in the tails yet. */
  readonly journal: Database<Buffer, number[]>
  /** By JSON of (group, topic, partition): the offset as text. */
  readonly marks: Database<Buffer, string>
  /** By name: version, a blank, JSON. */
  readonly documents: Database<Buffer, string>
  /** `folded`: the number of the last journal entry that was removed, so that numbers are never used twice. */
  readonly state: Database<Buffer, string>
}

export function openDatabases(environment: LmdbEnvironment): EmbeddedDatabases {
  return {
    tails: environment.database('tails', textKey),
    pages: environment.database('pages', pageKey),
    journal: environment.database('journal', numbersKey),
    marks: environment.database('marks', textKey),
    documents: environment.database('documents', textKey),
    state: environment.database('state', textKey),
  }
}

/** Sizes that the store works with. The defaults are measured; tests take small ones, to pass every boundary. */
export interface EmbeddedLimits {
  /**
   * Longest tail, with its header. LMDB keeps a value in the leaf page, beside others, while it and its key stay below half a
   * page (2,030 bytes); a longer one takes whole pages of its own, and reading or writing it touches one page more.
   */
  readonly tail_bytes: number
  /** Longest page: 16 LMDB pages with their header. Few sizes keep the free list easy to use again. */
  readonly page_bytes: number
  /**
   * How much may wait in the journal (and in memory) before it is folded into the tails: more rows of one key, and more keys of
   * one LMDB page, are then written at once, but opening after a kill takes longer (about 10 ms a MiB).
   */
  readonly recent_bytes: number
  /** Timelines folded in one transaction: the main thread works for about a millisecond, then others have their turn. */
  readonly fold_keys: number
}

export const EMBEDDED_LIMITS: EmbeddedLimits = {
  tail_bytes: 1_900,
  page_bytes: 16 * 4_096 - 16,
  recent_bytes: 64 * 1024 * 1024,
  fold_keys: 1_000,
}

/** What a tail value begins with. */
export interface Tail {
  /** The last journal entry whose rows are in the tail or its pages: later ones are still in memory. */
  readonly folded: number
  /** Infinity: never. */
  readonly expires_at_ms: number
  readonly pages: number
  /** Bytes of rows in all pages. */
  readonly page_bytes: number
}

/** folded f64, expires_at_ms f64, page_bytes f64, pages u32. */
export const TAIL_HEADER_BYTES = 28

export const NO_TAIL: Tail = { folded: 0, expires_at_ms: -Infinity, pages: 0, page_bytes: 0 }

export function writeTail(tail: Tail, target: DataView): void {
  target.setFloat64(0, tail.folded)
  target.setFloat64(8, tail.expires_at_ms)
  target.setFloat64(16, tail.page_bytes)
  target.setUint32(24, tail.pages)
}

export function readTail(source: DataView): Tail {
  return {
    folded: source.getFloat64(0),
    expires_at_ms: source.getFloat64(8),
    page_bytes: source.getFloat64(16),
    pages: source.getUint32(24),
  }
}
