import fc from 'fast-check'
import { expect } from 'vitest'
import type { ClockMode } from '../../src/features/clock.ts'
import { servedValue } from '../../src/serving/answer-writer.ts'
import type { FeatureValue } from '../../src/timeline/aggregate.ts'
import type { RowSchemas } from '../../src/timeline/row-schema.ts'
import { answer, asPromised, winners } from '../oracle.ts'
import { DOUBLE_COLUMNS, encode, T0, TIME_COLUMNS } from '../timeline/random-timeline.ts'
import { type ForgetfulStore, type Memory, NOTHING } from './forgetful-store.ts'
import {
  type AskedFeature,
  type CardEvent,
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

/** An installation, and beside it what its online store must hold. */
class Judged {
  readonly #whole: Whole
  readonly #asked: readonly AskedFeature[]
  #known: CardEvent[] = []
  #memory: { readonly held: Memory; readonly known: CardEvent[] } = { held: NOTHING, known: [] }
  readonly #archived: CardEvent[] = []
  readonly #logged: CardEvent[] = []

  constructor({ model, asked }: ReturnType<typeof modelOf>, clock: ClockMode, stores: Stores) {
    this.#asked = asked
    this.#whole = new Whole(model, clock, () => NOW, stores)
  }

  async open(): Promise<void> {
    await this.#whole.open()
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
    this.#known = [...this.#known, ...this.#logged]
  }

  async archive(): Promise<void> {
    await this.#whole.archive()
    this.#archived.push(...this.#logged)
  }

  async backfill(): Promise<void> {
    const results = await this.#whole.backfill()
    expect(results.map(({ refusals }) => refusals)).toEqual([[]])
    this.#known = [...this.#known, ...this.#archived]
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
    for (const card_id of current === null ? ['a', 'b', 'a|b', 'never seen'] : [current.card_id]) {
      const request = current === null ? { keys: { card_id }, at: at_ms } : { event: scoredJson(current), at: at_ms }
      const answered = await this.#whole.vectors.answer(current === null ? 'looked' : 'scored', request)
      for (const feature of this.#asked) {
        if (current === null && readsCurrent(feature)) continue
        const status = answered.status[feature.name]
        if (card_id === null) {
          expect([answered.features[feature.name], status]).toEqual([null, 'missing'])
          continue
        }
        if (status !== OK) ok = false
        else {
          const got = answered.features[feature.name]
          expect([feature.name, got]).toEqual([feature.name, this.#expected(feature, card_id, at_ms, current, got)])
        }
      }
    }
    return ok
  }

  #expected(feature: AskedFeature, card_id: string, at_ms: number, current: CardEvent | null, got: unknown): unknown {
    const schemas: RowSchemas = [...this.#whole.records.values()][0]!.schemas
    const kept = winners(
      this.#known.filter((event) => event.card_id === card_id),
      (event) => Buffer.from(encode([event], schemas)).subarray(3),
    )
    const scored = current && { ...current, deleted: false, values: { ...current.values, status: null, fraud: null } }
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
export const lossyScenario = scenarioOf(fc.array(fc.oneof(...usual, ...losses), { maxLength: 20 }))

export type Scenario = typeof lossyScenario extends fc.Arbitrary<infer S> ? S : never

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
    else if (step.do === 'remember') await whole.remember(lossy!)
    else if (step.do === 'lose') await whole.lose(lossy!, step.documents)
    else await whole.ask(step.at_ms, step.current)
  }
  await whole.stream()
  await whole.backfill()
  expect(await whole.ask(at_ms, null)).toBe(true)
  expect(await whole.ask(at_ms, current)).toBe(true)
}
