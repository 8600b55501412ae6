import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backfillTimeline } from '../../src/backfill/backfill.ts'
import type { ClockMode } from '../../src/features/clock.ts'
import { VectorService } from '../../src/serving/vector-service.ts'
import { MemoryEventArchive } from '../../src/stores/archive/memory.ts'
import { archiveColumns } from '../../src/stores/archive-columns.ts'
import { MemoryEventLog } from '../../src/stores/log/memory.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import { registerTimelines } from '../../src/stores/timeline-registry.ts'
import { SourceArchiver } from '../../src/stream/source-archiver.ts'
import { SourceStream } from '../../src/stream/source-stream.ts'
import { compact } from '../../src/timeline/compact.ts'
import type { RowSchemas } from '../../src/timeline/row-schema.ts'
import { answer, winners } from '../oracle.ts'
import { DOUBLE_COLUMNS, encode, T0, TIME_COLUMNS } from '../timeline/random-timeline.ts'
import {
  type AskedFeature,
  type CardEvent,
  modelOf,
  randomCardEvent,
  randomFeatures,
  toJson,
} from './random-definitions.ts'

const NOW = T0 + 5_000
const TOPIC = 'events'
const OK = undefined

/** Log, archive, online store, stream, archiver and service of one set of definitions, without a process around them. */
class Whole {
  readonly store = new MemoryOnlineStore()
  readonly log = new MemoryEventLog({ now: () => NOW })
  readonly archive = new MemoryEventArchive()
  /** Everything that the online store must hold by now. */
  known: CardEvent[] = []
  readonly #features: ReturnType<typeof modelOf>
  readonly #clock: ClockMode
  readonly #archived: CardEvent[] = []
  readonly #logged: CardEvent[] = []
  readonly vectors: VectorService
  #stream!: SourceStream
  #archiver!: SourceArchiver
  #schemas!: RowSchemas
  #sequence = 0

  constructor(features: ReturnType<typeof modelOf>, clock: ClockMode) {
    this.#features = features
    this.#clock = clock
    this.vectors = new VectorService({
      model: features.model,
      store: this.store,
      now: () => NOW,
      clock,
      watermark: () => NOW,
    })
  }

  get #timeline() {
    return [...this.#features.model.timelines.values()][0]!
  }

  async open(): Promise<void> {
    const { model } = this.#features
    const source = model.sources.get('events')!
    await this.log.ensureTopic(TOPIC, 2)
    const records = await registerTimelines(this.store, model, () => ({ 0: 0, 1: 0 }), NOW)
    this.#schemas = records.get(this.#timeline.fingerprint)!.schemas
    await this.archive.create('events', archiveColumns(source), 'occurred_at')
    this.#stream = new SourceStream({
      log: this.log,
      store: this.store,
      group: 'test',
      source,
      timelines: [{ timeline: this.#timeline, record: records.get(this.#timeline.fingerprint)! }],
      now: () => NOW,
      expires: this.#clock === 'wall',
      onQuarantine: ({ reason }) => expect.unreachable(reason),
      onGap: async () => expect.unreachable('no gap'),
    })
    this.#archiver = new SourceArchiver({
      log: this.log,
      archive: this.archive,
      source,
      onQuarantine: ({ reason }) => expect.unreachable(reason),
      onSkipped: async () => {},
      onGap: async () => expect.unreachable('no gap'),
    })
  }

  /** Straight into the archive, as a warehouse fills it. */
  async load(events: readonly CardEvent[]): Promise<void> {
    if (events.length === 0) return
    const source = this.#features.model.sources.get('events')!
    const parsed = events.map((event) => source.parser.parse(toJson(event)))
    await this.archive.insert({
      table: 'events',
      columns: archiveColumns(source),
      values: source.columns.map((_, c) => parsed.map((event) => event.values[c]!)),
      origins: parsed.map(() => 'file/test'),
      sequences: parsed.map(() => this.#sequence++),
      arrived_ms: parsed.map(() => NOW),
    })
    this.#archived.push(...events)
  }

  async send(events: readonly CardEvent[]): Promise<void> {
    const messages = events.map((event) => ({
      key: event.card_id ?? '',
      value: Buffer.from(JSON.stringify(toJson(event))),
    }))
    await this.log.append(TOPIC, messages)
    this.#logged.push(...events)
  }

  async stream(): Promise<void> {
    while (await this.#stream.step());
    this.known = [...this.known, ...this.#logged]
  }

  async archiveStep(): Promise<void> {
    while ((await this.#archiver.step()) > 0);
    this.#archived.push(...this.#logged)
  }

  async backfill(): Promise<void> {
    const result = await backfillTimeline(this.#timeline, {
      store: this.store,
      log: this.log,
      archive: this.archive,
      now: () => NOW,
      clock: this.#clock,
      signal: new AbortController().signal,
    })
    expect(result.refusals).toEqual([])
    await this.vectors.refresh()
    this.known = [...this.known, ...this.#archived]
  }

  async compact(): Promise<void> {
    for await (const key of this.store.keys('')) {
      const [rows] = await this.store.read([key])
      await this.store.swap(key, rows!, compact(rows!, null))
    }
  }

  /** Every value that is said to be ok is the oracle's. Answers whether all were ok. */
  async ask(at_ms: number, current: CardEvent | null): Promise<boolean> {
    let ok = true
    for (const card_id of current === null ? ['a', 'b', 'a|b', 'never seen'] : [current.card_id]) {
      const request = current === null ? { keys: { card_id }, at: at_ms } : { event: scoredJson(current), at: at_ms }
      const answered = await this.vectors.answer(current === null ? 'looked' : 'scored', request)
      for (const feature of this.#features.asked) {
        const status = answered.status[feature.name]
        if (card_id === null) {
          expect([answered.features[feature.name], status]).toEqual([null, 'missing'])
          continue
        }
        if (status !== OK) ok = false
        else
          expect([feature.name, answered.features[feature.name]]).toEqual([
            feature.name,
            this.#expected(feature, card_id, at_ms, current),
          ])
      }
    }
    return ok
  }

  #expected(feature: AskedFeature, card_id: string, at_ms: number, current: CardEvent | null): unknown {
    const schemas = this.#schemas
    const kept = winners(
      this.known.filter((event) => event.card_id === card_id),
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
    return typeof value === 'bigint' ? String(value) : value
  }
}

function scoredJson(event: CardEvent): Record<string, unknown> {
  const { status: _, fraud: __, ...known } = toJson(event)
  return { ...known, gone: false }
}

const steps = fc.array(
  fc.oneof(
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
  ),
  { maxLength: 14 },
)

const scenario = fc.record({
  features: randomFeatures,
  clock: fc.constantFrom<ClockMode>('wall', 'history'),
  loaded: fc.array(randomCardEvent, { maxLength: 40 }),
  /** How much of what is in the archive comes by the stream again. */
  overlap: fc.nat({ max: 40 }),
  steps,
  at_ms: fc.integer({ min: -44, max: 16 }).map((n) => T0 + n * 250),
  current: randomCardEvent,
})

async function play({
  features,
  clock,
  loaded,
  overlap,
  steps,
  at_ms,
  current,
}: typeof scenario extends fc.Arbitrary<infer S> ? S : never) {
  const whole = new Whole(modelOf(features), clock)
  await whole.open()
  await whole.vectors.refresh()
  await whole.load(loaded)
  await whole.send(loaded.slice(0, overlap))
  for (const step of steps) {
    if (step.do === 'send') await whole.send(step.events)
    else if (step.do === 'stream') await whole.stream()
    else if (step.do === 'archive') await whole.archiveStep()
    else if (step.do === 'backfill') await whole.backfill()
    else if (step.do === 'compact') await whole.compact()
    else await whole.ask(step.at_ms, step.current)
  }
  await whole.stream()
  await whole.backfill()
  expect(await whole.ask(at_ms, null)).toBe(true)
  expect(await whole.ask(at_ms, current)).toBe(true)
}

describe('archive, stream, backfill and serving give the number of the naive oracle, or say that they do not', () => {
  it('for random definitions, events, overlaps, orders of work and instants', async () => {
    await fc.assert(fc.asyncProperty(scenario, play), { numRuns: 400, seed: 42 })
  })
})
