import { CODEC, FLAG_TOMBSTONE, FLAG_VERSION, HEADER_BYTES, RowError } from './row-codec.ts'

/** Below this many rows a sort by insertion beats a call of the engine's sort with its comparisons. */
const INSERTION_SORT_MAX = 48

/**
 * Finds the winners (L1) among rows laid end to end: copies them into scratch memory, reads their headers, sorts them by
 * (time, unsigned id) where they are not so already, and keeps one of each.
 *
 * All arrays are scratch: longer than `count`, overwritten by the next call.
 */
export class RowIndex {
  bytes: Buffer = Buffer.allocUnsafe(16 * 1024)
  view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
  count = 0
  times = new Float64Array(64)
  /** Where each row starts in `bytes`. */
  offsets = new Uint32Array(64)
  /** Where each row's null flags and slots start in `bytes`. Without tombstones only: those have none. */
  bodies = new Uint32Array(64)
  /** The row schema that all rows have; 0 where they have several. */
  schema = 0
  /** True where the last {@link index} met rows out of order or more than once: the bytes are worth a compaction. */
  untidy = false
  #idLow = new Uint32Array(64)
  #idHigh = new Uint32Array(64)
  #order = new Uint32Array(64)
  #keepTimes = new Float64Array(64)
  #keepOffsets = new Uint32Array(64)

  /**
   * Indexes the rows of `stored` with `after_ms < time <= until_ms`. `current`, one row, takes the place of every stored row
   * of the same id (L5). Tombstones beat what they beat; they are kept only with `tombstones`.
   * Throws a RowError for bytes that are not rows.
   */
  index(
    stored: Uint8Array | null,
    current: Uint8Array | null,
    after_ms: number,
    until_ms: number,
    tombstones = false,
  ): void {
    const storedLength = stored?.length ?? 0
    const length = storedLength + (current?.length ?? 0)
    this.#holdBytes(length)
    if (stored !== null) this.bytes.set(stored, 0)
    if (current !== null) this.bytes.set(current, storedLength)
    this.count = 0
    if (!this.#readHeaders(length, storedLength, after_ms, until_ms)) this.#sort()
    this.#keepWinners(tombstones)
  }

  /** Reads headers of the rows in the wanted range of time; answers whether they are strictly ascending. */
  #readHeaders(length: number, storedLength: number, after_ms: number, until_ms: number): boolean {
    const { view } = this
    const hasCurrent = storedLength < length
    const currentLow = hasCurrent ? view.getUint32(storedLength + 12, true) : 0
    const currentHigh = hasCurrent ? view.getUint32(storedLength + 16, true) : 0
    let sorted = true
    let lastTime = -1
    let lastHigh = 0
    let lastLow = 0
    let n = 0
    for (let at = 0; at < length; ) {
      // The row of an event that is being scored may well be out of order: that is no matter of what is stored.
      if (at === storedLength) this.untidy = !sorted
      if (at + HEADER_BYTES > length) throw corrupt(at, length)
      const size = view.getUint16(at, true)
      if (size < HEADER_BYTES || at + size > length) throw corrupt(at, length)
      if (view.getUint8(at + 2) !== CODEC) {
        throw new RowError(
          'ROW_CODEC_UNKNOWN',
          `codec ${view.getUint8(at + 2)} is newer than this version of millrace: upgrade it`,
        )
      }
      const time = view.getUint32(at + 6, true) + view.getUint16(at + 10, true) * 4294967296
      if (time > after_ms && time <= until_ms) {
        const low = view.getUint32(at + 12, true)
        const high = view.getUint32(at + 16, true)
        if (!hasCurrent || at >= storedLength || low !== currentLow || high !== currentHigh) {
          if (n === this.times.length) this.#holdRows(n * 2)
          this.times[n] = time
          this.offsets[n] = at
          this.#idLow[n] = low
          this.#idHigh[n] = high
          sorted &&= time > lastTime || (time === lastTime && (high > lastHigh || (high === lastHigh && low > lastLow)))
          lastTime = time
          lastHigh = high
          lastLow = low
          n++
        }
      }
      at += size
    }
    this.count = n
    if (!hasCurrent) this.untidy = !sorted
    return sorted
  }

  /** Brings rows into the order (time, unsigned id, winner last). */
  #sort(): void {
    const n = this.count
    if (this.#order.length < n) this.#order = new Uint32Array(this.times.length)
    const order = this.#order.subarray(0, n)
    for (let i = 0; i < n; i++) order[i] = i
    if (n <= INSERTION_SORT_MAX) {
      for (let i = 1; i < n; i++) {
        const row = order[i]!
        let j = i - 1
        while (j >= 0 && this.#compare(order[j]!, row) > 0) {
          order[j + 1] = order[j]!
          j--
        }
        order[j + 1] = row
      }
    } else order.sort((a, b) => this.#compare(a, b))
    // Keep one of each (time, id): the last of its run.
    if (this.#keepTimes.length < this.times.length) {
      this.#keepTimes = new Float64Array(this.times.length)
      this.#keepOffsets = new Uint32Array(this.times.length)
    }
    let kept = 0
    for (let i = 0; i < n; i++) {
      const row = order[i]!
      const next = i + 1 < n ? order[i + 1]! : -1
      const beaten =
        next >= 0 &&
        this.times[next] === this.times[row] &&
        this.#idHigh[next] === this.#idHigh[row] &&
        this.#idLow[next] === this.#idLow[row]
      if (!beaten) {
        this.#keepTimes[kept] = this.times[row]!
        this.#keepOffsets[kept] = this.offsets[row]!
        kept++
      }
    }
    const { times, offsets } = this
    this.times = this.#keepTimes
    this.offsets = this.#keepOffsets
    this.#keepTimes = times
    this.#keepOffsets = offsets
    this.count = kept
  }

  #keepWinners(tombstones: boolean): void {
    if (tombstones) return
    if (this.bodies.length < this.times.length) this.bodies = new Uint32Array(this.times.length)
    const { view, times, offsets, bodies, count } = this
    let kept = 0
    let schema = 0
    let several = false
    for (let i = 0; i < count; i++) {
      const offset = offsets[i]!
      const flags = view.getUint8(offset + 3)
      if ((flags & FLAG_TOMBSTONE) !== 0) continue
      times[kept] = times[i]!
      offsets[kept] = offset
      bodies[kept] = offset + ((flags & FLAG_VERSION) === 0 ? HEADER_BYTES : HEADER_BYTES + 8)
      const its = view.getUint16(offset + 4, true)
      several ||= schema !== its && kept > 0
      schema = its
      kept++
    }
    this.count = kept
    this.schema = several ? 0 : schema
  }

  #compare(a: number, b: number): number {
    const byTime = this.times[a]! - this.times[b]!
    if (byTime !== 0) return byTime
    const byHigh = this.#idHigh[a]! - this.#idHigh[b]!
    if (byHigh !== 0) return byHigh
    const byLow = this.#idLow[a]! - this.#idLow[b]!
    if (byLow !== 0) return byLow
    return this.#compareCopies(this.offsets[a]!, this.offsets[b]!)
  }

  /** L1: of copies of one event the highest (version, row schema, encoded bytes) wins. */
  #compareCopies(a: number, b: number): number {
    const byVersion = this.version(a) - this.version(b)
    if (byVersion !== 0) return byVersion
    const bySchema = this.view.getUint16(a + 4, true) - this.view.getUint16(b + 4, true)
    if (bySchema !== 0) return bySchema
    const endA = a + this.view.getUint16(a, true)
    const endB = b + this.view.getUint16(b, true)
    // From the flags on, so that of equal versions a tombstone wins.
    return this.bytes.compare(this.bytes, b + 3, endB, a + 3, endA)
  }

  version(offset: number): number {
    return (this.view.getUint8(offset + 3) & FLAG_VERSION) === 0 ? 0 : this.view.getFloat64(offset + 20, true)
  }

  #holdBytes(length: number): void {
    if (length <= this.bytes.length) return
    this.bytes = Buffer.allocUnsafe(Math.max(length, this.bytes.length * 2))
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
  }

  #holdRows(rows: number): void {
    this.times = grownFloats(this.times, rows)
    this.offsets = grownInts(this.offsets, rows)
    this.#idLow = grownInts(this.#idLow, rows)
    this.#idHigh = grownInts(this.#idHigh, rows)
  }
}

function corrupt(at: number, length: number): RowError {
  return new RowError('ROW_CORRUPT', `the bytes at ${at} of ${length} are not a row`)
}

function grownFloats(from: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(length)
  to.set(from)
  return to
}

function grownInts(from: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(length)
  to.set(from)
  return to
}
