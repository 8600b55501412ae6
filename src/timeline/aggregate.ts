import { type Column, isColumn, type type } from './column.ts'
import type { ColumnKind, ColumnType } from './column-type.ts'
import type { Duration, DurationText } from './duration.ts'
import { type Filter, type FilterNode, isFilter } from './filter.ts'
import type { Rows } from './rows.ts'

/**
 * What a fold gives back. A bigint only where an exact integer leaves the safe range of a double (2^53);
 * lists are newest first.
 */
export type FeatureValue = number | bigint | string | boolean | null | readonly (number | string | boolean)[]

/** What kind of value an aggregate serves, for the catalogue, OpenAPI and the writer of answers. */
export interface ResultType {
  /** `count` is an integer of at least 0; `bigint` an integer that may pass 2^53 and is then sent as a string. */
  readonly kind: 'count' | 'bigint' | 'double' | 'duration_ms' | ColumnKind
  readonly nullable: boolean
  readonly list: boolean
}

/** What a fold is made from. Column and mask numbers index {@link Rows.columns} and {@link Rows.masks}. */
export interface FoldInput {
  readonly column: number
  readonly type: ColumnType | null
  readonly where: number
  readonly of: number
  readonly params: Readonly<Record<string, number>>
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
  /** The kinds of column it takes; empty where it takes none. */
  readonly takes: readonly ColumnKind[]
  /** What is wrong with its parameters, as `a list of 0 values`, and what to write instead; null where nothing is. */
  refuse?(params: Readonly<Record<string, number>>): { readonly message: string; readonly cure: string } | null
  result(type: ColumnType | null): ResultType
  fold(input: FoldInput): Fold
}

/** A feature's aggregate with its windows, as frozen data. */
export interface AggregateSpec {
  readonly aggregate: string
  readonly source: string | null
  readonly column: string | null
  /** The filter whose share is asked for (rate). */
  readonly of: FilterNode | null
  readonly params: Readonly<Record<string, number>>
  readonly where: FilterNode | null
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
  /** Leaves the event that is being scored out (default: it counts once). */
  excludeCurrent(): Aggregate<S, V>
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

type Start = Pick<AggregateSpec, 'aggregate'> & { column?: Column; of?: Filter; params?: Record<string, number> }

/** Starts the frozen builder of an aggregate; each file of `aggregates/` wraps it in a typed function. */
export function startAggregate<S extends string, V>(start: Start): Aggregate<S, V> {
  const { aggregate, column, of } = start
  if ('column' in start && !isColumn(column)) {
    throw new TypeError(`${aggregate}() needs a column of a source, as ${aggregate}(payments.amount)`)
  }
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
    excludeCurrent: false,
    windows: [],
    delay: null,
  }) as unknown as Aggregate<S, V>
}

function stage(spec: AggregateSpec): object {
  return Object.freeze({
    [AGGREGATE]: true,
    where(filter: Filter) {
      if (!isFilter(filter)) throw new TypeError(`where() needs a filter, as where(eq(payments.status, 'declined'))`)
      const where = spec.where === null ? filter.node : and(spec.where, filter.node)
      return stage({ ...spec, where })
    },
    excludeCurrent: () => stage({ ...spec, excludeCurrent: true }),
    over(...windows: Duration[]) {
      const done = Object.freeze({ ...spec, windows: Object.freeze(windows) })
      return Object.freeze({
        [AGGREGATE]: true,
        spec: done,
        delayed: (by: Duration) => Object.freeze({ [AGGREGATE]: true, spec: Object.freeze({ ...done, delay: by }) }),
      })
    },
  })
}

function and(a: FilterNode, b: FilterNode): FilterNode {
  return Object.freeze({ op: 'and', filters: Object.freeze([a, b]) })
}
