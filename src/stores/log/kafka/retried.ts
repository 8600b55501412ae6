import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaError } from './kafkajs-inside.ts'

const PAUSE_MS_MIN = 20
const PAUSE_MS_MAX = 500

/** Tries something again while it fails in a way that may pass, for so long; `between` is called before each new attempt. */
export async function retried<T>(limit_ms: number, work: () => Promise<T>, between?: () => Promise<void>): Promise<T> {
  const until = performance.now() + limit_ms
  for (let pause_ms = PAUSE_MS_MIN; ; pause_ms = Math.min(2 * pause_ms, PAUSE_MS_MAX)) {
    try {
      return await work()
    } catch (error) {
      if (!isRetriable(error) || performance.now() + pause_ms > until) throw error
      await sleep(pause_ms)
      await between?.()
    }
  }
}

/** Whether a request may do better with another broker or a little later. */
export function isRetriable(error: unknown): boolean {
  return (error as KafkaError).retriable === true
}
