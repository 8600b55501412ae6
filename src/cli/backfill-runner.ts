import { type BackfillOptions, type BackfillResult, backfillTimeline } from '../backfill/backfill.ts'
import { BackfillError } from '../backfill/backfill-error.ts'
import type { ClockMode } from '../features/clock.ts'
import type { Model, TimelineModel } from '../features/model.ts'
import { timelineName } from '../features/timeline-name.ts'
import { isProven, partsOf } from '../stores/backfill-marks.ts'
import {
  NotRegisteredError,
  readTimelines,
  SINCE_EVER_MS,
  timelineCoveredSince,
  updateTimeline,
} from '../stores/timeline-registry.ts'

/** A backfill as people and the API are told of it. */
export interface BackfillTarget {
  readonly fingerprint: string
  /** As `payments by card`. */
  readonly name: string
  readonly source: string
  readonly entity: string
  readonly groups: readonly string[]
}

export type BackfillEvent =
  | { readonly type: 'message'; readonly timeline: BackfillTarget; readonly text: string }
  | {
      readonly type: 'progress'
      readonly timeline: BackfillTarget
      readonly part: number
      readonly parts: number
      readonly rows: number
      readonly rowsTotal: number
    }
  | ({ readonly type: 'done'; readonly timeline: BackfillTarget } & BackfillResult)
  | { readonly type: 'failed'; readonly timeline: BackfillTarget; readonly code: string; readonly message: string }

/** So often one backfill begins again, as the store keeps changing under it. */
const TRIES_MAX = 10

export interface RunnerOptions extends Omit<BackfillOptions, 'signal' | 'onProgress' | 'onMessage'> {
  /** Registers the timelines again, as the store may have forgotten them. Left out: it never does. */
  readonly register?: () => Promise<void>
}

type Listener = (event: BackfillEvent) => void

/** Runs backfills one after another, each timeline at most once at a time. */
export class BackfillRunner {
  readonly #model: Model
  readonly #options: RunnerOptions
  readonly #clock: ClockMode
  readonly #signal: AbortSignal
  readonly #changed: () => Promise<void>
  #tail: Promise<unknown> = Promise.resolve()
  #running: string | null = null

  /** `changed` is called after each backfill: what is served may be complete now. */
  constructor(model: Model, options: RunnerOptions, signal: AbortSignal, changed: () => Promise<void>) {
    this.#model = model
    this.#options = options
    this.#clock = options.clock
    this.#signal = signal
    this.#changed = changed
  }

  /** The fingerprint of the timeline that is being filled. */
  get running(): string | null {
    return this.#running
  }

  /** Timelines whose windows reach before what is covered, or whose rows the store has lost. */
  async due(): Promise<TimelineModel[]> {
    const { store } = this.#options
    const records = await readTimelines(store)
    const marks = await store.marks()
    return [...this.#model.timelines.values()].filter((timeline) => {
      const record = records.get(timeline.fingerprint)
      if (record === undefined || timeline.source.archive === null) return false
      if (!isProven(record.coverage, partsOf(marks, timeline.fingerprint))) return true
      const since_ms = timelineCoveredSince(record, timeline)
      const wanted_ms = this.#clock === 'history' ? SINCE_EVER_MS : this.#options.now() - this.#reach(timeline)
      return since_ms === null || since_ms > wanted_ms
    })
  }

  /** The timelines of some groups. Throws a RangeError that names an unknown one. */
  ofGroups(names: readonly string[]): TimelineModel[] {
    const timelines = names.map((name) => {
      const group = this.#model.groups.get(name)
      if (group === undefined) {
        throw new RangeError(
          `there is no feature group '${name}': there are ${[...this.#model.groups.keys()].join(', ')}`,
        )
      }
      return group.timeline
    })
    return [...new Set(timelines)]
  }

  target(timeline: TimelineModel): BackfillTarget {
    const groups = [...this.#model.groups.values()]
      .filter((group) => group.timeline === timeline)
      .map(({ name }) => name)
    return {
      fingerprint: timeline.fingerprint,
      name: timelineName(timeline),
      source: timeline.source.name,
      entity: timeline.entity.name,
      groups,
    }
  }

  /**
   * Fills timelines after all that were asked for before, or whatever is due when their turn has come; answers whether every one is
   * complete now.
   */
  run(timelines: readonly TimelineModel[] | 'due', listener: Listener): Promise<boolean> {
    const all = this.#tail.then(async () => {
      await this.#options.register?.()
      let ok = true
      for (const timeline of timelines === 'due' ? await this.due() : timelines) {
        // Another process may have filled it meanwhile.
        if (timelines === 'due' && !(await this.due()).includes(timeline)) continue
        ok = (await this.#one(timeline, listener)) && ok
      }
      return ok
    })
    this.#tail = all.catch(() => {})
    return all
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#tail
  }

  #reach(timeline: TimelineModel): number {
    const features = [...this.#model.features.values()].filter((feature) => feature.timeline === timeline)
    return Math.max(0, ...features.map((feature) => feature.window_ms + feature.delay_ms))
  }

  async #one(timeline: TimelineModel, listener: Listener): Promise<boolean> {
    const target = this.target(timeline)
    this.#running = timeline.fingerprint
    try {
      const result = await this.#fill(timeline, {
        ...this.#options,
        signal: this.#signal,
        onProgress: (progress) => listener({ type: 'progress', timeline: target, ...progress }),
        onMessage: (text) => listener({ type: 'message', timeline: target, text }),
      })
      listener({ type: 'done', timeline: target, ...result })
      return true
    } catch (error) {
      if (this.#signal.aborted) return false
      const message = error instanceof Error ? error.message : String(error)
      const code = error instanceof BackfillError ? error.code : 'BACKFILL_FAILED'
      if (error instanceof BackfillError) await this.#note(timeline, message)
      listener({ type: 'failed', timeline: target, code, message })
      return false
    } finally {
      this.#running = null
      if (!this.#signal.aborted) await this.#changed()
    }
  }

  /** Begins again where the store changed under it: what made the timeline incomplete is known by then. */
  async #fill(timeline: TimelineModel, options: BackfillOptions): Promise<BackfillResult> {
    for (let i = 1; ; i++) {
      try {
        return await backfillTimeline(timeline, options)
      } catch (error) {
        if (!(error instanceof Error) || !isOfStore(error) || i === TRIES_MAX) throw error
        options.onMessage?.(error.message)
        await this.#options.register?.()
      }
    }
  }

  /** Leaves the reason of a failure where `status` finds it. */
  async #note(timeline: TimelineModel, reason: string): Promise<void> {
    await updateTimeline(this.#options.store, timeline.fingerprint, (record) =>
      record.coverage.since_ms === null ? { ...record, coverage: { ...record.coverage, reason } } : record,
    )
  }
}

/** The store changed, or forgot, under the backfill: what makes the timeline incomplete now is known by then. */
function isOfStore(error: Error): boolean {
  return error instanceof NotRegisteredError || (error instanceof BackfillError && error.code === 'STORE_CHANGED')
}
