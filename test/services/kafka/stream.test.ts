import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { collect } from '../../../src/features/collect.ts'
import { resolveModel } from '../../../src/features/resolve.ts'
import { count, entity, featureGroup, featureService, source, z } from '../../../src/index.ts'
import { MemoryEventArchive } from '../../../src/stores/archive/memory.ts'
import { logOrigin } from '../../../src/stores/archive-columns.ts'
import type { KafkaEventLog } from '../../../src/stores/log/kafka/kafka.ts'
import { MemoryOnlineStore } from '../../../src/stores/online/memory.ts'
import { noteSkipped, skippedBelow } from '../../../src/stores/skipped-offsets.ts'
import { registerTimelines } from '../../../src/stores/timeline-registry.ts'
import { TopicArchiver } from '../../../src/stream/topic-archiver.ts'
import { TopicStream } from '../../../src/stream/topic-stream.ts'
import { type KafkaBrokers, startBrokers } from './kafka-broker.ts'
import { until } from './log-follower.ts'

const GROUP = 'streams'
const PARTITIONS = 4

let brokers: KafkaBrokers
let admin: ReturnType<Kafka['admin']>
let kafka: Kafka
let number = 0
let installation: Awaited<ReturnType<typeof install>>

beforeAll(async () => {
  brokers = await startBrokers({
    properties: () => ({ 'log.retention.check.interval.ms': '200', 'log.initial.task.delay.ms': '100' }),
  })
  kafka = new Kafka({ brokers: [...brokers.addresses], logLevel: logLevel.NOTHING })
  admin = kafka.admin()
  await admin.connect()
})
afterAll(async () => {
  await admin?.disconnect()
  await brokers?.dispose()
})
beforeEach(async () => {
  installation = await install()
})
afterEach(() => installation.close())

/** A source with one timeline over a topic of its own, a store and an archive in memory, and as many workers as are asked for. */
async function install() {
  const topic = `payments-${++number}`
  const payments = source('payments', {
    schema: z.object({ id: z.string(), at: z.int(), card_id: z.string() }),
    id: 'id',
    time: 'at',
    stream: { topic },
    archive: { table: 'payments' },
  })
  const card = entity('card', { key: { card_id: z.string() } })
  const byCard = featureGroup('by_card', { source: payments, entity: card, features: { n: count().over('7d') } })
  const all = featureService('all', { features: [byCard] })
  const model = resolveModel(collect([{ file: 'test.ts', exports: { payments, byCard, all } }]))
  const resolved = model.sources.get('payments')!
  const store = new MemoryOnlineStore()
  const archive = new MemoryEventArchive()
  const records = await registerTimelines(store, model, () => ({}), Date.now())
  const gaps: [partition: number, from: number, to: number][] = []
  const troubles: string[] = []
  const logs: KafkaEventLog[] = []
  const open = () => {
    const log = brokers.log({ session_ms: 6_000 })
    logs.push(log)
    return log
  }
  const stream = (log: KafkaEventLog) =>
    new TopicStream({
      log,
      store,
      group: GROUP,
      sources: [resolved],
      timelines: [...model.timelines.values()].map((timeline) => ({
        timeline,
        record: records.get(timeline.fingerprint)!,
      })),
      now: Date.now,
      expires: true,
      onQuarantine: (_, events) => void troubles.push(...events.map(({ reason }) => reason)),
      onGap: async (partition, from, to) => {
        gaps.push([partition, from, to])
      },
      onTrouble: (message) => {
        if (message !== null) troubles.push(message)
      },
    })
  const archiver = (log: KafkaEventLog) =>
    new TopicArchiver({
      log,
      archive,
      sources: [resolved],
      onSkipped: (source, partition, runs) => noteSkipped(archive, source, partition, runs, Date.now()),
      onGap: async () => {},
    })
  return {
    ...{ topic, source: resolved, store, archive, gaps, troubles, open, stream, archiver },
    /** Sends numbered payments, each of a card of its own. */
    send: (log: KafkaEventLog, from: number, to: number) =>
      log.append(
        topic,
        Array.from({ length: to - from }, (_, i) => payment(from + i)),
      ),
    /** How many cards the store knows. */
    async cards() {
      let cards = 0
      for await (const _ of store.keys('')) cards++
      return cards
    },
    marks: async () => new Map((await store.marks(GROUP)).map(({ partition, offset }) => [partition, offset])),
    close: async () => {
      await Promise.all(logs.map((log) => log.close()))
    },
  }
}

function payment(n: number) {
  const event = { id: `p${n}`, at: Date.now(), card_id: `card-${n}` }
  return { key: event.card_id, value: Buffer.from(JSON.stringify(event)) }
}

it('carries every event once while workers come and go', async () => {
  const { topic, open, stream, send, cards, marks, troubles, store } = installation
  const feeding = open()
  await feeding.ensureTopic(topic, PARTITIONS)
  let sent = 0
  const workers: { stop: AbortController; running: Promise<void>; log: KafkaEventLog }[] = []
  const start = () => {
    const log = open()
    const stop = new AbortController()
    workers.push({ log, stop, running: stream(log).run(stop.signal) })
  }
  const feed = async (events: number) => {
    for (const end = sent + events; sent < end; sent += 50) await send(feeding, sent, sent + 50)
  }
  for (const change of ['start', 'start', 'stop', 'start', 'start', 'stop', 'stop']) {
    if (change === 'start') start()
    else {
      const { stop, running, log } = workers.shift()!
      stop.abort()
      await running
      await log.close()
    }
    await feed(500)
  }
  await until(async () => (await cards()) === sent)
  const ends = await feeding.ranges(topic)
  await until(async () => {
    const at = await marks()
    return ends.every(({ partition, end }) => at.get(partition) === end)
  })
  for (const { stop, running } of workers) {
    stop.abort()
    await running
  }
  expect(ends.reduce((sum, { end }) => sum + end, 0)).toBe(sent)
  expect(await store.marks(GROUP)).toHaveLength(PARTITIONS)
  expect(troubles).toEqual([])
})

it('retention shorter than a stop is a gap, told with its offsets, and then it goes on', async () => {
  const { topic, open, stream, send, cards, gaps, marks } = installation
  const configEntries = ['retention.ms', 'segment.ms', 'file.delete.delay.ms'].map((name) => ({ name, value: '500' }))
  await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: 1, configEntries }] })
  const log = open()
  await send(log, 0, 10)
  const stopped = open()
  await stream(stopped).step()
  expect([await cards(), await marks()]).toEqual([10, new Map([[0, 10]])])
  // The worker stops; the log forgets.
  await stopped.close()
  await send(log, 10, 30)
  await until(async () => (await log.ranges(topic))[0]!.start === 30)
  await send(log, 30, 31)
  const after = stream(open())
  await until(async () => {
    await after.step()
    return gaps.length > 0
  })
  expect(gaps).toEqual([[0, 10, 30]])
  await until(async () => {
    await after.step()
    return (await cards()) === 11
  })
  expect(await marks()).toEqual(new Map([[0, 31]]))
  expect(gaps).toHaveLength(1)
})

it('what is lost while a worker reads on is a gap, too', async () => {
  const { topic, open, stream, send, gaps, marks } = installation
  const log = open()
  const other = open()
  await log.ensureTopic(topic, 1)
  await send(other, 0, 5)
  const one = stream(log)
  await one.step()
  await one.step()
  await send(other, 5, 10)
  await other.trim(topic, 0, 10, Number.MAX_SAFE_INTEGER)
  await send(other, 10, 12)
  await until(async () => {
    await one.step()
    return (await marks()).get(0) === 12
  })
  // It may have fetched some of it before it was lost.
  for (const [partition, from, to] of gaps) expect([partition, from >= 5, to]).toEqual([0, true, 10])
})

it('counts no aborted transaction, waits for an open one, and marks and archives to the very end', async () => {
  const { topic, source, open, stream, archiver, cards, marks, archive } = installation
  const log = open()
  await log.ensureTopic(topic, 1)
  const producer = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const write = async (from: number, to: number) => {
    const transaction = await producer.transaction()
    const messages = Array.from({ length: to - from }, (_, i) => payment(from + i))
    await transaction.send({ topic, messages })
    return transaction
  }
  await (await write(0, 3)).commit()
  await (await write(3, 8)).abort()
  await (await write(8, 10)).commit()
  const unfinished = await write(10, 12)
  const one = stream(log)
  const archiving = archiver(open())
  const carry = async (expected: number) =>
    until(async () => {
      await one.step()
      await archiving.step()
      return (await cards()) === expected
    })
  await carry(5)
  for (let i = 0; i < 3; i++) await one.step()
  expect(await cards()).toBe(5)
  await unfinished.commit()
  await carry(7)
  await producer.disconnect()
  const { end } = (await log.ranges(topic))[0]!
  // Twelve messages, and a note of the log's own for each of four transactions.
  expect(end).toBe(16)
  await until(async () => {
    await one.step()
    await archiving.step()
    return (await marks()).get(0) === end && archiving.positions.get(0) === end
  })
  const held = await archive.sequences([{ table: 'payments' }], logOrigin(topic, 0), end)
  expect([held, await skippedBelow(archive, source, 0, end)]).toEqual([7, 9])
})

it('carries hundreds of small transactions together, and accounts for their ends in a note for each batch', async () => {
  const { topic, source, open, stream, archiver, cards, marks, archive } = installation
  const log = open()
  await log.ensureTopic(topic, 1)
  const transactions = 240
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    const transactionalId = `${topic}-${writer}`
    const producer = kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    for (let n = writer; n < transactions; n += 8) {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [payment(n)] })
      await transaction.commit()
    }
    await producer.disconnect()
  })
  await Promise.all(writers)
  const { end } = (await log.ranges(topic))[0]!
  expect(end).toBe(2 * transactions)
  const one = stream(log)
  const archiving = archiver(open())
  let steps = 0
  await until(async () => {
    steps++
    await one.step()
    await archiving.step()
    return (await marks()).get(0) === end && archiving.positions.get(0) === end
  })
  // Fetching may need a few rounds, and not one for each transaction.
  expect(steps).toBeLessThan(transactions / 4)
  expect(await cards()).toBe(transactions)
  const held = await archive.sequences([{ table: 'payments' }], logOrigin(topic, 0), end)
  expect([held, await skippedBelow(archive, source, 0, end)]).toEqual([transactions, transactions])
  expect(await archive.sequences([{ table: 'millrace_skipped' }], logOrigin(topic, 0), end)).toBeLessThanOrEqual(steps)
})

it('says as of when a partition was read to its end', async () => {
  const { topic, open, stream, send } = installation
  const log = open()
  await log.ensureTopic(topic, PARTITIONS)
  const one = stream(log)
  const begun = Date.now()
  await one.step()
  await until(async () => {
    await one.step()
    return one.watermark_ms! >= begun + 500
  })
  expect(one.watermark_ms).toBeLessThanOrEqual(Date.now())
  await send(log, 0, 100)
  await until(async () => {
    await one.step()
    return one.applied === 100
  })
})
