import { assertColumn, type Column, type Groupable, type Keyed, type SourceOf, type type } from './column.ts'
import type { ColumnKind, ColumnType } from './column-type.ts'
import type { Duration, DurationText } from './duration.ts'
import { type Filter, type FilterNode, isFilter } from './filter.ts'
import type { Rows } from './rows.ts'
import { noteWritten } from './written-at.ts'

/**
 * What a fold gives back for one key. A bigint only where an exact integer leaves the safe range of a double (2^53); each
 * aggregate says in which order its list is.
 */
export type KeyValue = number | bigint | string | boolean | null | readonly (number | string | boolean)[]

/** A map of `.per(column)`: by text of the key. It has no prototype, so that a key may be any text. */
export interface FeatureMap {
  readonly [key: string]: KeyValue
}

/** What a feature gives. */
export type FeatureValue = KeyValue | FeatureMap

/** Whether a value is a map of `.per(column)`. */
export function isMap(value: FeatureValue): value is FeatureMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Parameters of an aggregate, by name; durations are in milliseconds, flags 0 or 1. */
export type Params = Readonly<Record<string, number | readonly number[]>>

/** What kind of value an aggregate serves, for the catalogue, OpenAPI and the writer of answers. */
export interface ResultType {
  /** `count` is an integer of at least 0; `bigint` an integer that may pass 2^53 and is then sent as a string. */
  readonly kind: 'count' | 'bigint' | 'double' | 'duration_ms' | ColumnKind
  readonly nullable: boolean
  readonly list: boolean
  /** A map of such values, by the keys of a column. Aggregates leave it out: `.per(column)` sets it. */
  readonly map?: boolean
}

/** What a fold is made from. Column and mask numbers index {@link Rows.columns} and {@link Rows.masks}. */
export interface FoldInput {
  readonly column: number
  readonly type: ColumnType | null
  readonly where: number
  readonly of: number
  readonly params: Params
}

/**
 * The running state of one aggregate over one feature's windows, which all end at the same instant and so are nested.
 *
 * The law: after `reset()` and any sequence of `add(rows, from, to)` whose ranges are disjoint and come newest first,
 * `value()` depends only on the set of rows added and on `rows.at_ms`; it may be called between adds and changes
 * nothing. So one newest-first pass serves every window of the feature.
 */
export interface Fold {
  reset(): void
  /** Adds rows `from <= i < to`; every row added before is newer. */
  add(rows: Rows, from: number, to: number): void
  value(rows: Rows): FeatureValue
}

/** One aggregate: everything that the rest of the system knows of it. */
export interface AggregateDefinition {
  readonly name: string
  /** One paragraph for the catalogue: what it gives, its unit, what it does with null, what it gives over nothing. */
  readonly doc: string
  /** Its definition as a formula, over the rows of the window that pass the filter: `x` are the values of the column that are not null, `n` their number. */
  readonly formula: string
  /** A call, as users write it: `sum(payments.amount)`. */
  readonly example: string
  /** What it gives over nothing. */
  readonly empty: KeyValue
  /** What a read costs, with `n` rows in the longest window. */
  readonly cost: string
  /** Where its definition comes from. */
  readonly reference: string
  /** The kinds of column it takes; empty where it takes none. */
  readonly takes: readonly ColumnKind[]
  /** It is made from a filter, as `rate(filter)`. */
  readonly ofFilter?: true
  /** It compares the event being scored with the others: that event is never among its rows, and without one it is null. */
  readonly readsCurrent?: true
  /** How its value is counted where that is not in the unit of its column: a share or a score is of no unit. */
  readonly unit?: 'none' | 'squared' | 'per day'
  /** What is wrong with its parameters, as `a list of 0 values`, and what to write instead; null where nothing is. */
  refuse?(params: Params): { readonly message: string; readonly cure: string } | null
  result(type: ColumnType | null): ResultType
  fold(input: FoldInput): Fold
}

/** A feature's aggregate with its windows, as frozen data. */
export interface AggregateSpec {
  readonly aggregate: string
  /** For people: what it says of whom. It changes no value. */
  readonly description?: string
  readonly source: string | null
  readonly column: string | null
  /** The filter whose share is asked for (rate). */
  readonly of: FilterNode | null
  readonly params: Params
  readonly where: FilterNode | null
  /** A value for each key of a column: the `limit` keys with most rows. */
  readonly per: { readonly source: string; readonly column: string; readonly limit: number } | null
  readonly excludeCurrent: boolean
  readonly windows: readonly Duration[]
  readonly delay: Duration | null
}

const AGGREGATE = Symbol.for('millrace.aggregate')

/** An aggregate with its windows: a feature. `W` holds the suffixes of its served names. */
export interface Windowed<S extends string = string, V = unknown, W extends string = string> {
  readonly spec: AggregateSpec
  readonly [type]: { readonly source: S; readonly value: V; readonly suffix: W }
}

export interface Over<S extends string, V, W extends string> extends Windowed<S, V, W> {
  /** Every window ends `by` earlier: `7d` delayed `7d` is (t - 14d, t - 7d]. For labels that come late. */
  delayed<const D extends string>(by: DurationText<D>): Windowed<S, V, `${W}_delayed_${D}`>
}

/** An aggregate that has no window yet. */
export interface Aggregate<S extends string, V> {
  readonly [type]: { readonly aggregateOf: S; readonly value: V }
  /** Counts only the events for which the filter holds. Called twice, both must hold. */
  where<S2 extends string>(filter: Filter<S2>): Aggregate<S | S2, V>
  /** Says for people what the feature is, in the catalogue and the API's description: `count().describe('Payments of the card').over('7d')`. */
  describe(text: string): Aggregate<S, V>
  /** Leaves the event that is being scored out (default: it counts once). */
  excludeCurrent(): Aggregate<S, V>
  /**
   * A value for each value of a column, as a map: `count().per(payments.currency, { limit: 5 })` is `{ EUR: 3, USD: 1 }`. It holds the
   * `limit` keys (1 to 100) with most rows that pass the filter, ties by key ascending. Rows whose key is null are left out. Over nothing: {}.
   */
  per<C extends Column>(
    column: Groupable<'per', C>,
    options: { readonly limit: number },
  ): Aggregate<S | SourceOf<C>, Keyed<V>>
  /** Ends the feature: one served value for each window, each `(t - window, t]`. */
  over<const W extends readonly [string, ...string[]]>(
    ...windows: { readonly [I in keyof W]: DurationText<W[I]> }
  ): Over<S, V, W[number]>
}

/** True for a finished feature, also one made by another copy of this library. */
export function isWindowed(value: unknown): value is Windowed {
  return typeof value === 'object' && value !== null && AGGREGATE in value && 'spec' in value
}

/** True for an aggregate that still lacks its window. */
export function isAggregate(value: unknown): value is Aggregate<string, unknown> {
  return typeof value === 'object' && value !== null && AGGREGATE in value && !('spec' in value)
}

type Start = Pick<AggregateSpec, 'aggregate'> & {
  readonly column?: Column
  readonly of?: Filter
  readonly params?: Params
  /** For aggregates that compare the event being scored with the others. */
  readonly excludeCurrent?: true
}

/** Starts the frozen builder of an aggregate; each file of `aggregates/` wraps it in a typed function. */
export function startAggregate<S extends string, V>(start: Start): Aggregate<S, V> {
  const { aggregate, column, of, excludeCurrent = false } = start
  if ('column' in start) assertColumn(column, aggregate, `${aggregate}(payments.amount)`)
  if ('of' in start && !isFilter(of)) {
    throw new TypeError(`${aggregate}() needs a filter, as ${aggregate}(eq(payments.fraud, true))`)
  }
  return stage({
    aggregate,
    source: column?.source ?? null,
    column: column?.column ?? null,
    of: of?.node ?? null,
    params: Object.freeze({ ...start.params }),
    where: null,
    per: null,
    excludeCurrent,
    windows: [],
    delay: null,
  }) as unknown as Aggregate<S, V>
}

/** Problems of the feature are told at the place where it was built last. */
function built(part: object): object {
  return noteWritten(Object.freeze(part))
}

function stage(spec: AggregateSpec): object {
  return built({
    [AGGREGATE]: true,
    where(filter: Filter) {
      if (!isFilter(filter)) throw new TypeError(`where() needs a filter, as where(eq(payments.status, 'declined'))`)
      const where = spec.where === null ? filter.node : and(spec.where, filter.node)
      return stage({ ...spec, where })
    },
    describe(text: string) {
      if (typeof text !== 'string') throw new TypeError(`describe() needs a text, as describe('Payments of the card')`)
      return stage({ ...spec, description: text })
    },
    excludeCurrent: () => stage({ ...spec, excludeCurrent: true }),
    per(column: Column, options?: { readonly limit: number }) {
      assertColumn(column, 'per', 'per(payments.currency, { limit: 10 })')
      if (spec.per !== null)
        throw new TypeError(`per() can be said once: ${spec.aggregate}() is already by ${spec.per.column}`)
      const per = Object.freeze({ source: column.source, column: column.column, limit: options?.limit as number })
      return stage({ ...spec, per })
    },
    over(...windows: Duration[]) {
      const done = Object.freeze({ ...spec, windows: Object.freeze(windows) })
      return built({
        [AGGREGATE]: true,
        spec: done,
        delayed: (by: Duration) => built({ [AGGREGATE]: true, spec: Object.freeze({ ...done, delay: by }) }),
      })
    },
  })
}

function and(a: FilterNode, b: FilterNode): FilterNode {
  return Object.freeze({ op: 'and', filters: Object.freeze([a, b]) })
}
