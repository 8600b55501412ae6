import type { FeatureModel, ParsedEvent, TimelineModel } from '../features/model.ts'
import { timelineName } from '../features/timeline-name.ts'
import { coveredSince, type TimelineRecord } from '../stores/timeline-registry.ts'
import type { FeatureValue } from '../timeline/aggregate.ts'
import { aggregates } from '../timeline/aggregates/index.ts'
import type { Value } from '../timeline/column-type.ts'
import { TimelinePlan } from '../timeline/plan.ts'
import { RowEncoder, RowError } from '../timeline/row-codec.ts'
import { findColumn, type RowSchemas } from '../timeline/row-schema.ts'
import { ERROR, INCOMPLETE, isStale, MISSING, OK, STALE } from './feature-status.ts'
import { ServingError } from './serving-error.ts'
import type { Present } from './store-reader.ts'

/** The values of one answer, by slot, and how good each is. Scratch: filled again by the next answer. */
export interface Vector {
  at_ms: number
  readonly values: FeatureValue[]
  readonly statuses: Uint8Array
  /** Some status is not ok. */
  flawed: boolean
}

/** How an event that is being scored is identified in rows. */
export interface ScoredEvent {
  readonly event: ParsedEvent
  readonly idLow: number
  readonly idHigh: number
  /** It is none of the entity that is read: nothing of its id counts there. */
  readonly elsewhere: boolean
}

interface Compiled {
  readonly plan: TimelinePlan
  readonly encoder: RowEncoder
  /** By slot of the encoder's row: the source column, or -1 where the source has it no longer. */
  readonly cells: readonly number[]
  readonly row: Value[]
}

/** Reads the features of one timeline for one service: what it stores, with the event being scored in its place (L5). */
export class TimelineReader {
  readonly timeline: TimelineModel
  readonly #features: readonly FeatureModel[]
  readonly #slots: readonly number[]
  /** From the instant asked for back to the start of the longest window. */
  readonly #reach_ms: number
  /** Since when each feature's columns are covered; Infinity: not at all. */
  readonly #since_ms: Float64Array
  /** From this instant on, every window begins where its feature's columns are covered. */
  #complete_ms = Number.POSITIVE_INFINITY
  readonly #out: FeatureValue[]
  #record: TimelineRecord | null = null
  #compiled: Compiled | null = null

  /** `slots` are the places of the features in the vector. */
  constructor(timeline: TimelineModel, features: readonly FeatureModel[], slots: readonly number[]) {
    this.timeline = timeline
    this.#features = features
    this.#slots = slots
    this.#reach_ms = Math.max(...features.map(({ window_ms, delay_ms }) => window_ms + delay_ms))
    this.#since_ms = new Float64Array(features.length)
    this.#out = features.map(() => null)
  }

  /** Takes what the store knows of the timeline now; compiles again only where rows have a new form. */
  update(record: TimelineRecord | null): void {
    if (record === this.#record) return
    const usable = record !== null && hasColumns(record.schemas, this.timeline, this.#features)
    if (!usable) this.#compiled = null
    else if (this.#compiled === null || record.schemas !== this.#record?.schemas) {
      this.#compiled = compile(this.timeline, this.#features, record.schemas)
    }
    this.#record = record
    if (record === null) return
    const { columns } = this.timeline.source
    for (const [i, feature] of this.#features.entries()) {
      const read = feature.columns.map((column) => columns[column]!)
      this.#since_ms[i] = coveredSince(record, read) ?? Number.POSITIVE_INFINITY
    }
    const complete = this.#features.map(({ window_ms, delay_ms }, i) => this.#since_ms[i]! + window_ms + delay_ms)
    this.#complete_ms = Math.max(...complete)
  }

  /** Throws a ServingError where the store does not know the columns that the features read. */
  assertReady(): void {
    if (this.#compiled !== null) return
    const message = `the online store does not know the timeline of ${timelineName(this.timeline)} as it is defined`
    const cure = 'start the stream or a backfill with these definitions: either registers them'
    throw new ServingError('NOT_READY', message, { cure })
  }

  /** Rows of the last read are worth a compaction. */
  get untidy(): boolean {
    return this.#compiled!.plan.untidy
  }

  /**
   * Computes the features into their slots. Throws a RowError for bytes that it cannot read, a ServingError for an event that
   * makes too long a row.
   */
  read(
    stored: Uint8Array | null,
    scored: ScoredEvent | null,
    { now_ms, prunes }: Pick<Present, 'now_ms' | 'prunes'>,
    watermark_ms: number | null,
    vector: Vector,
  ): void {
    const { plan } = this.#compiled!
    const { at_ms, values, statuses } = vector
    const out = this.#out
    plan.read(stored, at_ms, scored === null ? null : this.#encode(scored), out)
    const slots = this.#slots
    const fresh = isStale(this.timeline.source, watermark_ms, now_ms) ? STALE : OK
    if (fresh !== OK) vector.flawed = true
    for (let i = 0; i < slots.length; i++) {
      values[slots[i]!] = out[i]!
      statuses[slots[i]!] = fresh
    }
    // Rows at or before it may be pruned.
    const kept_ms = prunes ? now_ms - this.#record!.retention_ms : Number.NEGATIVE_INFINITY
    if (at_ms < this.#complete_ms || at_ms < kept_ms + this.#reach_ms) this.#markIncomplete(kept_ms, vector)
  }

  /** At least one of them is: the longest window begins too early, or the latest column came too late. */
  #markIncomplete(kept_ms: number, vector: Vector): void {
    const { at_ms, statuses } = vector
    vector.flawed = true
    for (const [i, { window_ms, delay_ms }] of this.#features.entries()) {
      const start_ms = at_ms - delay_ms - window_ms
      if (start_ms < this.#since_ms[i]! || start_ms < kept_ms) statuses[this.#slots[i]!] = INCOMPLETE
    }
  }

  /** Every feature of the timeline is null, as its key is. */
  missing(vector: Vector): void {
    this.#none(vector, MISSING)
  }

  /** Every feature of the timeline is null, as its rows cannot be read. */
  failed(vector: Vector): void {
    this.#none(vector, ERROR)
  }

  #none(vector: Vector, status: number): void {
    vector.flawed = true
    for (const slot of this.#slots) {
      vector.values[slot] = null
      vector.statuses[slot] = status
    }
  }

  #encode({ event, idLow, idHigh, elsewhere }: ScoredEvent): Uint8Array {
    const { encoder, cells, row } = this.#compiled!
    for (let i = 0; i < cells.length; i++) row[i] = cells[i]! < 0 ? null : event.values[cells[i]!]!
    try {
      encoder.add(event.time_ms, idLow, idHigh, event.version, elsewhere, row)
    } catch (error) {
      if (!(error instanceof RowError)) throw error
      throw new ServingError('EVENT_VALUE', `event: ${error.message}`, {
        field: 'event',
        cure: 'send shorter texts',
        cause: error,
      })
    }
    return encoder.take()
  }
}

function compile(timeline: TimelineModel, features: readonly FeatureModel[], schemas: RowSchemas): Compiled {
  const { columns } = timeline.source
  const type = (name: string) => columns.find((column) => column.name === name)!.type
  const written = writableSchemas(schemas, timeline, features)
  const cells = written.schemas.at(-1)!.columns.map((number) => {
    const stored = schemas.columns[number]!
    return columns.findIndex(({ name, type }) => name === stored.name && findColumn(schemas, name, type) === number)
  })
  return {
    plan: new TimelinePlan(features, type, schemas, aggregates),
    encoder: new RowEncoder(written),
    cells,
    row: cells.map(() => null),
  }
}

/** The numbers of the columns that features read. */
function readColumns(schemas: RowSchemas, timeline: TimelineModel, features: readonly FeatureModel[]): number[] {
  const read = new Set(features.flatMap(({ columns }) => columns))
  return [...read].map((column) => {
    const { name, type } = timeline.source.columns[column]!
    return findColumn(schemas, name, type)
  })
}

/**
 * The registry up to the last schema that has every column the features read. During a roll-out an older process may have
 * registered a later schema without some of them; the event being scored must have them all the same.
 */
function writableSchemas(schemas: RowSchemas, timeline: TimelineModel, features: readonly FeatureModel[]): RowSchemas {
  const read = readColumns(schemas, timeline, features)
  const last = schemas.schemas.findLastIndex(({ columns }) => read.every((number) => columns.includes(number)))
  return last < 0 ? schemas : { columns: schemas.columns, schemas: schemas.schemas.slice(0, last + 1) }
}

/** Whether the registry has every column that the features read, with every value of its enums. */
function hasColumns(schemas: RowSchemas, timeline: TimelineModel, features: readonly FeatureModel[]): boolean {
  if (schemas.schemas.length === 0) return false
  return [...new Set(features.flatMap(({ columns }) => columns))].every((column) => {
    const { name, type } = timeline.source.columns[column]!
    const known = schemas.columns[findColumn(schemas, name, type)]?.type
    if (known === undefined) return false
    return type.kind !== 'enum' || (known.kind === 'enum' && type.values.every((value) => known.values.includes(value)))
  })
}
