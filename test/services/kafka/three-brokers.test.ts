import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LogBatch } from '../../../src/stores/event-log.ts'
import { type KafkaBrokers, startBrokers } from './kafka-broker.ts'
import { LogFeeder, LogFollower, until } from './log-follower.ts'

let brokers: KafkaBrokers

beforeAll(async () => {
  brokers = await startBrokers({ brokers: 3 })
})
afterAll(() => brokers?.dispose())

it('everything acknowledged is read while one of three brokers is lost, each in turn', async () => {
  const log = brokers.log()
  const reading = brokers.log({ session_ms: 6_000 })
  await log.ensureTopic('t', 6)
  const feeder = new LogFeeder(log, 't', { callers: 2, pause_ms: 5 })
  const follower = new LogFollower(reading, 't')
  const goesOn = async () => {
    const before = feeder.acknowledged.size
    // Through all partitions again, and all of it read.
    await until(() => feeder.acknowledged.size > before + 200)
    const sent = [...feeder.acknowledged.keys()]
    await until(() => sent.every((place) => follower.seen.has(place)))
  }
  await goesOn()
  for (const server of brokers.servers) {
    await server.stop('SIGKILL')
    await goesOn()
    await server.start()
    await goesOn()
  }
  await feeder.stop()
  await until(() => [...feeder.acknowledged.keys()].every((place) => follower.seen.has(place)))
  await follower.stop()
  for (const [place, text] of feeder.acknowledged) expect(follower.seen.get(place)).toBe(text)
  expect(new Set([...follower.seen.keys()].map((place) => place.split('/')[0])).size).toBe(6)
  await log.close()
  await reading.close()
})

it('partitions without a leader keep nobody from the others, also one who has read none of them yet', async () => {
  const topic = 'alone'
  const kafka = new Kafka({ brokers: [...brokers.addresses], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const replicaAssignment = brokers.servers.map((_, partition) => ({ partition, replicas: [partition + 1] }))
  await admin.createTopics({ waitForLeaders: false, topics: [{ topic, replicaAssignment }] })
  await admin.disconnect()
  const log = brokers.log({ delivery_ms: 5_000 })
  await log.ensureTopic(topic, 3)
  const message = (key: number) => ({ key: `${key}`, value: Buffer.from(`${key}`) })
  const keys = Array.from({ length: 60 }, (_, key) => key)
  const places = await log.append(topic, keys.map(message))
  const [, second] = brokers.servers
  await second!.stop('SIGKILL')
  const reading = brokers.log()
  await until(async () => (await reading.read(topic, 0, 0, 1).catch(() => null)) !== null)
  await reading.read(topic, 1, 0, 1).catch(() => {})
  const read = async (partition: number) => {
    const begun_ms = performance.now()
    const found = await reading.read(topic, partition, 0, 1_000).catch((error: unknown) => error as Error)
    return { found, took_ms: performance.now() - begun_ms }
  }
  for (let round = 0; round < 3; round++) {
    const { found, took_ms } = await read(1)
    expect(found).toBeInstanceOf(Error)
    expect(took_ms).toBeLessThan(2_000)
  }
  for (const partition of [0, 2]) {
    const { found } = await read(partition)
    expect((found as LogBatch).values).toHaveLength(places.filter((place) => place.partition === partition).length)
  }
  await second!.start()
  await until(async () => {
    const { found } = await read(1)
    return !(found instanceof Error) && found.values.length === places.filter(({ partition }) => partition === 1).length
  })
  await log.close()
  await reading.close()
})
