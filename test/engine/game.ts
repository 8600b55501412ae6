import fc from 'fast-check'
import { expect } from 'vitest'
import type { ClockMode } from '../../src/features/clock.ts'
import { servedValue } from '../../src/serving/answer-writer.ts'
import type { FeatureValue } from '../../src/timeline/aggregate.ts'
import type { Value } from '../../src/timeline/column-type.ts'
import type { RowSchemas } from '../../src/timeline/row-schema.ts'
import { answer, asPromised, winners } from '../oracle.ts'
import { encode, DOUBLE_COLUMNS as RAW_DOUBLES, TIME_COLUMNS as RAW_TIMES, T0 } from '../timeline/random-timeline.ts'
import { type ForgetfulStore, type Memory, NOTHING } from './forgetful-store.ts'
import {
  type AskedFeature,
  type CardEvent,
  computedOf,
  modelOf,
  randomCardEvent,
  randomFeatures,
  readsCurrent,
  toJson,
} from './random-definitions.ts'
import { type Stores, Whole } from './whole.ts'

/** Wall clock of every game, epoch milliseconds. */
export const NOW = T0 + 5_000
const OK = undefined
const TIME_COLUMNS = new Set([...RAW_TIMES, 'due_at'])
const DOUBLE_COLUMNS = new Set([...RAW_DOUBLES, 'double'])

/** An event whose row is in the online store, and of which row schema: by group. */
interface KnownEvent {
  readonly event: CardEvent
  readonly schemas: ReadonlyMap<string, number>
}

/** What services read, by the name under which they serve it: the group behind it. */
const READ = { g: 'g', k: 'k', other: 'g' } as const
type Read = keyof typeof READ
type Group = (typeof READ)[Read]
const READS = Object.keys(READ) as Read[]
type Keys = Readonly<Record<Read, string | null>>

/** An installation, and beside it what its online store must hold. */
class Judged {
  #whole: Whole
  readonly #clock: ClockMode
  readonly #stores: Stores
  readonly #asked: readonly AskedFeature[]
  /** Of the computed columns. */
  #version = 1
  #known: KnownEvent[] = []
  #memory: { readonly held: Memory; readonly known: KnownEvent[] } = { held: NOTHING, known: [] }
  readonly #archived: CardEvent[] = []
  readonly #logged: CardEvent[] = []
  /** How many of those that were logged the stream has carried. */
  #streamed = 0

  constructor({ model, asked }: ReturnType<typeof modelOf>, clock: ClockMode, stores: Stores) {
    this.#asked = asked
    this.#clock = clock
    this.#stores = stores
    this.#whole = new Whole(model, clock, () => NOW, stores)
  }

  async open(): Promise<void> {
    await this.#whole.open()
  }

  /** Other definitions take over: every computed column has a new version, and other values. */
  async revise(modelOfVersion: (version: number) => ReturnType<typeof modelOf>): Promise<void> {
    this.#whole = new Whole(modelOfVersion(++this.#version).model, this.#clock, () => NOW, this.#stores)
    await this.#whole.open()
  }

  /** The events are in the online store now. */
  #know(events: readonly CardEvent[]): void {
    const schemas = new Map(READS.map((read) => [READ[read], this.#schemas(READ[read]).schemas.at(-1)!.number]))
    this.#known = [...this.#known, ...events.map((event) => ({ event, schemas }))]
  }

  #schemas(group: Group): RowSchemas {
    const { fingerprint } = this.#whole.model.groups.get(group)!.timeline
    return this.#whole.records.get(fingerprint)!.schemas
  }

  async load(events: readonly CardEvent[]): Promise<void> {
    await this.#whole.load('events', events.map(toJson))
    this.#archived.push(...events)
  }

  async send(events: readonly CardEvent[]): Promise<void> {
    await this.#whole.send('events', events.map(toJson))
    this.#logged.push(...events)
  }

  async stream(): Promise<void> {
    await this.#whole.stream()
    // Before other definitions came all rows are of one schema, and a store that lost some has them again.
    this.#know(this.#version === 1 ? this.#logged : this.#logged.slice(this.#streamed))
    this.#streamed = this.#logged.length
  }

  async archive(): Promise<void> {
    await this.#whole.archive()
    this.#archived.push(...this.#logged)
  }

  async backfill(): Promise<void> {
    // It waits until the archive has what the log had when other definitions took over.
    if (this.#version > 1) await this.archive()
    const results = await this.#whole.backfill()
    expect(results.flatMap(({ refusals }) => refusals)).toEqual([])
    this.#know(this.#archived)
  }

  compact(): Promise<void> {
    return this.#whole.compact()
  }

  async remember(store: ForgetfulStore): Promise<void> {
    this.#memory = { held: await store.remember(), known: this.#known }
  }

  /** What came to the store since it was remembered is gone; where it never was, all is. */
  async lose(store: ForgetfulStore, documents: 'stay' | 'go'): Promise<void> {
    await store.goBack(this.#memory.held, { documents })
    this.#known = this.#memory.known
  }

  /** Every value that is said to be ok is the oracle's. Answers whether all were ok. */
  async ask(at_ms: number, current: CardEvent | null): Promise<boolean> {
    await this.#whole.vectors.refresh()
    // Nobody has told the store of the timelines, or it forgot them.
    if (this.#whole.vectors.unready().length > 0) return false
    let ok = true
    const looked: Keys[] = [
      { g: 'a', k: '0', other: 'b' },
      { g: 'b', k: '1', other: 'b' },
      { g: 'a|b', k: 'never seen', other: null },
      { g: 'never seen', k: null, other: 'a' },
    ]
    for (const keys of current === null ? looked : [this.#keysOf(current)]) {
      const given = { keys: { card_id: keys.g, kind: keys.k, other_id: keys.other } }
      const request = { ...(current === null ? given : { event: scoredJson(current) }), at: at_ms }
      const answered = await this.#whole.vectors.answer(current === null ? 'looked' : 'scored', request)
      for (const read of READS) {
        for (const feature of this.#asked) {
          if ((current === null || read === 'other') && readsCurrent(feature)) continue
          const name = `${read}__${feature.name}`
          const status = answered.status[name]
          const key = keys[read]
          if (key === null) expect([answered.features[name], status]).toEqual([null, 'missing'])
          else if (status !== OK) ok = false
          else {
            const got = answered.features[name]
            const value = this.#expected(READ[read], feature, key, { at_ms, current, got })
            expect([name, got]).toEqual([name, value])
          }
        }
      }
    }
    return ok
  }

  #computed(event: CardEvent): Record<string, Value> {
    return computedOf(this.#version, event)
  }

  #keysOf(event: CardEvent): Keys {
    return { g: event.card_id, k: this.#computed(event).kind as string | null, other: event.other_id }
  }

  #expected(
    group: Group,
    feature: AskedFeature,
    key: string,
    { at_ms, current, got }: { readonly at_ms: number; readonly current: CardEvent | null; readonly got: unknown },
  ): unknown {
    const schemas = this.#schemas(group)
    const known = this.#known
      // What is stored of the event being scored is not what the request says of it, be it of this entity or of another (L5).
      .filter(({ event }) => this.#keysOf(event)[group] === key && event.id !== current?.id)
      .map(({ event, schemas: written }) => ({
        ...event,
        schema: written.get(group)!,
        values: { ...event.values, ...this.#computed(event) },
      }))
    const kept = winners(known, (event) => Buffer.from(encode([event], schemas)).subarray(3))
    // It counts among the events of its own entity only, whichever the role looks up.
    const scored = current !== null &&
      this.#keysOf(current)[group] === key && {
        ...current,
        deleted: false,
        values: { ...current.values, status: null, fraud: null, ...this.#computed(current) },
      }
    const value = answer(kept, {
      spec: feature.windowed.spec,
      window_ms: feature.window_ms,
      delay_ms: feature.delay_ms,
      at_ms,
      timeColumns: TIME_COLUMNS,
      doubleColumns: DOUBLE_COLUMNS,
      ...(scored && { current: scored }),
    })
    return asPromised(feature.windowed.spec, got, servedValue(value) as FeatureValue)
  }
}

function scoredJson(event: CardEvent): Record<string, unknown> {
  const { status: _, fraud: __, ...known } = toJson(event)
  return { ...known, gone: false }
}

const usual = [
  fc.record({ do: fc.constant('send' as const), events: fc.array(randomCardEvent, { maxLength: 12 }) }),
  fc.constant({ do: 'stream' as const }),
  fc.constant({ do: 'archive' as const }),
  fc.constant({ do: 'backfill' as const }),
  fc.constant({ do: 'compact' as const }),
  fc.record({
    do: fc.constant('ask' as const),
    at_ms: fc.integer({ min: -44, max: 16 }).map((n) => T0 + n * 250),
    current: fc.option(randomCardEvent, { nil: null }),
  }),
]

/** A store that loses what it holds: all since it was remembered, its documents too, or not where another node has them. */
const losses = [
  fc.constant({ do: 'remember' as const }),
  fc.record({ do: fc.constant('lose' as const), documents: fc.constantFrom('stay' as const, 'go' as const) }),
]

/** Other definitions take over. */
const revisions = [fc.constant({ do: 'revise' as const })]

const scenarioOf = <S>(steps: fc.Arbitrary<S[]>) =>
  fc.record({
    features: randomFeatures,
    clock: fc.constantFrom<ClockMode>('wall', 'history'),
    loaded: fc.array(randomCardEvent, { maxLength: 40 }),
    /** How much of what is in the archive comes by the stream again. */
    overlap: fc.nat({ max: 40 }),
    steps,
    at_ms: fc.integer({ min: -44, max: 16 }).map((n) => T0 + n * 250),
    current: randomCardEvent,
  })

export const scenario = scenarioOf(fc.array(fc.oneof(...usual), { maxLength: 14 }))
export const revisedScenario = scenarioOf(fc.array(fc.oneof(...usual, ...revisions), { maxLength: 20 }))
export const lossyScenario = scenarioOf(fc.array(fc.oneof(...usual, ...losses), { maxLength: 20 }))

type Played<A> = A extends fc.Arbitrary<infer S> ? S : never
export type Scenario = Played<typeof lossyScenario> | Played<typeof revisedScenario>

/**
 * Plays a game on some stores: archive, log, stream, backfill and compaction in any order, asked in between and at the end. What is
 * said to be ok must be the oracle's, and in the end all must be ok. `table` is a name that the stores have not seen. `lossy`: the
 * online store of `stores`, for scenarios in which it loses what it holds.
 */
export async function play(stores: Stores, table: string, game: Scenario, lossy?: ForgetfulStore): Promise<void> {
  const { features, clock, loaded, overlap, steps, at_ms, current } = game
  const whole = new Judged(modelOf(features, table), clock, stores)
  await whole.open()
  await whole.load(loaded)
  await whole.send(loaded.slice(0, overlap))
  for (const step of steps) {
    if (step.do === 'send') await whole.send(step.events)
    else if (step.do === 'stream') await whole.stream()
    else if (step.do === 'archive') await whole.archive()
    else if (step.do === 'backfill') await whole.backfill()
    else if (step.do === 'compact') await whole.compact()
    else if (step.do === 'revise') await whole.revise((version) => modelOf(features, table, version))
    else if (step.do === 'remember') await whole.remember(lossy!)
    else if (step.do === 'lose') await whole.lose(lossy!, step.documents)
    else await whole.ask(step.at_ms, step.current)
  }
  await whole.stream()
  await whole.backfill()
  expect(await whole.ask(at_ms, null)).toBe(true)
  expect(await whole.ask(at_ms, current)).toBe(true)
}
