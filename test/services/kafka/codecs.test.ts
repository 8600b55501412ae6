import { spawn } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaJars, sharedClasses } from '../../../scripts/servers/kafka-jars.ts'
import { codecOf, int64At } from '../../../src/stores/log/kafka/record-batch.ts'
import { readAll } from '../../stores/log-messages.ts'
import { type KafkaBrokers, startBrokers } from './kafka-broker.ts'

const MESSAGES = 2_000

let brokers: KafkaBrokers
let folder: string

beforeAll(async () => {
  brokers = await startBrokers({
    properties: (node, all) => {
      folder = join(all, `kafka-${node.id}`, 'data')
      return {}
    },
  })
})
afterAll(() => brokers?.dispose())

/** Long enough that a batch is several blocks of snappy's. */
const line = (i: number) =>
  JSON.stringify({ id: `txn-${i}`, amount: i * 17, text: 'x'.repeat(i % 200), note: 'größer' })

/** Sends lines by Kafka's own Java client. */
async function produceByJava(topic: string, codec: string, lines: readonly string[]): Promise<void> {
  const args = ['--bootstrap-server', brokers.addresses[0]!, '--topic', topic, '--compression-codec', codec]
  const jars = await kafkaJars()
  const java = ['-XX:TieredStopAtLevel=1', ...sharedClasses(jars)]
  const child = spawn(
    'java',
    [...java, '-cp', join(jars, '*'), 'org.apache.kafka.tools.ConsoleProducer', ...args, '--batch-size', '200000'],
    { stdio: ['pipe', 'ignore', 'ignore'], env: { ...process.env, LC_ALL: 'C.UTF-8' } },
  )
  child.stdin.end(`${lines.join('\n')}\n`)
  const code = await new Promise((resolve) => child.once('exit', resolve))
  expect(code).toBe(0)
}

/** The file of the broker's with all messages of a topic's only partition. */
async function segmentOf(topic: string): Promise<string> {
  const names = await readdir(join(folder, `${topic}-0`))
  return join(folder, `${topic}-0`, names.find((name) => name.endsWith('.log'))!)
}

describe('batches that the Java client compressed', () => {
  it.each([
    ['none', 0],
    ['gzip', 1],
    ['snappy', 2],
    ['lz4', 3],
    ['zstd', 4],
  ])('are read: %s', async (codec, number) => {
    const log = brokers.log()
    const topic = `with-${codec}`
    await log.ensureTopic(topic, 1)
    const lines = Array.from({ length: MESSAGES }, (_, i) => line(i))
    await produceByJava(topic, codec, lines)
    expect(codecOf(await readFile(await segmentOf(topic)))).toBe(number)
    expect((await readAll(log, topic, 0, 0, 300)).texts).toEqual(lines)
    // From the middle of a batch, too.
    expect((await readAll(log, topic, 0, 777, 1_000)).texts).toEqual(lines.slice(777))
    await log.close()
  })
})

it('a batch that cannot be decoded is an error with its topic, partition and offset; it is never skipped', async () => {
  const topic = 'broken'
  const log = brokers.log()
  await log.ensureTopic(topic, 1)
  await log.append(topic, [{ key: 'k', value: Buffer.from(line(0)) }])
  await produceByJava(topic, 'gzip', [line(1), line(2)])
  await log.append(topic, [{ key: 'k', value: Buffer.from(line(3)) }])
  await log.close()

  // What lies on the broker's disk is not looked at again after an orderly stop.
  const [server] = brokers.servers
  await server!.stop()
  const file = await segmentOf(topic)
  const bytes = await readFile(file)
  for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
    // The first bytes of gzip.
    if (int64At(bytes, at) === 1) bytes.fill(0, at + 61, at + 65)
  }
  await writeFile(file, bytes)
  await server!.start()

  const reading = brokers.log()
  const before = await reading.read(topic, 0, 0, 100)
  expect(before.values.map((value) => Buffer.from(value).toString())).toEqual([line(0)])
  for (let i = 0; i < 3; i++) {
    await expect(reading.read(topic, 0, before.nextOffset, 100)).rejects.toThrow(
      'the batch at offset 1 of broken/0 cannot be decoded: incorrect header check',
    )
  }
  await reading.close()
})

it('a batch that a topic takes only in parts is written in parts, in order', async () => {
  const kafka = new Kafka({ brokers: [...brokers.addresses], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const configEntries = [{ name: 'max.message.bytes', value: '5000' }]
  await admin.createTopics({ waitForLeaders: false, topics: [{ topic: 'small', numPartitions: 1, configEntries }] })
  await admin.disconnect()
  const log = brokers.log()
  const texts = Array.from({ length: 100 }, (_, i) => `${i}`.padEnd(1_000, '.'))
  const places = await log.append(
    'small',
    texts.map((text) => ({ key: 'k', value: Buffer.from(text) })),
  )
  expect(places).toEqual(texts.map((_, offset) => ({ partition: 0, offset })))
  const read: string[] = []
  while (read.length < texts.length) {
    const { values } = await log.read('small', 0, read.length, 1_000)
    read.push(...values.map((value) => Buffer.from(value).toString()))
  }
  expect(read).toEqual(texts)
  const longest = { key: 'k', value: Buffer.alloc(6_000) }
  await expect(log.append('small', [longest])).rejects.toThrow(
    'topic small takes no message of 6000 bytes: raise its max.message.bytes, or send smaller events',
  )
  await log.close()
})
