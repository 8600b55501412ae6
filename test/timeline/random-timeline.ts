import fc from 'fast-check'
import type { AggregateSpec } from '../../src/timeline/aggregate.ts'
import { aggregates } from '../../src/timeline/aggregates/index.ts'
import type { ColumnType, Value } from '../../src/timeline/column-type.ts'
import type { FilterNode } from '../../src/timeline/filter.ts'
import { hash64 } from '../../src/timeline/id-hash.ts'
import { RowEncoder } from '../../src/timeline/row-codec.ts'
import type { RowSchemas, StoredColumn } from '../../src/timeline/row-schema.ts'
import type { OracleEvent } from '../oracle.ts'
import { oracles } from '../oracles/index.ts'

/** One column of each kind: what random timelines are made of. */
export const COLUMNS: readonly StoredColumn[] = [
  { name: 'amount', type: { kind: 'money', scale: 2 } },
  { name: 'points', type: { kind: 'int' } },
  { name: 'score', type: { kind: 'double' } },
  { name: 'shop', type: { kind: 'string', bytesMax: 100 } },
  { name: 'status', type: { kind: 'enum', values: ['approved', 'declined', 'held'] } },
  { name: 'fraud', type: { kind: 'bool' } },
  { name: 'settled_at', type: { kind: 'time' } },
]
export const SCHEMAS: RowSchemas = { columns: COLUMNS, schemas: [{ number: 1, columns: COLUMNS.map((_, i) => i) }] }
export const typeOf = (name: string): ColumnType => COLUMNS.find((column) => column.name === name)!.type
export const TIME_COLUMNS = new Set(['settled_at'])
export const DOUBLE_COLUMNS = new Set(['score'])

/**
 * Instants are multiples of a quarter second around this one, so that ties and exact window edges are common. It lies in the
 * future: a server with a clock of its own must not expire what is written now by the clock of a test.
 */
export const T0 = Date.UTC(2090, 0, 10)

const values: Record<ColumnType['kind'], fc.Arbitrary<Value>> = {
  money: fc.oneof(fc.integer({ min: -5, max: 500 }), fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER)),
  int: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger()),
  double: fc.oneof(
    fc.constantFrom(0.1, 0.2, 0.3, 1e16, -1e16, 1, 5e-324, 1e290, -1e290, 0),
    fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((x) => (x === 0 ? 0 : x)),
  ),
  string: fc.constantFrom('', 'a', 'b', 'shop-1', 'shop-2', 'käse', '🦊', '\u0000'),
  enum: fc.constantFrom('approved', 'declined', 'held'),
  bool: fc.boolean(),
  time: fc.integer({ min: 0, max: 3 }).map((n) => T0 + n * 1000),
}

export const randomEvent: fc.Arbitrary<OracleEvent> = fc.record({
  id: fc.integer({ min: 0, max: 12 }).map((n) => `tx-${n}`),
  time_ms: fc.integer({ min: -40, max: 12 }).map((n) => T0 + n * 250),
  version: fc.integer({ min: 0, max: 2 }),
  deleted: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  values: fc.record(
    Object.fromEntries(
      COLUMNS.map(({ name, type }) => [name, fc.option(values[type.kind], { nil: null, freq: 4 })]),
    ) as Record<string, fc.Arbitrary<Value>>,
  ),
})

const literal = (type: ColumnType) =>
  values[type.kind].map((v) => (type.kind === 'time' ? new Date(v as number).toISOString() : v!))

export const randomFilter: fc.Arbitrary<FilterNode> = fc.letrec<{ filter: FilterNode }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...COLUMNS).chain(({ name, type }): fc.Arbitrary<FilterNode> => {
      const at = { source: 's', column: name }
      const ordered = !['string', 'enum', 'bool'].includes(type.kind)
      const ops = ordered ? (['eq', 'ne', 'gt', 'gte', 'lt', 'lte'] as const) : (['eq', 'ne'] as const)
      return fc.oneof(
        fc.record({ op: fc.constantFrom(...ops), value: literal(type) }).map((c) => ({ ...c, ...at })),
        fc.array(literal(type), { maxLength: 3 }).map((list) => ({ op: 'in' as const, values: list, ...at })),
        fc.constant({ op: 'null' as const, ...at }),
      )
    }),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      filters: fc.array(tie('filter'), { maxLength: 3 }),
    }),
    tie('filter').map((filter) => ({ op: 'not' as const, filter })),
  ),
})).filter

/** Window and delay lengths that fall on the events' grid and beside it. */
const lengths = fc.constantFrom(1, 249, 250, 251, 1_000, 2_000, 5_000, 9_750, 60_000)

export interface RandomFeature {
  readonly spec: AggregateSpec
  readonly window_ms: number
  readonly delay_ms: number
}

const randomPer = fc.option(
  fc.record({
    source: fc.constant('s'),
    column: fc.constantFrom('shop', 'status', 'fraud', 'points'),
    limit: fc.integer({ min: 1, max: 3 }),
  }),
  { nil: null, freq: 2 },
)

export const randomFeature: fc.Arbitrary<RandomFeature> = fc.constantFrom(...aggregates.values()).chain((definition) =>
  fc
    .record({
      column: fc.nat(),
      params: oracles.get(definition.name)?.params ?? fc.constant({}),
      of: randomFilter,
      where: fc.option(randomFilter, { nil: null }),
      per: definition.readsCurrent ? fc.constant(null) : randomPer,
      excludeCurrent: definition.readsCurrent ? fc.constant(true) : fc.boolean(),
      window_ms: lengths,
      delay_ms: fc.oneof(fc.constant(0), lengths),
    })
    .map(({ column, of, window_ms, delay_ms, ...rest }) => {
      const able = COLUMNS.filter(({ type }) => definition.takes.includes(type.kind))
      const name = able.length === 0 ? null : able[column % able.length]!.name
      const spec: AggregateSpec = {
        ...rest,
        aggregate: definition.name,
        source: name === null ? null : 's',
        column: name,
        of: definition.ofFilter ? of : null,
        windows: [],
        delay: null,
      }
      return { spec, window_ms, delay_ms }
    }),
)

/** The rows of events, as the stream and the backfill would write them. */
export function encode(events: readonly OracleEvent[], schemas: RowSchemas = SCHEMAS): Uint8Array {
  const encoder = new RowEncoder(schemas)
  const columns = schemas.schemas.at(-1)!.columns.map((number) => schemas.columns[number]!.name)
  for (const event of events) {
    const id = hash64(event.id)
    encoder.add(
      event.time_ms,
      Number(id & 0xffffffffn),
      Number(id >> 32n),
      event.version,
      event.deleted,
      columns.map((name) => event.values[name] ?? null),
    )
  }
  return encoder.take()
}

/** What orders copies of one version: the encoded row from its flags on. */
export function rowBytes(event: OracleEvent): Buffer {
  return Buffer.from(encode([event])).subarray(3)
}
