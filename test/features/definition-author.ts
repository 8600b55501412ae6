import fc from 'fast-check'
import * as millrace from '../../src/index.ts'
import { aggregates } from '../../src/timeline/aggregates/index.ts'

const { z } = millrace

export type Loose = (...args: readonly unknown[]) => unknown

export const language = millrace as unknown as Readonly<Record<string, Loose>>
export const AGGREGATES = [...aggregates.keys()].filter((name) => typeof language[name] === 'function')
const FILTERS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'inList', 'isNull', 'and', 'or', 'not']

const SHAPE = {
  id: z.string(),
  at: z.iso.datetime({ offset: true }),
  card_id: z.string(),
  amount: millrace.money({ scale: 2 }),
  status: z.enum(['approved', 'declined']),
  fraud: z.boolean().nullable(),
  gone: z.boolean(),
  n: z.int(),
  note: z.string(),
}
const COLUMNS = [...Object.keys(SHAPE), 'none', '__proto__', 'constructor']

/** What somebody may write where something else is wanted. */
const JUNK = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, true, 0, -1, 1.5, Number.NaN, 2 ** 60, 10n, '', 'a', '7d', '7 days', 'id'),
  fc.constantFrom<unknown>([], {}, [null], { a: 1 }, ['id'], () => 1, new Date(0), /x/, Symbol('s'), new Map()),
  fc.constantFrom<unknown>(z.string(), z.bigint(), z.object({}), z.string, Promise.resolve(1), Object.create(null)),
  fc.string({ unit: fc.constantFrom('a', 'B', '1', '_', ' ', 'é', '\ud800'), maxLength: 8 }),
)
const NAMES = ['x'.repeat(70), 'Card', 'a__b', '', '__proto__', 'toString', 7, null]
const TYPES: readonly millrace.z.core.$ZodType[] = [
  ...[z.number(), z.string().optional(), z.int().min(1).max(3), z.string().max(4), z.bigint(), z.date(), z.any()],
  ...[z.array(z.string()), z.object({ a: z.string() }), z.union([z.string(), z.int()]), z.literal('a'), z.uuid()],
  ...[z.string().transform((text) => text.length), z.string().default('a'), z.lazy(() => z.string()), z.never()],
]

/**
 * Writes random definitions of the language's pieces. One part in some is wrong in its place, or junk; how many is random, too: with
 * much care nearly all of it is right.
 */
export class DefinitionAuthor {
  readonly #g: fc.GeneratorValue
  readonly #care: number

  constructor(g: fc.GeneratorValue) {
    this.#g = g
    this.#care = this.#one([9, 60, 10_000])
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#g(fc.nat, of.length - 1)]!
  }

  #slips(): boolean {
    return this.#g(fc.nat, this.#care) === 0
  }

  /** What is right mostly, else one of those that are wrong there, else junk. */
  #part<T>(right: () => T, ...wrong: readonly (() => unknown)[]): T {
    if (wrong.length > 0 && this.#slips()) return this.#one(wrong)() as T
    return this.#slips() ? (this.#g(() => JUNK) as T) : right()
  }

  #column = () => this.#one(COLUMNS)
  #name = (right: string) =>
    this.#part(
      () => right,
      () => this.#one(NAMES),
    )

  #key(right: string): string {
    return this.#slips() ? this.#one([...COLUMNS, '', 'a b', 'Ratio', 'g0__tx_1h']) : right
  }

  /** Some of the options, each right or not. */
  #some(all: Readonly<Record<string, () => unknown>>): Record<string, unknown> {
    const given = Object.entries(all).filter(() => this.#g(fc.boolean))
    const options = Object.fromEntries(given.map(([name, make]) => [name, this.#part(make)]))
    return this.#slips() ? { ...options, [this.#g(fc.string)]: 1 } : options
  }

  #shape(): object {
    const others = Object.keys(SHAPE).filter(() => this.#slips())
    return { ...SHAPE, ...Object.fromEntries(others.map((name) => [name, this.#one(TYPES)])) }
  }

  source(): unknown {
    const archive = () => ({
      table: this.#part(
        () => 't',
        () => 'a b',
      ),
      ...this.#some({
        columns: () => ({ [this.#key('note')]: this.#part(() => 'x') }),
        lag: () => '1h',
        precision: () => 's',
      }),
    })
    const options = () => ({
      schema: this.#part(() => z.object(this.#shape() as typeof SHAPE)),
      id: this.#part(() => 'id', this.#column),
      time: this.#part(() => 'at', this.#column),
      version: this.#part(() => 'n', this.#column),
      ...this.#some({
        deleted: () => this.#part(() => 'gone', this.#column),
        outcome: () => [this.#part(() => 'status', this.#column), this.#part(() => 'fraud', this.#column)],
        stream: () => ({
          topic: this.#part(
            () => 'topic',
            () => 'a b',
          ),
          ...this.#some({
            where: () => ({
              [this.#key('kind')]: this.#part(
                () => 'transfer',
                () => ['a', 'a'],
                () => [],
              ),
            }),
            decode: () => () => [],
          }),
        }),
        archive,
        compute: () => ({ bin: this.#part(() => ({ version: this.#part(() => 1), type: z.string(), of: () => 'a' })) }),
        lookback: () =>
          this.#part(
            () => '2d',
            () => '9w',
          ),
        description: () => 'd',
        owner: () => 'o',
        tags: () => ['t'],
      }),
    })
    return language.source!(this.#name('payments'), this.#part(options))
  }

  entity(): unknown {
    const key = () => ({
      [this.#key('card_id')]: this.#part(
        () => z.string(),
        () => this.#one(TYPES),
      ),
    })
    const options = () => ({ key: this.#part(key), ...this.#some({ owner: () => 'o' }) })
    const entity = language.entity!(this.#name('card'), this.#part(options))
    if (this.#g(fc.nat, 4) > 0) return entity
    const mapping = () => ({ card_id: this.#part(() => 'card_id', this.#column) })
    return (entity as { from: Loose }).from(this.#part(mapping))
  }

  #filter(source: unknown, depth = 0): unknown {
    const { status, fraud, n } = source as Record<string, unknown>
    const right = [() => language.eq!(status, 'approved'), () => language.isNull!(fraud), () => language.gt!(n, 2)]
    return this.#part(this.#one(right), () => this.#anyFilter(source, depth))
  }

  #anyFilter(source: unknown, depth: number): unknown {
    const column = () => this.#part(() => (source as Record<string, unknown>)[this.#column()])
    const name = this.#one(FILTERS.slice(0, depth > 1 ? 8 : FILTERS.length))
    const inner = () => this.#filter(source, depth + 1)
    if (name === 'and' || name === 'or') return language[name]!(...Array.from({ length: this.#g(fc.nat, 3) }, inner))
    if (name === 'not') return language.not!(inner())
    const value = () => this.#part(() => this.#one<unknown>(['approved', 1, true, '2026-01-01T00:00:00Z']))
    return language[name]!(column(), name === 'inList' ? this.#part(() => [value(), value()]) : value())
  }

  #aggregate(source: unknown): Record<string, Loose> {
    const { amount, n, note } = source as Record<string, unknown>
    const right = [
      () => language.count!(),
      () => language.sum!(this.#one([amount, n])),
      () => language.countDistinct!(note),
      () => language.rate!(this.#filter(source)),
    ]
    const any = this.#anyAggregate(this.#one(AGGREGATES), source)
    return (this.#slips() ? any() : this.#one(right)()) as Record<string, Loose>
  }

  #anyAggregate(name: string, source: unknown): () => unknown {
    return () => {
      const { ofFilter, takes } = aggregates.get(name)!
      const column = () => (source as Record<string, unknown>)[this.#column()]
      const first = ofFilter === true ? [() => this.#filter(source)] : takes.length > 0 ? [column] : []
      const rest = () => this.#one<unknown>([3, '1h', [0.5], [50, 95], { n: 3 }, { halfLife: '1h' }, undefined])
      return language[name]!(...[...first, rest].map((make) => this.#part(make)))
    }
  }

  #feature(source: unknown): unknown {
    let built = this.#aggregate(source)
    const then = (method: string, ...args: readonly unknown[]) => {
      built = built[method]!(...args) as typeof built
    }
    const per = () => (source as Record<string, unknown>)[this.#one(['note', 'status'])]
    if (this.#g(fc.boolean)) then('where', this.#filter(source))
    if (this.#g(fc.nat, 4) === 0)
      then(
        'per',
        this.#part(per),
        this.#part(() => ({ limit: this.#part(() => 5) })),
      )
    if (this.#g(fc.nat, 4) === 0)
      then(
        'describe',
        this.#part(() => 'd'),
      )
    if (this.#g(fc.nat, 4) === 0) then('excludeCurrent')
    if (this.#slips()) return built
    const windows = this.#part(
      () => this.#one([['1h'], ['1h', '7d'], ['30d']]),
      () => ['1d', '24h', '500d'],
      () => [],
    )
    then('over', ...(Array.isArray(windows) ? windows : [windows]).map((window) => this.#part(() => window)))
    if (this.#g(fc.nat, 4) === 0)
      then(
        'delayed',
        this.#part(
          () => '7d',
          () => '0d',
        ),
      )
    return built
  }

  group(name: string, source: unknown, entity: unknown): unknown {
    const names = this.#part(
      () => ['tx', 'spend', 'n_1h'],
      () => ['Tx', 'a__b', '__proto__', 'toString', 'tx'],
    )
    const known = Array.isArray(names) && names.every((one) => typeof one === 'string') ? ['tx', ...names] : ['tx']
    const features = () => Object.fromEntries(known.map((one) => [one, this.#part(() => this.#feature(source))]))
    const options = () => ({
      source: this.#part(() => source),
      entity: this.#part(() => entity),
      features: this.#part(features),
      ...this.#some({
        tags: () => ['t'],
        deprecated: () => this.#deprecated(() => undefined),
        deprecatedFeatures: () => ({ [known[0]!]: this.#part(() => this.#deprecated(() => this.#one(known))) }),
      }),
    })
    return language.featureGroup!(this.#name(name), this.#part(options))
  }

  #deprecated(replacement: () => unknown): object {
    const replaced = this.#slips() ? { replacedBy: replacement() } : {}
    return {
      ...replaced,
      since: this.#part(
        () => '2026-11',
        () => 'soon',
      ),
      why: this.#part(() => 'w'),
    }
  }

  service(source: unknown, groups: readonly unknown[]): unknown {
    type View = { readonly pick: Loose; readonly as: Loose }
    const picked = (group: unknown) =>
      (group as View).pick(
        this.#part(
          () => 'tx_1h',
          () => 'nope',
        ),
      )
    const role = (view: unknown) =>
      (view as View).as(
        this.#name('payee'),
        this.#part(() => ({ [this.#key('card_id')]: this.#part(() => 'note', this.#column) })),
      )
    const view = (group: unknown) => {
      const chosen = this.#slips() ? picked(group) : group
      const cast = this.#g(fc.nat, 4) === 0 ? role(chosen) : chosen
      return cast !== chosen && chosen === group && this.#slips() ? picked(cast) : cast
    }
    const options = () => ({
      features: this.#part(() => groups.map((group) => this.#part(() => view(group)))),
      event: this.#part(() => source),
      ...this.#some({
        request: () =>
          z.object({
            a: this.#part(
              () => z.string(),
              () => this.#one(TYPES),
            ),
          }),
        derive: () => ({
          [this.#key('ratio')]: this.#part(() => () => 1),
        }),
        deprecated: () => this.#deprecated(() => undefined),
      }),
    })
    return language.featureService!(this.#name('risk'), this.#part(options))
  }
}
