import type { LogBatch } from '../../event-log.ts'
import { codec } from './codec.ts'
import type { FetchedPartition } from './fetch-request.ts'
import {
  BATCH,
  codecOf,
  decodeRecords,
  int64At,
  isControl,
  isTransactional,
  MAGIC,
  type MessageRun,
  type RecordBatch,
  splitBatches,
} from './record-batch.ts'

/** Most bytes of messages that one read answers (and one batch more), however long they are. */
const READ_BYTES_MAX = 16 * 1024 * 1024

/** Fetches may fail for so long (a leader moves) before a reader is told. */
const FAILING_MS = 1_000

/** A batch of the log that cannot be turned into messages: whoever reads stops there, and says so. */
export class UndecodableBatchError extends Error {
  override readonly name = 'UndecodableBatchError'
  readonly code = 'UNDECODABLE_BATCH'
  constructor(topic: string, partition: number, offset: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(`the batch at offset ${offset} of ${topic}/${partition} cannot be decoded: ${reason}`, { cause })
  }
}

/** What was fetched ahead of one partition, from the position of its one reader on. */
export class PartitionReader {
  readonly topic: string
  /** Which topic of that name it is; null: whichever has it. */
  readonly topicId: string | null
  readonly partition: number
  readonly #now: () => number
  /** From here to `#next` there is nothing: a read in between goes on at `#next`. */
  #low: number
  #next: number
  #fetchOffset: number
  #batches: RecordBatch[] = []
  #runs: MessageRun[] = []
  #bytes = 0
  #last_ms = 0
  /** All that was appended before then has been fetched; null: not known. */
  #asOf_ms: number | null = null
  #failure: { readonly error: unknown; readonly since_ms: number; readonly lasting: boolean } | null = null
  #used_ms: number

  constructor(topic: string, topicId: string | null, partition: number, offset: number, now: () => number) {
    this.topic = topic
    this.topicId = topicId
    this.partition = partition
    this.#now = now
    this.#low = offset
    this.#next = offset
    this.#fetchOffset = offset
    this.#used_ms = now()
  }

  /** The offset to fetch next. */
  get fetchOffset(): number {
    return this.#fetchOffset
  }

  /** Bytes that wait to be read, as they came. */
  get bytes(): number {
    return this.#bytes
  }

  get used_ms(): number {
    return this.#used_ms
  }

  /** Whether fetching on makes no sense: see {@link fail}. */
  get halted(): boolean {
    return this.#failure?.lasting === true
  }

  /** Whether a read from this offset goes on where the last one ended. */
  continuesAt(offset: number): boolean {
    return offset >= this.#low && offset <= this.#next
  }

  /**
   * Takes what a fetch that was sent at `sent_ms` answered. Tells whether there is something new to read. `knowsEnd`: the broker is past
   * the time after an election in which it may take the log for shorter than it is.
   */
  accept({ records, aborted, stableOffset }: FetchedPartition, sent_ms: number, knowsEnd = true): boolean {
    this.#failure = null
    const voided = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
    const open = new Set<number>()
    const before = this.#batches.length
    for (const batch of splitBatches(records)) {
      if (batch.lastOffset < this.#fetchOffset) continue
      this.#fetchOffset = batch.lastOffset + 1
      if (batch.bytes[BATCH.magic] === MAGIC) {
        const producerId = int64At(batch.bytes, BATCH.producerId)
        while (voided.length > 0 && voided[0]!.firstOffset <= batch.lastOffset) open.add(voided.shift()!.producerId)
        // The end of a transaction holds nothing for us; what an aborted one wrote is void.
        if (isControl(batch.bytes)) {
          open.delete(producerId)
          continue
        }
        if (isTransactional(batch.bytes) && open.has(producerId)) continue
      }
      this.#batches.push(batch)
      this.#bytes += batch.bytes.length
    }
    if (knowsEnd && this.#fetchOffset >= stableOffset) this.#asOf_ms = sent_ms
    return this.#batches.length > before
  }

  /** Notes that a fetch failed; `lasting`: it will fail again until somebody reads from elsewhere. */
  fail(error: unknown, lasting: boolean): void {
    const since_ms = this.#failure?.since_ms ?? this.#now()
    this.#failure = { error, since_ms, lasting }
  }

  /** The next messages: up to about so many, none at the end. Throws what fetching failed with once all before it was read. */
  async take(maxMessages: number): Promise<LogBatch> {
    const now_ms = this.#now()
    this.#used_ms = now_ms
    const values: Uint8Array[] = []
    const append_ms: number[] = []
    let bytes = 0
    let baseOffset = this.#next
    let more = false
    while (values.length < maxMessages && bytes < READ_BYTES_MAX) {
      if (this.#runs.length === 0 && !(await this.#decode(values.length === 0))) break
      const run = this.#runs[0]
      if (run === undefined) continue
      if (values.length === 0) baseOffset = run.baseOffset
      else if (run.baseOffset !== baseOffset + values.length) {
        more = true
        break
      }
      const count = Math.min(run.values.length, maxMessages - values.length)
      for (let i = 0; i < count; i++) {
        const value = run.values[i]!
        bytes += value.length
        values.push(value)
        append_ms.push(this.#appended(run.time_ms[i]!, now_ms))
      }
      if (count === run.values.length) this.#runs.shift()
      else
        this.#runs[0] = {
          baseOffset: run.baseOffset + count,
          values: run.values.slice(count),
          time_ms: run.time_ms.slice(count),
        }
    }
    if (values.length === 0) this.#throwFailure()
    const drained = this.#runs.length === 0 && this.#batches.length === 0
    this.#low = baseOffset + values.length
    this.#next = drained ? this.#fetchOffset : this.#low
    if (values.length > 0) return { baseOffset, values, append_ms, nextOffset: this.#next, ...(more && { more }) }
    return { baseOffset, values, append_ms, nextOffset: this.#next, asOf_ms: this.#asOf_ms ?? 0 }
  }

  /** Decodes the next batch; false: there is none, or it cannot be decoded and there is something to read before it. */
  async #decode(alone: boolean): Promise<boolean> {
    const batch = this.#batches[0]
    if (batch === undefined) return false
    const { bytes, baseOffset } = batch
    try {
      if (bytes[BATCH.magic] !== MAGIC) {
        throw new Error(`it is in message format v${bytes[BATCH.magic]}, of Kafka before 0.11`)
      }
      const records = (await codec(codecOf(bytes)))(bytes.subarray(BATCH.records))
      const runs = decodeRecords(batch, Buffer.from(records.buffer, records.byteOffset, records.byteLength))
      this.#runs = runs.map((run) => from(run, this.#next)).filter(({ values }) => values.length > 0)
    } catch (error) {
      if (!alone) return false
      throw new UndecodableBatchError(this.topic, this.partition, baseOffset, error)
    }
    this.#batches.shift()
    this.#bytes -= bytes.length
    return true
  }

  /** Times never fall, and are never ahead of the clock, whatever clocks brokers and producers have. */
  #appended(time_ms: number, now_ms: number): number {
    this.#last_ms = Math.max(this.#last_ms, Math.min(time_ms, now_ms))
    return this.#last_ms
  }

  #throwFailure(): void {
    if (this.#failure === null) return
    const { error, since_ms, lasting } = this.#failure
    if (lasting || this.#now() - since_ms > FAILING_MS) throw error
  }
}

/** What a run has from an offset on: a fetch answers whole batches, which may begin before what was asked for. */
function from({ baseOffset, values, time_ms }: MessageRun, offset: number): MessageRun {
  const skip = Math.max(0, offset - baseOffset)
  if (skip === 0) return { baseOffset, values, time_ms }
  return { baseOffset: baseOffset + skip, values: values.slice(skip), time_ms: time_ms.slice(skip) }
}
