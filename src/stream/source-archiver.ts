import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { SourceModel } from '../features/model.ts'
import { ARCHIVE_GROUP, archiveColumns, logOrigin } from '../stores/archive-columns.ts'
import type { EventArchive } from '../stores/event-archive.ts'
import { type EventLog, OffsetOutOfRangeError } from '../stores/event-log.ts'
import type { Value } from '../timeline/column-type.ts'
import { sameAssignment } from './assignment.ts'

/** Messages of a partition in one insert at most: each insert makes a part of the table, so few large ones are wanted. */
export const ARCHIVE_BATCH_MAX = 10_000

/** Messages parsed in one go, about a millisecond: requests of the same process are answered in between. */
const TURN_MESSAGES = 250

/** How long small batches are let grow: the archive is for backfills, which nobody waits for by the second. */
export const ARCHIVE_LINGER_MS = 250

const IDLE_MS_MAX = 500
const RETRY_MS = 1_000

export interface SourceArchiverOptions {
  readonly log: EventLog
  readonly archive: EventArchive
  readonly source: SourceModel
  /** Most messages of one partition in an insert. */
  readonly maxBatch?: number
  /** How long a batch that is not full is let grow. */
  readonly linger_ms?: number
  /** Offsets that will never be in the archive, as their events are not valid. Awaited before they are committed. */
  readonly onSkipped: (partition: number, offsets: readonly number[]) => Promise<void>
  /** Messages that the log lost before they were archived: the archive has a hole from now on. */
  readonly onGap: (partition: number, from: number, to: number) => Promise<void>
  /** After rows became durable: how many, and how long the insert took. */
  readonly onArchived?: (rows: number, took_ms: number) => void
  readonly onTrouble?: (message: string | null) => void
}

/**
 * Carries one source's events from the log to its archive table, with the partition and offset of each, so that after a
 * crash it goes on behind the last row that the table really has.
 */
export class SourceArchiver {
  readonly #options: SourceArchiverOptions
  readonly #positions = new Map<number, number>()
  /** The partitions that were this worker's when it last looked where to go on; null: before that. */
  #assigned: readonly number[] | null = null

  constructor(options: SourceArchiverOptions) {
    this.#options = options
  }

  get source(): SourceModel {
    return this.#options.source
  }

  /** By partition: the next offset to archive; all below it are durable in the table. */
  get positions(): ReadonlyMap<number, number> {
    return this.#positions
  }

  async run(signal: AbortSignal): Promise<void> {
    const { maxBatch = ARCHIVE_BATCH_MAX, linger_ms = ARCHIVE_LINGER_MS } = this.#options
    let troubled = false
    while (!signal.aborted) {
      try {
        const { log, source } = this.#options
        const appended = log.wait(source.topic, IDLE_MS_MAX)
        // Nobody may be there any more to hear that it failed.
        appended.catch(() => {})
        const archived = await this.step()
        if (troubled) this.#options.onTrouble?.(null)
        troubled = false
        if (archived === 0) await appended
        else if (archived < maxBatch) await sleep(linger_ms, undefined, { signal }).catch(() => {})
      } catch (error) {
        if (signal.aborted) return
        troubled = true
        this.#assigned = null
        this.#options.onTrouble?.(error instanceof Error ? error.message : String(error))
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
      }
    }
  }

  /** Archives what one look at each partition finds; answers how many messages that was. */
  async step(): Promise<number> {
    const { log, archive, source } = this.#options
    const assigned = await log.assigned(ARCHIVE_GROUP, source.topic)
    if (!sameAssignment(assigned, this.#assigned)) await this.#locate(assigned)
    const columns = archiveColumns(source)
    const values: Value[][] = columns.map(() => [])
    const origins: string[] = []
    const sequences: number[] = []
    const arrived_ms: number[] = []
    const next = new Map<number, number>()
    let messages = 0
    for (const [partition, position] of this.#positions) {
      const batch = await this.#read(partition, position)
      if (batch === null || batch.nextOffset === position) continue
      // Offsets that hold no message, but a note of the log's own.
      const skipped = between(position, batch.baseOffset)
      skipped.push(...between(batch.baseOffset + batch.values.length, batch.nextOffset))
      const origin = logOrigin(source.topic, partition)
      for (const [i, value] of batch.values.entries()) {
        const offset = batch.baseOffset + i
        try {
          const event = source.parser.parseBytes(value)
          for (const [c, cell] of event.values.entries()) values[c]!.push(cell)
          origins.push(origin)
          sequences.push(offset)
          arrived_ms.push(batch.append_ms[i]!)
        } catch {
          // The stream meets the same events and keeps them aside.
          skipped.push(offset)
        }
        if (i % TURN_MESSAGES === TURN_MESSAGES - 1) await turn()
      }
      if (skipped.length > 0) await this.#options.onSkipped(partition, skipped)
      messages += batch.values.length
      next.set(partition, batch.nextOffset)
    }
    if (next.size === 0) return 0
    const { table } = source.archive!
    if (origins.length > 0) {
      const begun_ms = performance.now()
      await archive.insert({ table, columns, values, origins, sequences, arrived_ms })
      this.#options.onArchived?.(origins.length, performance.now() - begun_ms)
    }
    await log.commit(ARCHIVE_GROUP, source.topic, next)
    for (const [partition, offset] of next) this.#positions.set(partition, offset)
    return messages
  }

  /**
   * Goes on behind what was committed. Not behind what the table has, which may be further: an insert that was broken off can have
   * left its last rows there without its first. What is archived again counts once.
   */
  async #locate(assigned: readonly number[]): Promise<void> {
    const { log, archive, source } = this.#options
    await archive.create(source.archive!.table, archiveColumns(source), source.columns[source.time]!.archiveName)
    const committed = await log.committed(ARCHIVE_GROUP, source.topic)
    this.#positions.clear()
    for (const { partition, start } of await log.ranges(source.topic)) {
      if (assigned.includes(partition)) this.#positions.set(partition, committed.get(partition) ?? start)
    }
    this.#assigned = assigned
  }

  async #read(partition: number, position: number) {
    const { log, source } = this.#options
    try {
      return await log.read(source.topic, partition, position, this.#options.maxBatch ?? ARCHIVE_BATCH_MAX)
    } catch (error) {
      if (!(error instanceof OffsetOutOfRangeError)) throw error
      await this.#options.onGap(partition, position, error.start)
      await log.commit(ARCHIVE_GROUP, source.topic, new Map([[partition, error.start]]))
      this.#positions.set(partition, error.start)
      return null
    }
  }
}

function between(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
}
