import { setTimeout as sleep } from 'node:timers/promises'
import type { TimelineModel } from '../features/model.ts'
import { timelineName } from '../features/timeline-name.ts'
import type { BackfillEvent } from './backfill-runner.ts'
import { EngineClock } from './engine-clock.ts'
import { EXIT } from './exit-code.ts'
import { MeteredStore } from './metered-store.ts'
import type { Metrics } from './metrics.ts'
import { openServers, serverBackfills } from './server-backend.ts'
import { type ProcessArgs, runServerProcess } from './server-process.ts'
import { ensureTopics } from './stream-group.ts'

/** How often a process that stays looks for what is due. */
const WATCH_MS = 10_000

/** How often progress is told. */
const TOLD_MS = 5_000

export interface BackfillProcessArgs extends ProcessArgs {
  readonly groups: readonly string[]
  /** Stays, and fills whatever becomes due. */
  readonly watch: boolean
  /** Hears all that is told, beside the log. */
  readonly onEvent?: (event: BackfillEvent) => void
}

/**
 * Fills timelines from ClickHouse into Redis, as one of any number of processes that share the work. Registers the timelines first, as
 * a stream does, so that it does not matter who comes first. Answers the exit code: 1 where a timeline could not be filled.
 */
export function runBackfillProcess({ groups, watch, onEvent, ...args }: BackfillProcessArgs): Promise<number> {
  const stopped = watch ? EXIT.ok : EXIT.interrupted
  return runServerProcess({ name: 'backfill', args, stopped }, async (process) => {
    const { config, model, metrics, signal, troubles, log: lines } = process
    const opened = await process.opened('servers', () => openServers(config))
    const stores = { ...opened, store: new MeteredStore(opened.store, metrics) }
    const { store, log } = stores
    try {
      const clock = new EngineClock(config.clock)
      await process.opened('start', async () => {
        await clock.load(store)
        await ensureTopics(log, model, config.kafka!.partitions)
      })
      await process.opened('start', () => process.tellDefinitions(store))
      const backfills = serverBackfills(model, stores, clock, signal, async () => clock.save(store))
      const named = groups.length === 0 ? ('due' as const) : backfills.ofGroups(groups)
      process.ready({ groups, watch })
      const reporter = new Reporter(metrics, model.timelines.values())
      const tell = (event: BackfillEvent): void => {
        onEvent?.(event)
        reporter.count(event)
        const { timeline } = event
        const fields = { source: timeline.source, entity: timeline.entity }
        if (event.type === 'message') lines.info(fields, event.text)
        else if (event.type === 'failed') lines.error({ ...fields, code: event.code }, event.message)
        else if (event.type === 'done') {
          const { rows, refused, refusals, since_ms } = event
          lines.info({ ...fields, rows, refused, refusals, since_ms }, 'complete')
        } else if (reporter.isDue()) lines.info({ ...fields, rows: event.rows, rowsTotal: event.rowsTotal }, 'progress')
      }
      for (;;) {
        try {
          const ok = await backfills.run(named, tell)
          troubles.report('backfill', null)
          if (!watch) {
            if (signal.aborted) return EXIT.interrupted
            lines.info({ ok }, 'done')
            return ok ? EXIT.ok : EXIT.failed
          }
        } catch (error) {
          if (signal.aborted) return watch ? EXIT.ok : EXIT.interrupted
          if (!watch) throw error
          troubles.report('backfill', error instanceof Error ? error.message : String(error))
        }
        await sleep(WATCH_MS, undefined, { signal }).catch(() => {})
        if (signal.aborted) return EXIT.ok
      }
    } finally {
      await stores.close()
    }
  })
}

/** Counts for Prometheus. */
class Reporter {
  readonly #metrics: Metrics
  readonly #rows = new Map<string, number>()
  #told_ms = 0

  constructor(metrics: Metrics, timelines: Iterable<TimelineModel>) {
    this.#metrics = metrics
    for (const timeline of timelines) metrics.timeline(timelineName(timeline))
  }

  count(event: BackfillEvent): void {
    const { name } = event.timeline
    const timeline = this.#metrics.timeline(name)
    if (event.type === 'progress') {
      timeline.backfillRows(Math.max(0, event.rows - (this.#rows.get(name) ?? 0)))
      this.#rows.set(name, event.rows)
      timeline.backfillParts('running', 1)
      timeline.backfillParts('waiting', Math.max(0, event.parts - event.part - 1))
      timeline.backfillParts('done', event.part)
    } else if (event.type !== 'message') {
      this.#rows.delete(name)
      timeline.backfillParts('running', 0)
      timeline.backfillParts('failed', event.type === 'failed' ? 1 : 0)
      timeline.coverage(event.type === 'done')
    }
  }

  isDue(): boolean {
    const now_ms = Date.now()
    if (now_ms - this.#told_ms < TOLD_MS) return false
    this.#told_ms = now_ms
    return true
  }
}
