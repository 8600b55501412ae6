import { meta, type SourceData } from '../features/definition.ts'
import { parseIsoTime } from '../features/iso-time.ts'
import type { EventParser } from '../features/model.ts'
import { namesCure } from '../features/nearest-name.ts'
import { schemaColumns } from '../features/schema-columns.ts'
import type { AnySource } from '../features/source.ts'
import { TIME_MS_MAX, TIME_MS_MIN } from '../timeline/column-type.ts'
import { type ColumnSample, columnSample } from './column-sample.ts'
import { compiledSource } from './compiled-source.ts'

/** Columns of an event by name. */
export type Fields = Readonly<Record<string, unknown>>

const NONE: ReadonlySet<unknown> = new Set()

/** A source with a value for each of its columns. */
export class FilledSource {
  readonly #data: SourceData
  readonly #parser: EventParser
  readonly #samples: ReadonlyMap<string, ColumnSample>
  /** Values of columns that are the same in every event. */
  readonly #fixed = new Map<string, unknown>()
  /** Ids that events have: none is made twice, as events of one id and time are one. */
  readonly #ids = new Set<unknown>()

  constructor(source: AnySource) {
    this.#parser = compiledSource(
      source,
      "build() needs a source first, as build(payments, { card_id: 'c1' })",
    ).rawParser
    const data = source[meta]
    const readings = schemaColumns(data)
    this.#data = data
    this.#samples = new Map(
      Object.entries(data.schema._zod.def.shape).map(([name, schema]) => {
        const reading = readings.get(name)!
        const epoch = 'epoch' in reading && reading.epoch === true
        return [name, columnSample(data.name, name, name === data.id ? data.name : name, schema, epoch)]
      }),
    )
  }

  assertKnown(columns: Fields): void {
    for (const name of Object.keys(columns)) {
      if (this.#samples.has(name)) continue
      if (Object.hasOwn(this.#data.compute, name)) {
        throw new TypeError(
          `${name} of ${this.#data.name} is computed: leave it out, and give what it is computed from`,
        )
      }
      throw new TypeError(`${name} is no column of ${this.#data.name}: ${namesCure(name, this.#samples.keys())}`)
    }
  }

  /** A valid event with these columns; at `time_ms` where they do not say. */
  event(columns: Fields, time_ms: number): Fields {
    const event = this.#filled(columns, time_ms, [])
    this.#parser.parse(event)
    return event
  }

  /** The same as it is sent to be scored: without the columns of its outcome, its version and its deletion. */
  scored(columns: Fields, time_ms: number): Fields {
    const { outcome, version, deleted } = this.#data
    // That of an event which is deleted stays: it cannot be scored.
    const without = [...outcome, version, ...(columns[deleted!] === true ? [] : [deleted])]
    const event = this.#filled(columns, time_ms, without)
    this.#parser.parseScored(event)
    return event
  }

  #filled(columns: Fields, time_ms: number, without: readonly (string | null)[]): Fields {
    this.assertKnown(columns)
    const { id, time } = this.#data
    const own_ms = instantOf(columns[time]) ?? time_ms
    const event: Record<string, unknown> = {}
    for (const [name, sample] of this.#samples) {
      if (without.includes(name)) continue
      const given = columns[name]
      const value = given !== undefined ? given : name === id ? this.#newId(sample) : this.#value(name, sample, own_ms)
      if (name === id) this.#ids.add(value)
      if (value !== undefined) event[name] = value
    }
    return event
  }

  #newId(sample: ColumnSample): unknown {
    return sample.value(this.#ids.size + 1, 0, this.#ids)
  }

  #value(name: string, sample: ColumnSample, time_ms: number): unknown {
    if (sample.timed) return sample.value(1, time_ms, NONE)
    if (!this.#fixed.has(name)) this.#fixed.set(name, sample.value(1, time_ms, NONE))
    return this.#fixed.get(name)
  }
}

/** Null for what is no instant, which the parser tells better. */
function instantOf(given: unknown): number | null {
  const time_ms = typeof given === 'string' ? parseIsoTime(given) : given
  return typeof time_ms === 'number' && time_ms >= TIME_MS_MIN && time_ms <= TIME_MS_MAX ? Math.floor(time_ms) : null
}

const filled = new WeakMap<object, FilledSource>()

/** The one filler of a source. Throws a TypeError for what is no source. */
export function filledSource(source: AnySource): FilledSource {
  const known = filled.get(source)
  if (known !== undefined) return known
  const made = new FilledSource(source)
  filled.set(source, made)
  return made
}
