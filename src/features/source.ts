import type { z } from 'zod'
import { type Column, type Kind, makeColumn, type type } from '../timeline/column.ts'
import type { Duration } from '../timeline/duration.ts'
import { noteWritten } from '../timeline/written-at.ts'
import {
  type ArchiveOptions,
  type ComputeData,
  type Described,
  meta,
  type Shape,
  type SourceData,
  type StreamOptions,
} from './definition.ts'
import {
  definitionTitle,
  describedIn,
  frozenList,
  isZodObject,
  isZodType,
  unknownIn,
  unknownOptions,
} from './definition-input.ts'
import type { Canonical, EventBeforeOutcome, NotYetKnown, NotYetStamped } from './event-types.ts'

const OPTIONS = ['schema', 'id', 'time', 'version', 'deleted', 'outcome', 'compute', 'stream', 'archive', 'lookback']

/** How far in the past a value may be asked for exactly, where a source does not say. */
const LOOKBACK_DEFAULT: Duration = '2d'

/** The format of a schema, as `'safeint'` of `z.int()`, looked for inside `.nullable()` and `.optional()`; `'money'` of `money()`, the one codec. */
type FormatOf<X> = X extends { readonly _zod: { readonly def: { readonly innerType: infer I } } }
  ? FormatOf<I>
  : X extends { readonly _zod: { readonly def: { readonly format: infer F } } }
    ? F
    : X extends { readonly _zod: { readonly def: { readonly out: unknown } } }
      ? 'money'
      : null

type KindOf<X, V> = [V] extends [boolean]
  ? 'boolean'
  : [V] extends [number]
    ? [FormatOf<X>] extends ['safeint' | 'int32' | 'uint32']
      ? 'integer'
      : [FormatOf<X>] extends ['money']
        ? 'money'
        : 'number'
    : [V] extends [string]
      ? [FormatOf<X>] extends ['datetime']
        ? 'time'
        : 'string'
      : 'other'

type ColumnOf<S extends string, N extends string, X> = Column<S, N, z.output<X>, KindOf<X, NonNullable<z.output<X>>>>

/** The columns of a shape whose values are of type `V`. */
type ColumnsOf<Sh extends Shape, V> = string extends keyof Sh
  ? string
  : { [N in keyof Sh & string]: z.output<Sh[N]> extends V ? N : never }[keyof Sh & string]

/** What the compiler knows of a source. */
export interface SourceInfo<S extends string, Sh extends Shape, Out extends string, C extends Shape, St extends string>
  extends SourceData {
  readonly name: S
  readonly [type]: { readonly shape: Sh; readonly outcome: Out; readonly computed: C; readonly stamps: St }
}

/** What has no computed columns. */
type None = Readonly<Record<never, never>>

/**
 * A source is its columns, as `payments.amount`; what else it says sits behind `[meta]`, so a column may have any name. `St`: its stamps, the
 * columns of an event's version and deletion.
 */
export type Source<
  S extends string,
  Sh extends Shape,
  Out extends string = never,
  C extends Shape = None,
  St extends string = never,
> = {
  readonly [N in (keyof Sh | keyof C) & string]: ColumnOf<S, N, N extends keyof Sh ? Sh[N] : C[N]>
} & { readonly [meta]: SourceInfo<S, Sh, Out, C, St> }

export interface AnySource {
  readonly [meta]: SourceInfo<string, Shape, string, Shape, string>
}

/**
 * An event as a function of `compute` sees it: money in minor units, null for what it lacks, no outcome, version or deletion, and no computed
 * columns.
 */
export type ComputeRow<Sh extends Shape, Out, St = never> = EventBeforeOutcome<
  NotYetKnown<Out> | NotYetStamped<St>,
  Canonical<Sh>,
  Out | St
>

/** A column that follows from the others of its event. */
export interface ComputeOptions<Row, X> {
  /** A whole number from 1 on. Raise it whenever `of` gives other values: old rows then lack the column, until they are back-filled. */
  readonly version: number
  /** One of the types that a schema may have. The value is put in the form that such a column has. */
  readonly type: X
  /**
   * A pure function of the event: the same value for the same event, at any time and on every machine. Null where it throws or gives what
   * the column does not take, which is counted and told. Money is in whole minor units, as in the row: `row.amount - row.fee`.
   */
  readonly of: (row: Row) => z.output<NoInfer<X>> | null | undefined
}

// `& string` makes the compiler spell the columns out where it refuses another.
export interface SourceOptions<
  Sh extends Shape,
  Out extends string,
  C extends Shape,
  Ver extends string = ColumnsOf<Sh, string | number> & string,
  Del extends string = ColumnsOf<Sh, boolean> & string,
> extends Described {
  /** What an event is: `z.object({ ... })`, from a closed list of zod types that `check` names. */
  readonly schema: z.core.$ZodObject<Sh>
  /** The column that is the event's id: of one id and time there is one event. */
  readonly id: ColumnsOf<NoInfer<Sh>, string | number> & string
  /** The column that is the event's time. */
  readonly time: ColumnsOf<NoInfer<Sh>, string | number> & string
  /**
   * The column that orders the versions of one event: the highest wins. Without it, all copies are of version 0. An event that is scored need
   * not have it, and it is null then.
   */
  readonly version?: Ver
  /** A boolean column: true takes the event of this id and time away. An event that is scored need not have it, and it is false then. */
  readonly deleted?: Del
  /** Columns that are not known yet while the event is scored: they are null then, in training too. */
  readonly outcome?: readonly Out[]
  /** Columns that no event brings, each computed from those it does: `{ bin: { version: 1, type: z.string(), of: (row) => row.pan.slice(0, 6) } }`. */
  readonly compute?: {
    readonly [N in keyof C]: ComputeOptions<ComputeRow<NoInfer<Sh>, NoInfer<Out>, NoInfer<Ver | Del>>, C[N]>
  }
  /** The topic that brings new events, and what of it. Without it, the source is read from its archive alone. */
  readonly stream?: StreamOptions
  /** The ClickHouse table that holds the same events, all of them. */
  readonly archive?: Omit<ArchiveOptions, 'columns'> & {
    readonly columns?: { readonly [N in keyof NoInfer<Sh>]?: string }
  }
  /** How far in the past a value may be asked for exactly. Default `'2d'`. */
  readonly lookback?: Duration
}

/**
 * Defines a kind of event. The result is its columns, for filters and aggregates:
 *
 * ```ts
 * const payments = source('payments', {
 *   schema: z.object({ id: z.string(), at: z.iso.datetime(), card_id: z.string(), amount: money({ scale: 2 }) }),
 *   id: 'id', time: 'at',
 *   stream: { topic: 'payments' }, archive: { table: 'payments' },
 * })
 * sum(payments.amount).over('7d')
 * ```
 */
export function source<
  const S extends string,
  Sh extends Shape,
  const Out extends keyof Sh & string = never,
  C extends Shape = None,
  const Ver extends ColumnsOf<Sh, string | number> & string = never,
  const Del extends ColumnsOf<Sh, boolean> & string = never,
>(name: S, options: SourceOptions<Sh, Out, C, Ver, Del>): Source<S, Sh, Out, C, Ver | Del> {
  const title = definitionTitle('source', name, options)
  const { schema, id, time, version, deleted, outcome, compute, stream, archive, lookback } = options
  if (!isZodObject(schema)) throw new TypeError(`${title} needs a schema, as schema: z.object({ id: z.string(), ... })`)
  for (const [option, column] of Object.entries({ id, time })) {
    if (typeof column !== 'string') throw new TypeError(`${title} needs ${option}: the name of its ${option} column`)
  }
  const data: SourceData = Object.freeze({
    kind: 'source',
    name,
    ...describedIn(options),
    ...unknownIn(options, OPTIONS, unknownWithin(options)),
    schema,
    id,
    time,
    version: version ?? null,
    deleted: deleted ?? null,
    outcome: frozenList(outcome ?? []),
    compute: frozenCompute(title, compute === undefined ? {} : compute),
    stream: stream ? frozenStream(stream) : null,
    archive: archive ? frozenArchive(archive) : null,
    lookback: lookback ?? LOOKBACK_DEFAULT,
  })
  noteWritten(data)
  const columns: Record<string | symbol, Column<string, string, unknown, Kind> | SourceData> = Object.create(null)
  const names = [...Object.keys(schema._zod.def.shape), ...Object.keys(data.compute)]
  for (const column of names) columns[column] = makeColumn(name, column)
  columns[meta] = data
  return Object.freeze(columns) as unknown as Source<S, Sh, Out, C, Ver | Del>
}

function frozenCompute(title: string, compute: unknown): SourceData['compute'] {
  if (typeof compute !== 'object' || compute === null || Array.isArray(compute)) {
    throw new TypeError(
      `${title} needs an object, as compute: { bin: { version: 1, type: z.string(), of: (row) => row.pan } }`,
    )
  }
  const columns = Object.entries(compute).map(([name, given]): [string, ComputeData] => {
    const { version, type, of } = (given ?? {}) as { [K in keyof ComputeData]?: unknown }
    const computed = `${title}, compute.${name}`
    if (!isZodType(type)) throw new TypeError(`${computed} needs a zod type, as type: z.string()`)
    if (typeof of !== 'function')
      throw new TypeError(`${computed} needs a function, as of: (row) => row.pan.slice(0, 6)`)
    return [name, Object.freeze({ version: version as number, type, of: of as ComputeData['of'] })]
  })
  return Object.freeze(Object.fromEntries(columns))
}

function unknownWithin({ compute, stream, archive }: { compute?: unknown; stream?: unknown; archive?: unknown }) {
  return [
    ...Object.entries(Object(compute)).flatMap(([name, column]) =>
      unknownOptions(column, ['version', 'type', 'of'], ['compute', name]),
    ),
    ...unknownOptions(stream, ['topic', 'where', 'decode'], ['stream']),
    ...unknownOptions(archive, ['table', 'columns', 'lag', 'precision'], ['archive']),
  ]
}

function frozenStream(stream: StreamOptions): StreamOptions {
  const { where } = stream
  if (typeof where !== 'object' || where === null) return Object.freeze({ ...stream })
  const kinds = Object.entries(where).map(([field, values]) => [
    field,
    Array.isArray(values) ? frozenList(values) : values,
  ])
  return Object.freeze({ ...stream, where: Object.freeze(Object.fromEntries(kinds)) })
}

function frozenArchive(archive: Omit<ArchiveOptions, 'columns'> & { readonly columns?: object }): ArchiveOptions {
  const { columns, ...rest } = archive
  return Object.freeze({ ...rest, ...(columns ? { columns: Object.freeze({ ...columns }) } : {}) })
}
