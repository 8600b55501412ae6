import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll } from 'vitest'
import { eventLogContract } from '../../stores/event-log.contract.ts'
import { type KafkaBrokers, startBrokers } from './kafka-broker.ts'

let brokers: KafkaBrokers

beforeAll(async () => {
  brokers = await startBrokers()
})
afterAll(() => brokers?.dispose())

eventLogContract('KafkaEventLog', async () => {
  await empty()
  let log = brokers.log()
  return {
    log,
    ownClock: true,
    setClock() {},
    async reopen() {
      await log.close()
      log = brokers.log()
      return log
    },
    dispose: () => log.close(),
  }
})

/** Removes all topics and groups: the laws begin with an empty log. */
async function empty(): Promise<void> {
  const kafka = new Kafka({ brokers: [...brokers.addresses], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const own = async () => (await admin.listTopics()).filter((topic) => !topic.startsWith('__'))
  const topics = await own()
  if (topics.length > 0) await admin.deleteTopics({ topics })
  const { groups } = await admin.listGroups()
  if (groups.length > 0) await admin.deleteGroups(groups.map(({ groupId }) => groupId))
  while ((await own()).length > 0) await sleep(20)
  await admin.disconnect()
}
