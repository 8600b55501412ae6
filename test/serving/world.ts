import type { ClockMode } from '../../src/features/clock.ts'
import { collect } from '../../src/features/collect.ts'
import type { Model } from '../../src/features/model.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { VectorService } from '../../src/serving/vector-service.ts'
import { MemoryOnlineStore } from '../../src/stores/online/memory.ts'
import {
  registerTimelines,
  SINCE_EVER_MS,
  type TimelineRecord,
  updateTimeline,
} from '../../src/stores/timeline-registry.ts'
import { TimelineWriter } from '../../src/stores/timeline-writer.ts'
import * as definitions from './definitions.ts'

export const NOW = Date.UTC(2026, 4, 1, 12)
export const HOUR = 3_600_000
export const DAY = 24 * HOUR

export function modelOf(exports: Record<string, unknown>): Model {
  return resolveModel(collect([{ file: 'definitions.ts', exports }]))
}

type Fields = Readonly<Record<string, unknown>>

let ids = 0

/** A payment, of card `c1` at merchant `m1` unless it says otherwise. `at` is in milliseconds. */
export function payment(fields: Fields & { readonly at?: number } = {}): Fields {
  const { at = NOW, ...rest } = fields
  return {
    id: `p${ids++}`,
    occurred_at: new Date(at).toISOString(),
    updated_at: 1,
    card_id: 'c1',
    merchant_id: 'm1',
    device_id: 'd1',
    amount: '10.00',
    points: 1,
    settled_at: null,
    status: 'approved',
    ...rest,
  }
}

/** The same before its outcome is known, as it is sent to be scored. */
export function scored(fields: Parameters<typeof payment>[0] = {}): Fields {
  const { status: _status, fraud: _fraud, ...event } = payment(fields)
  return event
}

/** A memory store with registered and covered timelines, and services over it. `now_ms` and `watermarks` may be set. */
export class World {
  readonly model: Model
  readonly store: MemoryOnlineStore
  readonly vectors: VectorService
  readonly untidy: string[] = []
  now_ms = NOW
  watermarks: Record<string, number | null> = {}

  constructor(options: { model?: Model; store?: MemoryOnlineStore; clock?: ClockMode } = {}) {
    this.model = options.model ?? modelOf(definitions)
    this.store = options.store ?? new MemoryOnlineStore()
    this.vectors = new VectorService({
      model: this.model,
      store: this.store,
      now: () => this.now_ms,
      clock: options.clock ?? 'wall',
      watermark: (source) => (source in this.watermarks ? this.watermarks[source]! : this.now_ms),
      onUntidy: (key) => this.untidy.push(key),
    })
  }

  /** Registers the model and makes every timeline complete since ever. */
  async open(): Promise<this> {
    await this.register()
    for (const { fingerprint } of this.model.timelines.values()) await this.cover(fingerprint, SINCE_EVER_MS)
    await this.vectors.refresh()
    return this
  }

  register(): Promise<Map<string, TimelineRecord>> {
    return registerTimelines(this.store, this.model, () => ({}), this.now_ms)
  }

  /** Makes a timeline complete since an instant, with all columns that it has now. */
  async cover(fingerprint: string, since_ms: number | null): Promise<void> {
    await updateTimeline(this.store, fingerprint, (record) => ({
      ...record,
      coverage: {
        since_ms,
        columns: since_ms === null ? {} : Object.fromEntries(record.schemas.columns.map((_, i) => [i, since_ms])),
        reason: null,
        proof: [],
      },
    }))
  }

  timeline(source: string, entity: string) {
    return [...this.model.timelines.values()].find((one) => one.source.name === source && one.entity.name === entity)!
  }

  /** Writes events of a source to every timeline of it, as the stream does. */
  async put(source: string, ...events: readonly Fields[]): Promise<void> {
    const { parser } = this.model.sources.get(source)!
    const records = await this.register()
    for (const timeline of this.model.timelines.values()) {
      if (timeline.source.name !== source) continue
      const writer = new TimelineWriter(timeline, records.get(timeline.fingerprint)!)
      for (const event of events) writer.add(parser.parse(event))
      const appends = writer.take(null)
      if (appends.length > 0) await this.store.append(appends)
    }
  }

  /** Features and statuses of one answer. */
  async ask(service: string, request: Fields) {
    const { features, status } = await this.vectors.answer(service, request)
    return { features, status }
  }
}
