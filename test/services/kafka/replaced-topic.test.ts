import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { TopicReplacedError } from '../../../src/stores/event-log.ts'
import type { KafkaEventLog } from '../../../src/stores/log/kafka/kafka.ts'
import { type KafkaBrokers, startBrokers } from './kafka-broker.ts'
import { until } from './log-follower.ts'

const PARTITIONS = 2

let brokers: KafkaBrokers
let admin: Admin
let topic: string
let number = 0
const opened: KafkaEventLog[] = []

beforeAll(async () => {
  brokers = await startBrokers()
  admin = new Kafka({ brokers: [...brokers.addresses], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
})
afterAll(async () => {
  await admin?.disconnect()
  await brokers?.dispose()
})
beforeEach(async () => {
  topic = `topic-${++number}`
  await open().ensureTopic(topic, PARTITIONS)
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()))
})

function open(): KafkaEventLog {
  const log = brokers.log({ session_ms: 6_000, metadata_ms: 60_000 })
  opened.push(log)
  return log
}

/** Puts so many messages of one key, which all come into one partition, into the topic; answers that partition. */
async function fill(text: string, count: number): Promise<number> {
  const messages = Array.from({ length: count }, (_, i) => ({ key: 'k', value: Buffer.from(`${text}${i}`) }))
  const [first] = await open().append(topic, messages)
  return first!.partition
}

/** Deletes the topic, and makes it anew as soon as Kafka lets us. */
async function replace(): Promise<void> {
  await admin.deleteTopics({ topics: [topic] })
  const anew = { topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: false }
  // Until the old one is gone it is said to be there.
  await until(() => admin.createTopics(anew).catch(() => false))
  await until(() =>
    open()
      .ensureTopic(topic, PARTITIONS)
      .then(
        () => true,
        () => false,
      ),
  )
}

/** Reads on at an offset until that fails or the time is over; answers all that was read, and the failure. */
async function follow(log: KafkaEventLog, id: string | null, partition: number, from: number, limit_ms: number) {
  const texts: string[] = []
  let offset = from
  for (const end = Date.now() + limit_ms; Date.now() < end; await sleep(5)) {
    try {
      const batch = await log.read(topic, partition, offset, 100, id)
      texts.push(...batch.values.map((value) => Buffer.from(value).toString()))
      offset = batch.nextOffset
    } catch (error) {
      // For a moment there is none of the name: a worker tries again.
      if (!(error instanceof RangeError)) return { texts, error }
    }
  }
  return { texts, error: null }
}

it('tells a topic from the one that has its name later', async () => {
  const log = open()
  const first = await log.identify(topic)
  expect(first).toMatch(/^[0-9a-f]{32}$/)
  expect(await open().identify(topic)).toBe(first)
  await replace()
  const second = await log.identify(topic)
  expect(second).toMatch(/^[0-9a-f]{32}$/)
  expect(second).not.toBe(first)
})

it.each([
  ['fewer', 3],
  ['as many', 5],
  ['more', 40],
])('reads nothing of a topic that was made anew, and has %s messages than were read', async (_, count) => {
  const log = open()
  const id = await log.identify(topic)
  const partition = await fill('old', 5)
  const following = follow(log, id, partition, 0, 20_000)
  await sleep(300)
  await replace()
  expect(await fill('new', count)).toBe(partition)
  const { texts, error } = await following
  expect(texts).toEqual(['old0', 'old1', 'old2', 'old3', 'old4'])
  expect(error).toBeInstanceOf(TopicReplacedError)
  // Only whoever says so reads the other.
  await expect(log.read(topic, partition, 5, 100, id)).rejects.toThrow(TopicReplacedError)
  expect((await log.read(topic, partition, 0, 100)).values).toHaveLength(count)
})

it('reads on after it was opened again in between, where nobody says which topic it is', async () => {
  const partition = await fill('old', 5)
  await replace()
  await fill('new', 40)
  const log = open()
  expect((await log.read(topic, partition, 5, 100)).values).toHaveLength(35)
})

it('takes no position for one in the topic that was committed in another of its name', async () => {
  const log = open()
  const id = await log.identify(topic)
  const partition = await fill('old', 5)
  await log.commit('g', topic, new Map([[partition, 5]]), id)
  expect((await log.committed('g', topic)).get(partition)).toBe(5)
  await replace()
  // Late, by a worker that does not know yet.
  await log.commit('g', topic, new Map([[partition, 5]]), id)
  expect(await log.committed('g', topic)).toEqual(new Map())
  const other = open()
  expect(await other.committed('g', topic)).toEqual(new Map())
  await other.commit('g', topic, new Map([[partition, 1]]))
  expect(await other.committed('g', topic)).toEqual(new Map([[partition, 1]]))
})
