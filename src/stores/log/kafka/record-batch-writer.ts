import { crc32c } from './crc32c.ts'
import { BATCH, MAGIC } from './record-batch.ts'

/** Most bytes that a record has beside its key and value: six numbers of at most five bytes. */
export const RECORD_OVERHEAD = 30

export interface BatchProducer {
  readonly id: number
  readonly epoch: number
  /** The number of the first message: a broker that has seen it takes the batch for a repetition. */
  readonly sequence: number
}

/** Encodes messages, all of one partition, as a batch. Offsets and, by the topic's setting, times are the broker's. */
export function encodeBatch(
  messages: readonly { readonly key: string; readonly value: Uint8Array }[],
  time_ms: number,
  producer: BatchProducer,
): Buffer {
  let size = BATCH.records
  for (const { key, value } of messages) size += 3 * key.length + value.length + RECORD_OVERHEAD
  const bytes = Buffer.allocUnsafe(size)
  let at: number = BATCH.records
  for (let i = 0; i < messages.length; i++) {
    const { key, value } = messages[i]!
    const keyBytes = Buffer.byteLength(key)
    const length = 3 + varintSize(i) + varintSize(keyBytes) + keyBytes + varintSize(value.length) + value.length
    at = writeVarint(bytes, at, length)
    bytes[at++] = 0
    // All have the batch's time.
    bytes[at++] = 0
    at = writeVarint(bytes, at, i)
    at = writeVarint(bytes, at, keyBytes)
    at += bytes.write(key, at, keyBytes)
    at = writeVarint(bytes, at, value.length)
    bytes.set(value, at)
    at += value.length
    // No headers.
    bytes[at++] = 0
  }
  bytes.writeBigInt64BE(0n, BATCH.baseOffset)
  bytes.writeInt32BE(at - BATCH.leaderEpoch, BATCH.length)
  bytes.writeInt32BE(-1, BATCH.leaderEpoch)
  bytes[BATCH.magic] = MAGIC
  bytes.writeInt16BE(0, BATCH.attributes)
  bytes.writeInt32BE(messages.length - 1, BATCH.lastOffsetDelta)
  bytes.writeBigInt64BE(BigInt(time_ms), BATCH.baseTime)
  bytes.writeBigInt64BE(BigInt(time_ms), BATCH.maxTime)
  bytes.writeBigInt64BE(BigInt(producer.id), BATCH.producerId)
  bytes.writeInt16BE(producer.epoch, BATCH.producerEpoch)
  bytes.writeInt32BE(producer.sequence, BATCH.baseSequence)
  bytes.writeInt32BE(messages.length, BATCH.count)
  bytes.writeUInt32BE(crc32c(bytes, BATCH.attributes, at), BATCH.crc)
  return bytes.subarray(0, at)
}

/** Bytes of a number that is not negative. */
function varintSize(value: number): number {
  return value < 2 ** 6 ? 1 : value < 2 ** 13 ? 2 : value < 2 ** 20 ? 3 : value < 2 ** 27 ? 4 : 5
}

function writeVarint(bytes: Buffer, from: number, value: number): number {
  let at = from
  let rest = value * 2
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes[at++] = (rest & 0x7f) | 0x80
  bytes[at++] = rest
  return at
}
