import { setTimeout as sleep } from 'node:timers/promises'
import { RedisStoreError } from './redis-error.ts'

/** Between two tries, in milliseconds: the first is at once, then so long, then twice as long, up to the most. */
const PAUSE_MS_MIN = 2
const PAUSE_MS_MAX = 100

/** How long one call goes on trying where time may heal what fails. */
export class Patience {
  readonly #deadline_ms: number
  #pause_ms = 0

  /** It begins with the first failure. */
  constructor(patience_ms: number) {
    this.#deadline_ms = performance.now() + patience_ms
  }

  /** Waits before the next try; throws the error where there is none. */
  async wait(error: unknown): Promise<void> {
    if (!isPassing(error) || performance.now() > this.#deadline_ms) throw error
    if (this.#pause_ms > 0) await sleep(this.#pause_ms)
    this.#pause_ms = Math.min(Math.max(PAUSE_MS_MIN, this.#pause_ms * 2), PAUSE_MS_MAX)
  }
}

/** Whether time may heal it. */
export function isPassing(error: unknown): error is RedisStoreError {
  return error instanceof RedisStoreError && (error.code === 'UNAVAILABLE' || error.code === 'PROTOCOL')
}
