import { setTimeout as sleep } from 'node:timers/promises'
import type { LogAppend } from '../src/stores/event-log.ts'
import { KafkaEventLog } from '../src/stores/log/kafka/kafka.ts'

/** Sends so many events a second for so long, each with the instant it was made. For a process of its own. */
export async function sendSteadily(
  address: string,
  topic: string,
  rate: number,
  seconds: number,
  make: (number: number, made_ms: number) => LogAppend,
): Promise<void> {
  const log = new KafkaEventLog({ brokers: [address], now: Date.now })
  const begun_ms = performance.now()
  const sending = new Set<Promise<unknown>>()
  await log.append(topic, [])
  for (let sent = 0; ; ) {
    const ran_ms = performance.now() - begun_ms
    if (ran_ms > seconds * 1_000) break
    const due = Math.floor((ran_ms * rate) / 1_000) - sent
    if (due > 0) {
      const made_ms = performance.timeOrigin + performance.now()
      const first = sent
      const call = log.append(
        topic,
        Array.from({ length: due }, (_, i) => make(first + i, made_ms)),
      )
      sending.add(call)
      void call.finally(() => sending.delete(call))
      sent += due
    }
    await sleep(1)
  }
  await Promise.all(sending)
  await log.close()
}
