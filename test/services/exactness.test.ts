import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ClickHouseFront } from '../../scripts/servers/clickhouse-front/front-process.ts'
import { openClickHouseArchive } from '../../src/stores/archive/http/archive.ts'
import type { EventArchive } from '../../src/stores/event-archive.ts'
import type { KafkaEventLog } from '../../src/stores/log/kafka/kafka.ts'
import { openRedisOnlineStore } from '../../src/stores/online/redis/redis-online-store.ts'
import { games as bankGames, play as playBank } from '../engine/bank-game.ts'
import { NOW as BANK_NOW } from '../engine/bank-kit.ts'
import { NOW, play, scenario } from '../engine/game.ts'
import { temporaryFolder } from '../stores/temporary-folder.ts'
import { type KafkaBrokers, startBrokers } from './kafka/kafka-broker.ts'
import { RedisServer } from './redis/redis-servers.ts'

let redis: RedisServer
let kafka: KafkaBrokers
let front: ClickHouseFront
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let archive: EventArchive
let log: KafkaEventLog
let archiveLog: KafkaEventLog

beforeAll(async () => {
  folder = await temporaryFolder()
  redis = await RedisServer.start('--appendonly', 'yes')
  kafka = await startBrokers()
  front = await ClickHouseFront.start(folder.path)
  archive = await openClickHouseArchive({ url: front.url, database: 'millrace' })
  log = kafka.log()
  archiveLog = kafka.log()
})

afterAll(async () => {
  await log?.close()
  await archiveLog?.close()
  await archive?.close()
  await front?.signal('SIGKILL')
  await kafka?.dispose()
  await redis?.dispose()
  await folder?.remove()
})

it('Kafka, Redis and ClickHouse give the number of the naive oracle, or say that they do not', async () => {
  let games = 0
  const game = fc.asyncProperty(scenario, async (played) => {
    const name = `events_${games++}`
    const store = await openRedisOnlineStore({ url: redis.url, prefix: `${name}:`, now: () => NOW })
    try {
      await play({ store, log, archive, archiveLog }, name, played)
    } finally {
      await store.close()
    }
  })
  await fc.assert(game, { numRuns: 15, seed: 44, endOnFailure: true })
  expect(games).toBe(15)
})

it('so they do for sources that share a topic', async () => {
  let games = 0
  const game = fc.asyncProperty(bankGames, async (played) => {
    const name = `bank_${games++}`
    const store = await openRedisOnlineStore({ url: redis.url, prefix: `${name}:`, now: () => BANK_NOW })
    try {
      await playBank({ store, log, archive, archiveLog }, played, `${name}.`)
    } finally {
      await store.close()
    }
  })
  await fc.assert(game, { numRuns: 6, seed: 23, endOnFailure: true })
  expect(games).toBe(6)
})
