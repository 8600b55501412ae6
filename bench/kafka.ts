import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { KafkaServer } from '../scripts/servers/kafka-server.ts'
import { KafkaEventLog } from '../src/stores/log/kafka/kafka.ts'
import type { Report } from './main.ts'

const EVENTS = 600_000
const BATCH = 5_000
const PARTITIONS = 4
const RATES = [1_000, 5_000, 10_000, 30_000]
const FRESHNESS_SECONDS = 8

/** The first seconds of a load warm up. */
const WARM_SECONDS = 2

/** The log in Kafka, beside kafkajs's own producer and consumer; one broker on this machine. */
export async function kafkaBench(report: Report): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const server = new KafkaServer({ folder, node: { id: 1, port: 19_292, controllerPort: 19_293 } })
  await server.start()
  const log = new KafkaEventLog({ brokers: [server.address], now: Date.now })
  try {
    await log.ensureTopic('events', PARTITIONS)
    const batch = Array.from({ length: BATCH }, (_, i) => ({ key: `card-${i}`, value: event(i) }))
    for (let i = 0; i < 20; i++) await log.append('events', batch)
    await timed(report, 'producer: ours, 5,000 events of 190 bytes a call', async () => {
      for (let i = 0; i < EVENTS; i += BATCH) await log.append('events', batch)
      return EVENTS
    })
    await timed(report, 'producer: ours, 50 callers of one event each', async () => {
      let sent = 0
      const caller = async () => {
        while (sent < EVENTS / 20) await log.append('events', [batch[sent++ % BATCH]!])
      }
      await Promise.all(Array.from({ length: 50 }, caller))
      return sent
    })
    const kafka = new Kafka({ brokers: [server.address], logLevel: logLevel.NOTHING })
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true })
    await producer.connect()
    const messages = batch.map(({ key, value }) => ({ key, value: Buffer.from(value) }))
    await timed(report, 'producer: kafkajs, idempotent, 5,000 events a call', async () => {
      for (let i = 0; i < EVENTS / 3; i += BATCH) await producer.send({ topic: 'events', messages })
      return EVENTS / 3
    })
    await producer.disconnect()

    await timed(report, 'consumer: ours', () => readAll(log))
    await timed(report, 'consumer: ours, again', () => readAll(log))
    const all = (await log.ranges('events')).reduce((sum, { end }) => sum + end, 0)
    const consumer = kafka.consumer({ groupId: 'bench' })
    await consumer.connect()
    await consumer.subscribe({ topic: 'events', fromBeginning: true })
    await timed(report, 'consumer: kafkajs, whole batches', () => {
      let read = 0
      return new Promise((resolve) => {
        void consumer.run({
          eachBatchAutoResolve: true,
          eachBatch: async ({ batch }) => {
            read += batch.messages.length
            if (read >= all) resolve(read)
          },
        })
      })
    })
    await consumer.disconnect()
    for (const rate of RATES) await freshness(report, server.address, log, rate)
  } finally {
    await log.close()
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function readAll(log: KafkaEventLog): Promise<number> {
  let read = 0
  const positions = (await log.ranges('events')).map((range) => ({ ...range, next: 0 }))
  for (let more = true; more; ) {
    more = false
    for (const position of positions) {
      if (position.next >= position.end) continue
      more = true
      const { values, nextOffset } = await log.read('events', position.partition, position.next, BATCH)
      if (values.length === 0) await log.wait('events', 10)
      position.next = nextOffset
      read += values.length
    }
  }
  return read
}

/** From the instant an event is made in another process to when it is read here. */
async function freshness(report: Report, address: string, log: KafkaEventLog, rate: number): Promise<void> {
  const topic = `fresh-${rate}`
  await log.ensureTopic(topic, PARTITIONS)
  const positions = (await log.ranges(topic)).map(({ partition, end }) => ({ partition, next: end }))
  const load = spawn(process.execPath, [
    ...['--import', 'tsx', join(import.meta.dirname, 'kafka-load.ts')],
    ...[address, topic, String(rate), String(FRESHNESS_SECONDS)],
  ])
  let running = true
  load.once('exit', () => {
    running = false
  })
  const ages: number[] = []
  let reads = 0
  let events = 0
  let cpu = process.cpuUsage()
  let first_ms = 0
  while (running) {
    const appended = log.wait(topic, 100)
    let found = 0
    for (const position of positions) {
      const { values, nextOffset } = await log.read(topic, position.partition, position.next, BATCH)
      position.next = nextOffset
      found += values.length
      const read_ms = performance.timeOrigin + performance.now()
      if (values.length > 0 && first_ms === 0) first_ms = read_ms
      if (first_ms === 0 || read_ms - first_ms < WARM_SECONDS * 1_000) {
        cpu = process.cpuUsage()
        continue
      }
      for (const value of values) ages.push(read_ms - JSON.parse(Buffer.from(value).toString()).made_ms)
      if (values.length > 0) reads++
      events += values.length
    }
    if (found === 0) await appended
  }
  const { user, system } = process.cpuUsage(cpu)
  ages.sort((a, b) => a - b)
  const at = (share: number) => ages[Math.floor(share * (ages.length - 1))]!.toFixed(1)
  const busy = Math.round((100 * (user + system)) / 1e6 / (FRESHNESS_SECONDS - WARM_SECONDS))
  report(
    `freshness at ${rate} events/s, made to read`,
    `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, p99.9 ${at(0.999)} ms; ${(events / reads).toFixed(1)} a read, ${busy} % CPU`,
  )
}

async function timed(report: Report, name: string, work: () => Promise<number>): Promise<void> {
  const cpu = process.cpuUsage()
  const begun = performance.now()
  const events = await work()
  const took_ms = performance.now() - begun
  const { user, system } = process.cpuUsage(cpu)
  const perSecond = Math.round(events / took_ms)
  report(name, `${perSecond} k/s, ${Math.round(events / ((user + system) / 1e3))} k per CPU-second`)
}

function event(i: number): Buffer {
  return Buffer.from(
    JSON.stringify({
      id: `txn-${1e9 + i}`,
      occurred_at: '2026-11-23T12:00:00.000Z',
      card_id: `card-${i}`,
      merchant_id: `merchant-${i % 997}`,
      device_id: `device-${i % 4999}`,
      amount: 1_234 + i,
      status: 'approved',
      fraud: null,
    }),
  )
}
