import { createRequire } from 'node:module'
import fc from 'fast-check'
import { Partitioners } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { ByteReader } from '../../../src/stores/log/kafka/byte-reader.ts'
import { ByteWriter } from '../../../src/stores/log/kafka/byte-writer.ts'
import { crc32c } from '../../../src/stores/log/kafka/crc32c.ts'
import { keyPartition } from '../../../src/stores/log/kafka/key-partition.ts'
import { BATCH, decodeRecords, splitBatches } from '../../../src/stores/log/kafka/record-batch.ts'
import { encodeBatch } from '../../../src/stores/log/kafka/record-batch-writer.ts'

const require = createRequire(import.meta.url)
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js')
const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js')
const decodeByKafkajs = require('kafkajs/src/protocol/recordBatch/v0/decoder.js')
const Decoder = require('kafkajs/src/protocol/decoder.js')
const crcByKafkajs = require('kafkajs/src/protocol/recordBatch/crc32C/index.js')

const SEEDED = { seed: 41, numRuns: 200 }
const T0 = Date.UTC(2026, 0, 1)

const message = fc.record({
  key: fc.string({ unit: 'grapheme', maxLength: 100 }),
  value: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 8_000, maxLength: 20_000 })),
})
const messages = fc.array(message, { minLength: 1, maxLength: 200 })

describe('a batch of records', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(messages, fc.nat(2 ** 40), (sent, offset) => {
        const bytes = encodeBatch(sent, T0, { id: 7, epoch: 1, sequence: 3 })
        bytes.writeBigInt64BE(BigInt(offset), 0)
        const [batch] = splitBatches(bytes)
        expect(batch).toMatchObject({ baseOffset: offset, lastOffset: offset + sent.length - 1 })
        const runs = decodeRecords(batch!, bytes.subarray(BATCH.records))
        expect(runs).toHaveLength(1)
        expect(runs[0]!.baseOffset).toBe(offset)
        expect(runs[0]!.values.map((value) => [...value])).toEqual(sent.map(({ value }) => [...value]))
        expect(new Set(runs[0]!.time_ms)).toEqual(new Set([T0]))
      }),
      SEEDED,
    )
  })

  it('is what kafkajs reads', async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (sent) => {
        const bytes = encodeBatch(sent, T0, { id: 7, epoch: 1, sequence: 3 })
        const { records, ...head } = await decodeByKafkajs(new Decoder(bytes))
        expect(head).toMatchObject({ producerId: '7', producerEpoch: 1, firstSequence: 3, maxTimestamp: String(T0) })
        expect(records.map(({ key, value }: { key: Buffer; value: Buffer }) => [key.toString(), [...value]])).toEqual(
          sent.map(({ key, value }) => [Buffer.from(key).toString(), [...value]]),
        )
        expect(bytes.readUInt32BE(BATCH.crc)).toBe(crcByKafkajs(bytes.subarray(BATCH.attributes)))
      }),
      SEEDED,
    )
  })

  it('of kafkajs is read, with headers, times apart, no key and no value', async () => {
    const times = [T0, T0 + 5, T0 - 3, T0 + 2 ** 33]
    const records = times.map((ms, i) =>
      Record({
        key: i === 0 ? null : `k${i}`,
        value: i === 1 ? null : Buffer.from(`v${i}`),
        headers: { trace: 'abc', many: ['1', '2'] },
        offsetDelta: i,
        timestampDelta: ms - T0,
      }),
    )
    const { buffer } = await RecordBatch({
      records,
      firstTimestamp: T0,
      maxTimestamp: T0 + 2 ** 33,
      lastOffsetDelta: 3,
    })
    const [batch] = splitBatches(buffer)
    const [run] = decodeRecords(batch!, batch!.bytes.subarray(BATCH.records))
    expect(run!.values.map((value) => Buffer.from(value).toString())).toEqual(['v0', '', 'v2', 'v3'])
    expect(run!.time_ms).toEqual(times)
  })

  it('that was compacted is several runs', async () => {
    const records = [0, 1, 4, 5, 9].map((offsetDelta) =>
      Record({ key: null, value: Buffer.from(`v${offsetDelta}`), offsetDelta, timestampDelta: 0 }),
    )
    const { buffer } = await RecordBatch({ records, firstOffset: 0, lastOffsetDelta: 9 })
    const [batch] = splitBatches(buffer)
    const runs = decodeRecords(batch!, batch!.bytes.subarray(BATCH.records))
    expect(batch!.lastOffset).toBe(9)
    expect(runs.map(({ baseOffset, values }) => [baseOffset, values.length])).toEqual([
      [0, 2],
      [4, 2],
      [9, 1],
    ])
  })

  it('that is cut off is refused, wherever the cut is', () => {
    const sent = Array.from({ length: 5 }, (_, i) => ({ key: `k${i}`, value: Buffer.from(`value ${i}`) }))
    const bytes = encodeBatch(sent, T0, { id: 1, epoch: 0, sequence: 0 })
    const [batch] = splitBatches(bytes)
    const records = bytes.subarray(BATCH.records)
    for (let length = 0; length < records.length; length++) {
      expect(() => decodeRecords(batch!, records.subarray(0, length))).toThrow(/of 5 is cut off/)
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(splitBatches(bytes.subarray(0, length))).toEqual([])
      expect(splitBatches(Buffer.concat([bytes, bytes.subarray(0, length)]))).toHaveLength(1)
    }
  })
})

it('CRC-32C is that of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'), 0, 9)).toBe(0xe3069283)
  expect(crc32c(Buffer.alloc(32), 0, 32)).toBe(0x8a9136aa)
  expect(crc32c(Buffer.alloc(32, 255), 0, 32)).toBe(0x62a8ab43)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(crc32c(bytes, 0, bytes.length)).toBe(crcByKafkajs(Buffer.from(bytes)))
    }),
    SEEDED,
  )
})

it("keys go to the partitions of Kafka's own clients", () => {
  const partitioner = Partitioners.DefaultPartitioner()
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 50 }), (key, count) => {
      const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
        ...{ partitionId, leader: 1, partitionErrorCode: 0, replicas: [], isr: [] },
      }))
      const expected = partitioner({ topic: 't', partitionMetadata, message: { key, value: null } })
      expect(keyPartition(key, count)).toBe(expected)
    }),
    SEEDED,
  )
})

it('a request grows as it is written', () => {
  const writer = new ByteWriter(1)
  const texts = Array.from({ length: 100 }, (_, i) => 'é'.repeat(i))
  writer
    .int8(-1)
    .int16(-2)
    .int32(-3)
    .int64(2 ** 50)
    .string(null)
  writer.array(texts, (text) => writer.string(text).bytes(Buffer.from(text)))
  const reader = new ByteReader(writer.buffer)
  expect([reader.int8(), reader.int16(), reader.int32(), reader.int64(), reader.string()]).toEqual([
    ...[-1, -2, -3, 2 ** 50, null],
  ])
  expect(reader.array(() => [reader.string(), reader.bytes().toString()])).toEqual(texts.map((text) => [text, text]))
})
