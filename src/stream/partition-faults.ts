const PAUSE_MS_MIN = 50
const PAUSE_MS_MAX = 5_000

interface Fault {
  readonly error: unknown
  readonly pause_ms: number
  /** Monotonic clock: it is left alone until then. */
  readonly until_ms: number
}

/**
 * Partitions that cannot be read: a batch that cannot be decoded, or no broker that leads. Each is tried again after a while, twice as long each
 * time, and the others go on meanwhile.
 */
export class PartitionFaults {
  readonly #faults = new Map<number, Fault>()

  /** What the first of them fails with; null: all can be read. */
  get error(): unknown {
    const [first] = this.#faults.values()
    return first?.error ?? null
  }

  isDue(partition: number): boolean {
    const fault = this.#faults.get(partition)
    return fault === undefined || performance.now() >= fault.until_ms
  }

  failed(partition: number, error: unknown): void {
    const before_ms = this.#faults.get(partition)?.pause_ms
    const pause_ms = before_ms === undefined ? PAUSE_MS_MIN : Math.min(2 * before_ms, PAUSE_MS_MAX)
    this.#faults.set(partition, { error, pause_ms, until_ms: performance.now() + pause_ms })
  }

  well(partition: number): void {
    this.#faults.delete(partition)
  }

  /** Forgets partitions that are others' now. */
  keep(assigned: readonly number[]): void {
    for (const partition of this.#faults.keys()) if (!assigned.includes(partition)) this.#faults.delete(partition)
  }
}
