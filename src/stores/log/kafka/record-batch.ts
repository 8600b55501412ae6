/** Kafka's record batch, version 2 (https://kafka.apache.org/documentation/#recordbatch): where its fields are. */
export const BATCH = {
  baseOffset: 0,
  /** Of what comes after it. */
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTime: 27,
  maxTime: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const

/** The version since Kafka 0.11; older ones end before the field that says which they are. */
export const MAGIC = 2
const MAGIC_END = 17

const CODEC_MASK = 0b111
const APPEND_TIME_BIT = 0b1000
const TRANSACTIONAL_BIT = 0b1_0000
const CONTROL_BIT = 0b10_0000

/** A batch as it came, not yet decoded. */
export interface RecordBatch {
  readonly bytes: Buffer
  readonly baseOffset: number
  readonly lastOffset: number
}

/** Messages that follow one another without a hole. */
export interface MessageRun {
  readonly baseOffset: number
  readonly values: Uint8Array[]
  /** As the broker or the producer noted it, see `message.timestamp.type`. */
  readonly time_ms: number[]
}

export const int64At = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)

export const codecOf = (bytes: Buffer): number => bytes.readInt16BE(BATCH.attributes) & CODEC_MASK
export const isTransactional = (bytes: Buffer): boolean =>
  (bytes.readInt16BE(BATCH.attributes) & TRANSACTIONAL_BIT) !== 0
/** Whether it holds no messages but the end of a transaction. */
export const isControl = (bytes: Buffer): boolean => (bytes.readInt16BE(BATCH.attributes) & CONTROL_BIT) !== 0

/** Cuts what a fetch answered into its batches; the last one may be cut off, and is then left out. */
export function splitBatches(records: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = []
  for (let at = 0; at + MAGIC_END <= records.length; ) {
    const end = at + BATCH.leaderEpoch + records.readInt32BE(at + BATCH.length)
    if (end > records.length) break
    const bytes = records.subarray(at, end)
    const baseOffset = int64At(bytes, BATCH.baseOffset)
    // What is of another version is refused when it is decoded, with its place.
    const delta = bytes[BATCH.magic] === MAGIC ? bytes.readInt32BE(BATCH.lastOffsetDelta) : 0
    batches.push({ bytes, baseOffset, lastOffset: baseOffset + delta })
    at = end
  }
  return batches
}

/** Decodes the records of a batch, given uncompressed. Values are parts of `records`, not copies. Throws where bytes are missing. */
export function decodeRecords(batch: RecordBatch, records: Buffer): MessageRun[] {
  const { bytes, baseOffset } = batch
  const count = bytes.readInt32BE(BATCH.count)
  const baseTime_ms = int64At(bytes, BATCH.baseTime)
  const appended_ms =
    (bytes.readInt16BE(BATCH.attributes) & APPEND_TIME_BIT) === 0 ? null : int64At(bytes, BATCH.maxTime)
  const runs: MessageRun[] = []
  let run: MessageRun | null = null
  let next = 0
  at = 0
  for (let i = 0; i < count; i++) {
    const length = varint(records)
    const end = at + length
    if (length < 0 || end > records.length) throw new Error(`its record ${i} of ${count} is cut off`)
    at++
    const time_ms = baseTime_ms + varlong(records)
    const offset = baseOffset + varint(records)
    const key = varint(records)
    if (key > 0) at += key
    const bytes = varint(records)
    if (at + bytes > end) throw new Error(`the value of its record ${i} of ${count} is cut off`)
    if (run === null || offset !== next) {
      run = { baseOffset: offset, values: [], time_ms: [] }
      runs.push(run)
    }
    run.values.push(records.subarray(at, at + Math.max(0, bytes)))
    run.time_ms.push(appended_ms ?? time_ms)
    next = offset + 1
    // Headers are left out.
    at = end
  }
  return runs
}

/** Where {@link varint} and {@link varlong} read: they are called four times a message, and must not allocate. */
let at = 0

/** A zigzag number of at most 32 bits. */
function varint(bytes: Buffer): number {
  let byte = bytes[at++]!
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
  let value = byte & 0x7f
  for (let shift = 7; ; shift += 7) {
    byte = bytes[at++]!
    value |= (byte & 0x7f) << shift
    // Past the end `byte` is undefined, which is not below 0x80: the shift ends it.
    if (byte < 0x80 || shift >= 28) return (value >>> 1) ^ -(value & 1)
  }
}

/** A zigzag number of at most 64 bits, exact to 2^53. */
function varlong(bytes: Buffer): number {
  let value = 0
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[at++]!
    value += (byte & 0x7f) * factor
    if (byte < 0x80 || !(factor < 2 ** 63)) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}
