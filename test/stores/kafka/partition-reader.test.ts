import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { describe, expect, it } from 'vitest'
import type { FetchedPartition } from '../../../src/stores/log/kafka/fetch-request.ts'
import { PartitionReader } from '../../../src/stores/log/kafka/partition-reader.ts'
import { BATCH } from '../../../src/stores/log/kafka/record-batch.ts'
import { encodeBatch } from '../../../src/stores/log/kafka/record-batch-writer.ts'

const require = createRequire(import.meta.url)
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js')
const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js')

const T0 = Date.UTC(2026, 0, 1)
const TRANSACTIONAL = 16
const CONTROL = 32

/** Messages `m<offset>` from an offset on, as one batch; bits and producer as given. */
function batch(offset: number, count: number, { bits = 0, producer = -1, time_ms = T0 } = {}): Buffer {
  const sent = Array.from({ length: count }, (_, i) => ({ key: 'k', value: Buffer.from(`m${offset + i}`) }))
  const bytes = encodeBatch(sent, time_ms, { id: producer, epoch: 0, sequence: 0 })
  bytes.writeBigInt64BE(BigInt(offset), BATCH.baseOffset)
  bytes.writeInt16BE(bits, BATCH.attributes)
  return bytes
}

function compressed(offset: number, count: number, codec: number, compress: (bytes: Buffer) => Buffer): Buffer {
  const bytes = batch(offset, count, { bits: codec })
  const whole = Buffer.concat([bytes.subarray(0, BATCH.records), compress(bytes.subarray(BATCH.records))])
  whole.writeInt32BE(whole.length - BATCH.leaderEpoch, BATCH.length)
  return whole
}

function fetched(batches: readonly Buffer[], more: Partial<FetchedPartition> = {}): FetchedPartition {
  const base = { topic: 't', partition: 3, errorCode: 0, stableOffset: 1_000, startOffset: 0, aborted: [] }
  return { ...base, records: Buffer.concat(batches), ...more }
}

function reader(offset: number, ...batches: Buffer[]): PartitionReader {
  const made = new PartitionReader('t', null, 3, offset, () => T0 + 1_000)
  made.accept(fetched(batches), T0)
  return made
}

async function take(from: PartitionReader, max = 1_000) {
  const { values, ...rest } = await from.take(max)
  return { texts: values.map((value) => Buffer.from(value).toString()), ...rest }
}

const named = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `m${from + i}`)

describe('what was fetched of a partition', () => {
  it('is not said to be all that there is by a leader that may not know', async () => {
    const one = new PartitionReader('t', null, 3, 0, () => T0 + 1_000)
    one.accept(fetched([], { stableOffset: 0 }), T0 + 5, false)
    expect((await one.take(10)).asOf_ms).toBe(0)
    one.accept(fetched([], { stableOffset: 0 }), T0 + 7)
    expect((await one.take(10)).asOf_ms).toBe(T0 + 7)
    one.accept(fetched([], { stableOffset: 0 }), T0 + 9, false)
    expect((await one.take(10)).asOf_ms).toBe(T0 + 7)
  })

  it('is read in order, as many as asked for, across batches', async () => {
    const one = reader(0, batch(0, 10), batch(10, 1), batch(11, 20))
    expect(one.fetchOffset).toBe(31)
    let next = 0
    for (const max of [1, 3, 8, 100]) {
      const { texts, baseOffset, nextOffset } = await take(one, max)
      expect(texts).toEqual(named(next, Math.min(31, next + max)))
      expect(baseOffset).toBe(next)
      next = nextOffset
    }
    expect(next).toBe(31)
    expect(one.bytes).toBe(0)
  })

  it('begins in the middle of a batch where that was asked for', async () => {
    const { texts, baseOffset } = await take(reader(4, batch(0, 10)))
    expect(baseOffset).toBe(4)
    expect(texts).toEqual(named(4, 10))
  })

  it('is taken once, also when two fetches bring it', async () => {
    const one = reader(0, batch(0, 10))
    one.accept(fetched([batch(0, 10), batch(10, 5)]), T0)
    expect((await take(one)).texts).toEqual(named(0, 15))
  })

  it('says since when nothing was left, once it was read to the end', async () => {
    const one = new PartitionReader('t', null, 3, 5, () => T0)
    expect(one.accept(fetched([], { stableOffset: 5 }), T0 - 10)).toBe(false)
    expect(await take(one)).toEqual({ texts: [], baseOffset: 5, append_ms: [], nextOffset: 5, asOf_ms: T0 - 10 })
    expect(one.accept(fetched([batch(5, 1)], { stableOffset: 7 }), T0 - 5)).toBe(true)
    await take(one)
    expect(await take(one)).toMatchObject({ nextOffset: 6, asOf_ms: T0 - 10 })
  })

  it('leaves out what an aborted transaction wrote, and the ends of transactions', async () => {
    const bits = TRANSACTIONAL
    const end = (offset: number, producer: number) => batch(offset, 1, { bits: TRANSACTIONAL | CONTROL, producer })
    const one = new PartitionReader('t', null, 3, 0, () => T0)
    const batches = [
      batch(0, 2, { bits, producer: 1 }),
      batch(2, 2, { bits, producer: 2 }),
      batch(4, 1),
      batch(5, 1, { bits, producer: 1 }),
      end(6, 1),
      end(7, 2),
      batch(8, 2, { bits, producer: 1 }),
      end(10, 1),
    ]
    one.accept(fetched(batches, { aborted: [{ producerId: 1, firstOffset: 0 }], stableOffset: 11 }), T0)
    expect(await take(one)).toMatchObject({ texts: named(2, 5), baseOffset: 2, nextOffset: 5 })
    expect(one.continuesAt(5)).toBe(true)
    expect(await take(one)).toMatchObject({ texts: named(8, 10), baseOffset: 8, nextOffset: 11 })
    expect(one.continuesAt(10)).toBe(true)
    expect(await take(one)).toMatchObject({ texts: [], nextOffset: 11 })
  })

  it('skips what compaction took away, run by run', async () => {
    const records = [0, 1, 4, 5].map((offsetDelta) =>
      Record({ key: null, value: Buffer.from(`m${offsetDelta}`), offsetDelta, timestampDelta: 0 }),
    )
    const one = reader(1, (await RecordBatch({ records, lastOffsetDelta: 6 })).buffer, batch(7, 1))
    expect(await take(one)).toMatchObject({ texts: ['m1'], nextOffset: 2 })
    expect(await take(one)).toMatchObject({ texts: ['m4', 'm5'], baseOffset: 4, nextOffset: 6 })
    expect(await take(one)).toMatchObject({ texts: ['m7'], baseOffset: 7, nextOffset: 8 })
  })

  it('has times that never fall and are never ahead of the clock', async () => {
    const times = [T0, T0 + 20, T0 + 10, T0 + 3_600_000, T0 + 30]
    const one = reader(0, ...times.map((time_ms, i) => batch(i, 1, { time_ms })))
    expect((await take(one)).append_ms).toEqual([T0, T0 + 20, T0 + 20, T0 + 1_000, T0 + 1_000])
  })

  it.each([
    ['gzip', 1, (bytes: Buffer) => gzipSync(bytes)],
    ['snappy', 2, (bytes: Buffer) => compressSync(bytes)],
    ['lz4', 3, (bytes: Buffer) => compressFrameSync(bytes)],
  ])('is decompressed: %s', async (_, codec, compress) => {
    const one = reader(0, compressed(0, 500, codec, compress), batch(500, 1))
    expect((await take(one)).texts).toEqual(named(0, 501))
  })

  it.each([
    ['garbage in gzip', compressed(5, 2, 1, () => Buffer.from('no gzip at all')), /incorrect header check/],
    ['garbage in snappy', compressed(5, 2, 2, () => Buffer.alloc(9, 255)), /./],
    ['garbage in lz4', compressed(5, 2, 3, () => Buffer.alloc(9, 255)), /./],
    ['garbage in zstd', compressed(5, 2, 4, () => Buffer.alloc(9, 255)), /./],
    ['an unknown codec', batch(5, 2, { bits: 6 }), /its compression 6 is not known/],
    ['records cut off', compressed(5, 2, 0, (bytes) => bytes.subarray(0, 12)), /its record 1 of 2 is cut off/],
    ['an old format', old(batch(5, 2)), /it is in message format v1, of Kafka before 0.11/],
  ])('with %s is refused with its place, after all before it was read, again and again', async (_, bad, message) => {
    const one = reader(0, batch(0, 5), bad)
    expect((await take(one)).texts).toEqual(named(0, 5))
    for (let i = 0; i < 2; i++) {
      const failed = await one.take(10).catch((error: unknown) => error)
      expect(failed).toMatchObject({ code: 'UNDECODABLE_BATCH' })
      expect(String(failed)).toContain('the batch at offset 5 of t/3 cannot be decoded: ')
      expect(String(failed)).toMatch(message)
    }
    expect(one.continuesAt(5)).toBe(true)
  })

  it('is told to have failed only after all before it was read, and for a passing failure only when it lasts', async () => {
    let now_ms = T0
    const one = new PartitionReader('t', null, 3, 0, () => now_ms)
    one.accept(fetched([batch(0, 1)], { stableOffset: 1 }), T0)
    one.fail(new Error('leader moved'), false)
    expect((await take(one)).texts).toEqual(['m0'])
    expect((await take(one)).texts).toEqual([])
    now_ms += 5_000
    one.fail(new Error('leader moved'), false)
    await expect(one.take(1)).rejects.toThrow('leader moved')
    one.accept(fetched([], { stableOffset: 1 }), now_ms)
    expect((await take(one)).texts).toEqual([])
    one.fail(new Error('not allowed'), true)
    await expect(one.take(1)).rejects.toThrow('not allowed')
  })
})

function old(bytes: Buffer): Buffer {
  const made = Buffer.from(bytes)
  made[BATCH.magic] = 1
  return made
}
