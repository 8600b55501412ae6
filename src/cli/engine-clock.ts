import type { ClockMode } from '../features/clock.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { updateDocument } from '../stores/timeline-registry.ts'

/** The newest event time that was seen. Document `clock`. */
interface Newest {
  readonly newest_ms: number
}

/** What "now" is for those who ask for a value without saying when: see `ClockMode`. */
export class EngineClock {
  readonly mode: ClockMode
  #newest_ms = 0
  #saved_ms = 0

  /** Wall clock, epoch milliseconds. */
  readonly wall: () => number

  constructor(mode: ClockMode, wall: () => number = Date.now) {
    this.mode = mode
    this.wall = wall
  }

  /** The instant that values are asked for at, where nobody says otherwise. */
  readonly now = (): number => (this.mode === 'wall' || this.#newest_ms === 0 ? this.wall() : this.#newest_ms)

  see(time_ms: number): void {
    if (time_ms > this.#newest_ms) this.#newest_ms = time_ms
  }

  async load(store: OnlineStore): Promise<void> {
    if (this.mode === 'wall') return
    this.see(((await store.document('clock'))?.value as Newest | undefined)?.newest_ms ?? 0)
    this.#saved_ms = this.#newest_ms
  }

  async save(store: OnlineStore): Promise<void> {
    if (this.mode === 'wall' || this.#newest_ms === this.#saved_ms) return
    const newest_ms = this.#newest_ms
    await updateDocument<Newest>(store, 'clock', (found) => ({ newest_ms: Math.max(newest_ms, found?.newest_ms ?? 0) }))
    this.#saved_ms = newest_ms
  }
}
