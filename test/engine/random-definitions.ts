import fc from 'fast-check'
import { collect } from '../../src/features/collect.ts'
import type { Model } from '../../src/features/model.ts'
import { formatMoney } from '../../src/features/money.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import * as millrace from '../../src/index.ts'
import { type Aggregate, type AggregateSpec, startAggregate, type Windowed } from '../../src/timeline/aggregate.ts'
import { aggregates } from '../../src/timeline/aggregates/index.ts'
import type { Column } from '../../src/timeline/column.ts'
import type { Value } from '../../src/timeline/column-type.ts'
import { durationMs } from '../../src/timeline/duration.ts'
import type { Filter, FilterNode } from '../../src/timeline/filter.ts'
import type { OracleEvent } from '../oracle.ts'
import { randomEvent, randomFeature, T0 } from '../timeline/random-timeline.ts'

const { z } = millrace

const OUTCOME = ['status', 'fraud'] as const

type Row = Readonly<Record<string, Value>>

/** Computed columns, each of the type of a column that events bring: by the name of that one. */
const TWINS: Readonly<Record<string, string>> = {
  amount: 'fee',
  points: 'next',
  score: 'double',
  shop: 'till',
  status: 'tier',
  fraud: 'odd',
  settled_at: 'due_at',
}
const TIERS = ['approved', 'declined', 'held'] as const
const SHOP_THAT_FAILS = '🦊'

/** What events have of a version of the computed columns, by the book: the definition computes the same another way. */
export function computedOf(version: number, { id, values }: OracleEvent): Record<string, Value> {
  const { amount = null, points = null, score = null, shop = null, settled_at = null } = values
  const known = <V>(value: Value, of: (value: V) => Value): Value => (value === null ? null : of(value as V))
  const within = (x: number, most: number) => (Math.abs(x) <= most ? x : null)
  return {
    fee: known<number>(amount, (x) => (x % 1_000) + 0),
    next: known<number>(points, (x) => within(x + version, Number.MAX_SAFE_INTEGER)),
    double: known<number>(score, (x) => within(x * 2 * version, 1e290)),
    till: known<string>(shop, (text) => (text === SHOP_THAT_FAILS ? null : `${text}/${version}`)),
    tier: known<number>(amount, (x) => TIERS[Math.abs(x + version) % 3]!),
    odd: id.endsWith('1') === (version === 1),
    due_at: known<number>(settled_at, (ms) => ms + version * 1_000),
    kind: id.endsWith('0') ? null : `${Number(id.slice(3)) % 2}`,
  }
}

const computeOf = (version: number) => {
  const column = (type: millrace.z.core.$ZodType, of: (row: Row) => unknown) => ({ version, type, of })
  const some = <V>(value: Value | undefined, of: (value: V) => unknown) => (value === null ? null : of(value as V))
  return {
    fee: column(millrace.money({ scale: 2 }), (row) => some<number>(row.amount, (x) => (x % 1_000) + 0)),
    next: column(z.int(), (row) => some<number>(row.points, (x) => x + version)),
    double: column(z.number(), (row) => some<number>(row.score, (x) => x * 2 * version)),
    till: column(z.string().max(40), (row) =>
      some<string>(row.shop, (text) => {
        if (text === SHOP_THAT_FAILS) throw new Error('no such shop')
        return `${text}/${version}`
      }),
    ),
    tier: column(z.enum(TIERS), (row) => some<number>(row.amount, (x) => TIERS[Math.abs(x + version) % 3])),
    odd: column(z.boolean(), (row) => (row.id as string).endsWith('1') === (version === 1)),
    due_at: column(z.iso.datetime({ offset: true }), (row) =>
      some<string>(row.settled_at, (text) => new Date(Date.parse(text) + version * 1_000).toISOString()),
    ),
    kind: column(z.string(), ({ id }) =>
      (id as string).endsWith('0') ? undefined : `${Number((id as string).slice(3)) % 2}`,
    ),
  }
}

/** A feature over computed columns in place of those of the same types that events bring. */
function overTwins(spec: AggregateSpec): AggregateSpec {
  const twin = (name: string) => TWINS[name] ?? name
  const filter = (node: FilterNode): FilterNode => {
    if ('filters' in node) return { ...node, filters: node.filters.map(filter) }
    return 'filter' in node ? { ...node, filter: filter(node.filter) } : { ...node, column: twin(node.column) }
  }
  return {
    ...spec,
    column: spec.column === null ? null : twin(spec.column),
    of: spec.of === null ? null : filter(spec.of),
    per: spec.per === null ? null : { ...spec.per, column: twin(spec.per.column) },
    where: spec.where === null ? null : filter(spec.where),
  }
}

const definition = (table: string, version: number) =>
  ({
    schema: z.object({
      id: z.string(),
      occurred_at: z.iso.datetime({ offset: true }),
      version: z.int(),
      gone: z.boolean(),
      card_id: z.string().nullable(),
      other_id: z.string().nullish(),
      amount: millrace.money({ scale: 2 }).nullable(),
      points: z.int().nullable(),
      score: z.number().optional(),
      shop: z.string().nullish(),
      status: z.enum(['approved', 'declined', 'held']).nullable(),
      fraud: z.boolean().optional(),
      settled_at: z.iso.datetime({ offset: true }).nullable(),
    }),
    id: 'id',
    time: 'occurred_at',
    version: 'version',
    deleted: 'gone',
    outcome: OUTCOME,
    compute: computeOf(version) as never,
    stream: { topic: table },
    archive: { table },
  }) as const

/** A source with a column of every kind, a version, tombstones, outcomes and a key that may be null. */
const eventsIn = (table: string, version: number) => millrace.source('events', definition(table, version))
const columns = eventsIn('events', 1) as unknown as Record<string, Column>
const card = millrace.entity('card', { key: { card_id: z.string() } })
/** By a computed key, under which the archive cannot group rows. */
const kind = millrace.entity('kind', { key: { kind: z.string() } })

export interface CardEvent extends OracleEvent {
  readonly card_id: string | null
  /** Another card, for which a role reads the same features; or the very same. */
  readonly other_id: string | null
}

const CARDS = ['a', 'b', 'a|b', null]

/** Few ids, each mostly of one instant and one card, so that copies, corrections and tombstones of one event are common. */
export const randomCardEvent: fc.Arbitrary<CardEvent> = fc
  .tuple(
    randomEvent,
    fc.nat({ max: 12 }),
    fc.constantFrom(0, 0, 0, 0, 1),
    fc.constantFrom(0, 0, 0, 0, 1),
    fc.constantFrom(...CARDS),
  )
  .map(([event, n, later, otherCard, other_id]) => ({
    ...event,
    id: `tx-${n}`,
    time_ms: T0 + (later * 4 - n * 3) * 250,
    card_id: CARDS[(n + otherCard) % CARDS.length]!,
    other_id,
  }))

/** The event as a producer sends it. */
export function toJson({
  id,
  time_ms,
  version,
  deleted,
  card_id,
  other_id,
  values,
}: CardEvent): Record<string, unknown> {
  const { amount, settled_at, score, fraud, ...rest } = values
  return {
    id,
    occurred_at: new Date(time_ms).toISOString(),
    version,
    gone: deleted,
    card_id,
    other_id,
    amount: amount == null ? null : formatMoney(amount as number, 2),
    settled_at: settled_at == null ? null : new Date(settled_at as number).toISOString(),
    ...(score === null ? {} : { score }),
    ...(fraud === null ? {} : { fraud }),
    ...rest,
  }
}

export const WINDOWS = ['1s', '2s', '5s', '10s', '60s'] as const
const DELAYS = [null, null, '1s', '5s'] as const

export interface AskedFeature {
  readonly windowed: Windowed
  readonly window_ms: number
  readonly delay_ms: number
  /** Without its group: `f0_5s`. */
  readonly name: string
}

export const randomFeatures: fc.Arbitrary<Omit<AskedFeature, 'name'>[]> = fc.array(
  fc
    .tuple(randomFeature, fc.constantFrom(...WINDOWS), fc.constantFrom(...DELAYS), fc.boolean())
    .map(([random, window, delay, computed]) => {
      const spec = computed ? overTwins(random.spec) : random.spec
      const start = aggregateOf(spec)
      const filtered = spec.where === null ? start : start.where(filterOf(spec.where))
      const over = (spec.excludeCurrent ? filtered.excludeCurrent() : filtered).over(window)
      return {
        windowed: delay === null ? over : over.delayed(delay),
        window_ms: durationMs(window),
        delay_ms: delay === null ? 0 : durationMs(delay),
      }
    }),
  { minLength: 1, maxLength: 5 },
)

function aggregateOf({
  aggregate,
  column,
  of,
  params,
  per,
  excludeCurrent,
}: AggregateSpec): Aggregate<'events', unknown> {
  const { readsCurrent } = aggregates.get(aggregate)!
  // What is an outcome, `check` refuses to compare with that of the event being scored.
  const name = readsCurrent && OUTCOME.includes(column as never) ? 'shop' : column
  const start = startAggregate<'events', unknown>({
    aggregate,
    params,
    ...(name === null ? {} : { column: columns[name]! }),
    ...(of === null ? {} : { of: filterOf(of) }),
    ...(readsCurrent && excludeCurrent ? { excludeCurrent } : {}),
  })
  return per === null ? start : (start.per(columns[per.column]!, { limit: per.limit }) as Aggregate<'events', unknown>)
}

type Compare = (column: Column, value: never) => Filter

/** `check` refuses filters over nothing, which the kernel's own property covers: something as true, or false, stands in. */
function filterOf(node: FilterNode): Filter {
  const none = millrace.isNull(columns.amount!)
  if ((node.op === 'and' || node.op === 'or') && node.filters.length === 0) {
    return node.op === 'and' ? millrace.or(none, millrace.not(none)) : millrace.and(none, millrace.not(none))
  }
  if (node.op === 'in' && node.values.length === 0) return millrace.and(none, millrace.not(none))
  switch (node.op) {
    case 'and':
      return millrace.and(...node.filters.map(filterOf))
    case 'or':
      return millrace.or(...node.filters.map(filterOf))
    case 'not':
      return millrace.not(filterOf(node.filter))
    case 'null':
      return millrace.isNull(columns[node.column]!)
    case 'in':
      return millrace.inList(columns[node.column]!, [...new Set(node.values)] as never[])
    default: {
      const compare = (millrace as unknown as Record<string, Compare>)[node.op]!
      return compare(columns[node.column]!, node.value as never)
    }
  }
}

/**
 * A model with a group of these features by card, `g`, also in the role `other`, and one by kind, `k`; a service that scores events, and one that is asked by keys:
 * of all features but those that compare the event being scored, and of a count, so that there always is one. `version`: of all computed
 * columns.
 */
export function modelOf(
  features: readonly Omit<AskedFeature, 'name'>[],
  table: string,
  version = 1,
): { model: Model; asked: AskedFeature[] } {
  const events = eventsIn(table, version)
  const named = Object.fromEntries(features.map(({ windowed }, i) => [`f${i}`, windowed]))
  const all = { ...named, rows: millrace.count().over('1s') }
  const g = millrace.featureGroup('g', { source: events, entity: card, features: all as never })
  const k = millrace.featureGroup('k', { source: events, entity: kind as never, features: all as never })
  const own = features.map(({ windowed: { spec } }, i) => {
    return `f${i}_${spec.windows[0]}${spec.delay === null ? '' : `_delayed_${spec.delay}`}`
  })
  const byKey = own.filter((_, i) => !readsCurrent(features[i]!))
  const picked = (group: typeof g) => group.pick(...(['rows_1s', ...byKey] as [never]))
  // Once picked and then in its role, once the other way round.
  const other = picked(g).as('other', { card_id: 'other_id' })
  const again = g.as('other', { card_id: 'other_id' }).pick(...(['rows_1s', ...byKey] as [never]))
  const scored = millrace.featureService('scored', { event: events, features: [g, k, other] as never })
  const looked = millrace.featureService('looked', { features: [picked(g), picked(k as never), again] as never })
  const model = resolveModel(collect([{ file: 'random.ts', exports: { g, k, scored, looked } }]))
  return { model, asked: features.map((feature, i) => ({ ...feature, name: own[i]! })) }
}

/** Whether a feature compares the event being scored with others: a service that is asked by key cannot have it. */
export function readsCurrent({ windowed }: Pick<AskedFeature, 'windowed'>): boolean {
  return aggregates.get(windowed.spec.aggregate)!.readsCurrent === true
}
