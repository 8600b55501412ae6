import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaEventLog } from '../src/stores/log/kafka/kafka.ts'

/** Run as a process of its own: sends so many events a second, each with the instant it was made, for so long. */
const [address, topic, rate, seconds] = process.argv.slice(2)
const log = new KafkaEventLog({ brokers: [address!], now: Date.now })
const padding = 'x'.repeat(150)
const perMs = Number(rate) / 1_000
const begun_ms = performance.now()
const sending = new Set<Promise<unknown>>()
await log.append(topic!, [])
for (let sent = 0; ; ) {
  const ran_ms = performance.now() - begun_ms
  if (ran_ms > Number(seconds) * 1_000) break
  const due = Math.floor(ran_ms * perMs) - sent
  if (due > 0) {
    const made_ms = performance.timeOrigin + performance.now()
    const call = log.append(
      topic!,
      Array.from({ length: due }, (_, i) => ({
        key: `card-${(sent + i) % 5_000}`,
        value: Buffer.from(JSON.stringify({ made_ms, padding })),
      })),
    )
    sending.add(call)
    void call.finally(() => sending.delete(call))
    sent += due
  }
  await sleep(1)
}
await Promise.all(sending)
await log.close()
