/** A timeline's rows that are in the journal but not in its tail. */
export interface Recent {
  /** Holds the rows at `from` up to `to`; up to `end` there is room for more. */
  bytes: Buffer
  from: number
  to: number
  end: number
  /** The last journal entry with rows of this timeline. */
  entry: number
  /** Infinity: never. */
  expires_at_ms: number
}

/** What a timeline costs in memory besides its rows: its entry in the map, the record and the key. */
const RECENT_OVERHEAD_BYTES = 160

/** Keys are sorted in runs of this many as they come: about 2 ms of work at a time. */
const RUN_KEYS = 4_096

const ROOM_BYTES_MIN = 128

/** Below this a loop copies faster than a call of `set`, which needs a view of its source. */
const LOOP_BYTES_MAX = 48

/** Rows that were acknowledged and wait to be folded into tails, by timeline; in memory they are read, in the journal they last. */
export class RecentRows {
  readonly #rows = new Map<string, Recent>()
  /** Every key that was ever added, in sorted runs. */
  readonly #runs: string[][] = []
  #run: string[] = []
  #bytes = 0

  /** About how much memory and journal all this takes. */
  get bytes(): number {
    return this.#bytes
  }

  get(key: string): Recent | undefined {
    return this.#rows.get(key)
  }

  entries(): IterableIterator<[string, Recent]> {
    return this.#rows.entries()
  }

  /** Adds rows of a journal entry, which is kept and must not change. */
  add(key: string, bytes: Buffer, from: number, to: number, entry: number, expires_at_ms: number): void {
    const recent = this.#rows.get(key)
    if (recent === undefined) {
      this.#rows.set(key, { bytes, from, to, end: to, entry, expires_at_ms })
      this.#bytes += RECENT_OVERHEAD_BYTES
      this.#run.push(key)
      if (this.#run.length === RUN_KEYS) this.#endRun()
      return
    }
    const added = to - from
    if (recent.to + added > recent.end) grow(recent, added)
    copyBytes(bytes, from, to, recent.bytes, recent.to)
    recent.to += added
    recent.entry = entry
    if (expires_at_ms > recent.expires_at_ms) recent.expires_at_ms = expires_at_ms
  }

  /** Counts a journal entry. */
  addBytes(bytes: number): void {
    this.#bytes += bytes
  }

  delete(key: string): void {
    this.#rows.delete(key)
  }

  /** All keys, in about the order of LMDB's pages, so that neighbours are written together. Nothing may be added after this. */
  *sortedKeys(): Generator<string> {
    this.#endRun()
    const at = this.#runs.map(() => 0)
    for (;;) {
      let first = -1
      let key = ''
      for (let run = 0; run < at.length; run++) {
        const head = this.#runs[run]![at[run]!]
        if (head !== undefined && (first < 0 || head < key)) {
          first = run
          key = head
        }
      }
      if (first < 0) return
      at[first]!++
      yield key
    }
  }

  #endRun(): void {
    if (this.#run.length > 0) this.#runs.push(this.#run.sort())
    this.#run = []
  }
}

function grow(recent: Recent, added: number): void {
  const length = recent.to - recent.from
  const bytes = Buffer.allocUnsafe(Math.max(2 * (length + added), ROOM_BYTES_MIN))
  copyBytes(recent.bytes, recent.from, recent.to, bytes, 0)
  recent.bytes = bytes
  recent.from = 0
  recent.to = length
  recent.end = bytes.length
}

export function copyBytes(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  if (to - from <= LOOP_BYTES_MAX) for (let i = from, j = at; i < to; i++, j++) target[j] = source[i]!
  else target.set(source.subarray(from, to), at)
}
