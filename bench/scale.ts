import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KafkaServer } from '../scripts/servers/kafka-server.ts'
import { RedisServer } from '../test/services/redis/redis-servers.ts'
import type { Report } from './main.ts'
import { perSecond, produce, redisCpu_us, Worker } from './worker.ts'

const WARM = 100_000

/** Events, partitions of the topic, and cards (and as many devices): each grows tenfold from the first case on. */
const CASES: readonly (readonly [events: number, partitions: number, cards: number])[] = [
  [300_000, 4, 10_000],
  [300_000, 4, 100_000],
  [300_000, 4, 1_000_000],
  [300_000, 40, 100_000],
  [300_000, 400, 100_000],
  [3_000_000, 4, 100_000],
]

/** What one event costs one worker as there are more entities, partitions and rows. */
export async function scaleBench(report: Report): Promise<void> {
  for (const [events, partitions, cards] of CASES) {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
    const kafka = new KafkaServer({ folder, node: { id: 1, port: 19_298, controllerPort: 19_299 } })
    const redis = await RedisServer.start()
    try {
      await kafka.start()
      await produce(kafka.address, events, partitions, cards)
      const worker = await Worker.start(kafka.address, redis.url)
      try {
        const before_us = redisCpu_us(redis)
        const { warm, whole } = await worker.order({ order: 'carry', events, warm: WARM })
        const redis_us = (redisCpu_us(redis) - before_us) / whole.events
        report(
          `${events / 1_000} k events, ${partitions} partitions, ${cards / 1_000} k cards`,
          `${perSecond((warm.events / warm.cpu_us) * 1e3)} per worker CPU-second, ${perSecond(warm.events / warm.wall_ms)} wall; ` +
            `Redis ${redis_us.toFixed(2)} us an event`,
        )
      } finally {
        await worker.end()
      }
    } finally {
      await kafka.stop()
      await redis.dispose()
      await rm(folder, { recursive: true, force: true })
    }
  }
}
