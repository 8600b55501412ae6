import { afterAll, beforeAll, expect, it } from 'vitest'
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
