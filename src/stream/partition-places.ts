/** How far one partition is. */
export interface PartitionProgress {
  readonly partition: number
  /** All below it is in the store. */
  readonly offset: number
  /** Every event that reached the partition before this instant is below `offset`; null: not known yet. */
  readonly watermark_ms: number | null
}

/** Where a worker is in each of its partitions. */
export class PartitionPlaces {
  /** The next offset to read. */
  readonly positions = new Map<number, number>()
  /** What the marks in the store were when last seen or set; null: none. */
  readonly marks = new Map<number, number | null>()
  /** Every event that reached the partition before this instant is below its mark. */
  readonly #watermarks = new Map<number, number>()

  /** Null before the first look at each of the partitions. */
  get watermark_ms(): number | null {
    if (this.#watermarks.size === 0) return null
    for (const partition of this.positions.keys()) if (!this.#watermarks.has(partition)) return null
    return Math.min(...this.#watermarks.values())
  }

  get progress(): PartitionProgress[] {
    return [...this.marks].map(([partition, offset]) => ({
      partition,
      offset: offset ?? 0,
      watermark_ms: this.#watermarks.get(partition) ?? null,
    }))
  }

  /** Forgets partitions that are others' now. */
  keep(assigned: readonly number[]): void {
    for (const held of [this.positions, this.marks, this.#watermarks]) {
      for (const partition of held.keys()) if (!assigned.includes(partition)) held.delete(partition)
    }
  }

  /** Goes on at a mark as the store has it, or at `start` where there is none. */
  goOn(partition: number, mark: number | null, start: number): void {
    // What was read to its end stands no longer for what the store holds.
    if (mark !== this.marks.get(partition)) this.#watermarks.delete(partition)
    this.marks.set(partition, mark)
    this.positions.set(partition, mark ?? start)
  }

  /** The store holds all below these offsets, and with them all that reached the partitions before these instants. */
  reached(offsets: ReadonlyMap<number, number>, watermarks_ms: ReadonlyMap<number, number>): void {
    for (const [partition, offset] of offsets) this.marks.set(partition, offset)
    for (const [partition, ms] of watermarks_ms) this.#watermarks.set(partition, ms)
  }
}
