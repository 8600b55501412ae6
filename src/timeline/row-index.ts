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
  /** Where each row's null flags and slots start in `bytes`; a tombstone has none. */
  bodies = new Uint32Array(64)
  /** The row schema that all rows have; 0 where they have several. */
  schema = 0
  /** True where the last {@link index} met rows out of order or more than once: the bytes are worth a compaction. */
  untidy = false
  /** Copies of the version that won, of the same schema, that differed from it. */
  conflicts = 0
  /** Some row that was read is a tombstone. */
  #dead = false
  #order = new Uint32Array(64)
  #keepTimes = new Float64Array(64)
  #keepOffsets = new Uint32Array(64)

  /**
   * Indexes the rows of `stored` with `after_ms < time <= until_ms`. `current`, one row, takes the place of every stored row
   * of the same id (L5), and is indexed whatever its time. Tombstones beat what they beat; they are kept only with `tombstones`.
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
    this.#dead = false
    this.conflicts = 0
    const sorted = this.#readHeaders(length, storedLength, after_ms, until_ms)
    if (!sorted) this.#sort()
    if (!sorted || (this.#dead && !tombstones)) this.#keep(tombstones)
  }

  /**
   * Reads the headers of the rows in the wanted range of time; answers whether they are strictly ascending, as they nearly
   * always are: then this one pass is all that is needed.
   */
  #readHeaders(length: number, storedLength: number, after_ms: number, until_ms: number): boolean {
    const { view } = this
    const hasCurrent = storedLength < length
    const currentLow = hasCurrent ? view.getUint32(storedLength + 12, true) : 0
    const currentHigh = hasCurrent ? view.getUint32(storedLength + 16, true) : 0
    let { times, offsets, bodies } = this
    let sorted = true
    let lastTime = -1
    let lastAt = 0
    let schema = 0
    let schemas = 0
    let n = 0
    for (let at = 0; at < length; ) {
      // The row of an event that is being scored may well be out of order: that is no matter of what is stored.
      if (at === storedLength) this.untidy = !sorted
      if (at + HEADER_BYTES > length) throw corrupt(at, length)
      // Length, codec and flags in one word.
      const word = view.getUint32(at, true)
      const size = word & 0xffff
      if (size < HEADER_BYTES || at + size > length) throw corrupt(at, length)
      if (((word >>> 16) & 0xff) !== CODEC) throw unknownCodec((word >>> 16) & 0xff)
      const time = view.getUint32(at + 6, true) + view.getUint16(at + 10, true) * 4294967296
      const replaced =
        hasCurrent &&
        at < storedLength &&
        view.getUint32(at + 12, true) === currentLow &&
        view.getUint32(at + 16, true) === currentHigh
      if ((time > after_ms && time <= until_ms && !replaced) || at >= storedLength) {
        if (n === times.length) {
          this.#holdRows(n * 2)
          ;({ times, offsets, bodies } = this)
        }
        const flags = word >>> 24
        if ((flags & FLAG_TOMBSTONE) !== 0) this.#dead = true
        times[n] = time
        offsets[n] = at
        bodies[n] = at + ((flags & FLAG_VERSION) === 0 ? HEADER_BYTES : HEADER_BYTES + 8)
        const its = view.getUint16(at + 4, true)
        if (its !== schema) {
          schema = its
          schemas++
        }
        if (time <= lastTime && (time < lastTime || this.#compareIds(at, lastAt) <= 0)) sorted = false
        lastTime = time
        lastAt = at
        n++
      }
      at += size
    }
    this.count = n
    this.schema = schemas === 1 ? schema : 0
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
        this.#compareIds(this.offsets[next]!, this.offsets[row]!) === 0
      if (beaten && this.#differ(this.offsets[next]!, this.offsets[row]!)) this.conflicts++
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

  /** Finds the bodies again of what was sorted; leaves tombstones out, but where they are asked for. */
  #keep(tombstones: boolean): void {
    const { view, times, offsets, bodies, count } = this
    let kept = 0
    for (let i = 0; i < count; i++) {
      const offset = offsets[i]!
      const flags = view.getUint8(offset + 3)
      if (!tombstones && (flags & FLAG_TOMBSTONE) !== 0) continue
      times[kept] = times[i]!
      offsets[kept] = offset
      bodies[kept] = offset + ((flags & FLAG_VERSION) === 0 ? HEADER_BYTES : HEADER_BYTES + 8)
      kept++
    }
    this.count = kept
  }

  #compare(a: number, b: number): number {
    const byTime = this.times[a]! - this.times[b]!
    if (byTime !== 0) return byTime
    const [atA, atB] = [this.offsets[a]!, this.offsets[b]!]
    return this.#compareIds(atA, atB) || this.#compareCopies(atA, atB)
  }

  /** Of the rows at two offsets: by unsigned id. */
  #compareIds(a: number, b: number): number {
    const { view } = this
    const byHigh = view.getUint32(a + 16, true) - view.getUint32(b + 16, true)
    return byHigh === 0 ? view.getUint32(a + 12, true) - view.getUint32(b + 12, true) : byHigh
  }

  /**
   * L1: of copies of one event the highest (version, row schema) wins, then a tombstone, then the lowest encoded bytes: a null is a
   * set bit in the first of them, so that a copy whose writer knew a value wins over one whose writer did not.
   */
  #compareCopies(a: number, b: number): number {
    const byVersion = this.version(a) - this.version(b)
    if (byVersion !== 0) return byVersion
    const bySchema = this.view.getUint16(a + 4, true) - this.view.getUint16(b + 4, true)
    if (bySchema !== 0) return bySchema
    const byFlags = this.view.getUint8(a + 3) - this.view.getUint8(b + 3)
    if (byFlags !== 0) return byFlags
    const endA = a + this.view.getUint16(a, true)
    const endB = b + this.view.getUint16(b, true)
    return this.bytes.compare(this.bytes, a + HEADER_BYTES, endA, b + HEADER_BYTES, endB)
  }

  /** Whether two copies of one event, version and schema are not the same. */
  #differ(a: number, b: number): boolean {
    return (
      this.version(a) === this.version(b) &&
      this.view.getUint16(a + 4, true) === this.view.getUint16(b + 4, true) &&
      this.#compareCopies(a, b) !== 0
    )
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
    this.bodies = grownInts(this.bodies, rows)
  }
}

function unknownCodec(codec: number): RowError {
  return new RowError('ROW_CODEC_UNKNOWN', `codec ${codec} is newer than this version of millrace: upgrade it`)
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
