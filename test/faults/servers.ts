import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { ClickHouseFront } from '../../scripts/servers/clickhouse-front/front-process.ts'
import { ARCHIVE_GROUP } from '../../src/stores/archive-columns.ts'
import { type KafkaBrokers, startBrokers } from '../services/kafka/kafka-broker.ts'
import { RedisCluster, RedisServer } from '../services/redis/redis-servers.ts'
import { temporaryFolder } from '../stores/temporary-folder.ts'
import { TOPIC } from './world/world.ts'

export const DATABASE = 'millrace'

/** As production must have it: every write in its log, at most a second of it lost. */
const PERSISTENT = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--auto-aof-rewrite-percentage', '0']

export interface ServerOptions {
  readonly partitions?: number
  readonly brokers?: number
  /** A cluster of three masters, each with so many replicas; null: a single Redis. */
  readonly redisReplicas?: number | null
  readonly redisArgs?: readonly string[]
  readonly topicConfig?: Readonly<Record<string, string>>
}

/** The servers of one test, on free ports, with an empty topic for payments. */
export class Servers {
  readonly kafka: KafkaBrokers
  readonly clickhouse: ClickHouseFront
  readonly redis: RedisServer | null
  readonly cluster: RedisCluster | null
  readonly #folder: Awaited<ReturnType<typeof temporaryFolder>>

  private constructor(
    kafka: KafkaBrokers,
    clickhouse: ClickHouseFront,
    redis: RedisServer | RedisCluster,
    folder: Awaited<ReturnType<typeof temporaryFolder>>,
  ) {
    this.kafka = kafka
    this.clickhouse = clickhouse
    this.redis = redis instanceof RedisServer ? redis : null
    this.cluster = redis instanceof RedisCluster ? redis : null
    this.#folder = folder
    // A test process that dies must not leave servers behind; the other two look after that themselves.
    process.once('exit', this.#kill)
  }

  readonly #kill = (): void => {
    for (const server of this.cluster?.nodes ?? [this.redis!]) server.signal('SIGKILL')
  }

  static async start(options: ServerOptions = {}): Promise<Servers> {
    const { partitions = 4, brokers = 1, redisReplicas = null, redisArgs = [], topicConfig = {} } = options
    const folder = await temporaryFolder()
    const clickhouseFolder = join(folder.path, 'clickhouse')
    await mkdir(clickhouseFolder)
    const redisAll = [...PERSISTENT, ...redisArgs]
    const started = await Promise.allSettled([
      startBrokers({ brokers }),
      ClickHouseFront.start(clickhouseFolder),
      redisReplicas === null ? RedisServer.start(...redisAll) : RedisCluster.start(3, redisReplicas, ...redisAll),
    ])
    const [kafka, clickhouse, redis] = started
    if (kafka.status === 'fulfilled' && clickhouse.status === 'fulfilled' && redis.status === 'fulfilled') {
      const servers = new Servers(kafka.value, clickhouse.value, redis.value, folder)
      try {
        await servers.#createTopic(partitions, topicConfig)
        return servers
      } catch (error) {
        await servers.dispose()
        throw error
      }
    }
    if (kafka.status === 'fulfilled') await kafka.value.dispose()
    if (clickhouse.status === 'fulfilled') await clickhouse.value.signal('SIGKILL')
    if (redis.status === 'fulfilled') await redis.value.dispose()
    await folder.remove()
    throw started.find((one) => one.status === 'rejected')!.reason
  }

  get redisUrl(): string {
    return (this.redis ?? this.cluster)!.url
  }

  /** Does something with Kafka's administration. */
  async admin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const kafka = new Kafka({ brokers: [...this.kafka.addresses], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    try {
      return await work(admin)
    } finally {
      await admin.disconnect()
    }
  }

  /** The end of each partition of the topic, by its number. */
  ends(): Promise<number[]> {
    return this.admin(async (admin) => {
      const offsets = await admin.fetchTopicOffsets(TOPIC)
      return offsets.sort((a, b) => a.partition - b.partition).map(({ high }) => Number(high))
    })
  }

  /** Gives the topic more partitions. */
  async spread(count: number): Promise<void> {
    await this.admin((admin) => admin.createPartitions({ topicPartitions: [{ topic: TOPIC, count }] }))
  }

  /** Deletes the topic, and makes it anew: its offsets begin at 0 again. */
  async replaceTopic(): Promise<void> {
    const partitions = (await this.ends()).length
    await this.admin(async (admin) => {
      await admin.deleteTopics({ topics: [TOPIC] })
      const topics = [{ topic: TOPIC, numPartitions: partitions }]
      // Until the old one is gone it is said to be there.
      while (!(await admin.createTopics({ topics, waitForLeaders: false }).catch(() => false))) await sleep(20)
    })
    while ((await this.ends().catch(() => [])).length !== partitions) await sleep(20)
  }

  /** Takes away the oldest messages of each partition, as retention does: all below these offsets. */
  async deleteBelow(offsets: readonly number[]): Promise<void> {
    const partitions = offsets.map((offset, partition) => ({ partition, offset: String(offset) }))
    await this.admin(async (admin) => {
      // kafkajs deletes only in topics that this connection has looked at.
      await admin.fetchTopicOffsets(TOPIC)
      await admin.deleteTopicRecords({ topic: TOPIC, partitions })
    })
  }

  /** By partition: the offset below which all is archived, of a source that has the topic to itself, or as its group says. */
  archivedBelow(groupId = ARCHIVE_GROUP): Promise<number[]> {
    return this.admin(async (admin) => {
      const [topic] = await admin.fetchOffsets({ groupId, topics: [TOPIC] })
      const partitions = [...(topic?.partitions ?? [])].sort((a, b) => a.partition - b.partition)
      return partitions.map(({ offset }) => Math.max(0, Number(offset)))
    })
  }

  async dispose(): Promise<void> {
    await this.clickhouse.signal('SIGCONT')
    await this.clickhouse.signal('SIGKILL')
    await Promise.all([this.kafka.dispose(), this.redis?.dispose(), this.cluster?.dispose()])
    await this.#folder.remove()
    process.off('exit', this.#kill)
  }

  #createTopic(partitions: number, config: Readonly<Record<string, string>>): Promise<boolean> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    return this.admin((admin) =>
      admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: partitions, configEntries }] }),
    )
  }
}
