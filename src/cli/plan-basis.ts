import type { ClockMode } from '../features/clock.ts'
import type { TimelineStats } from '../features/memory-estimate.ts'
import type { Model, TimelineModel } from '../features/model.ts'
import type { HeldTimeline, PlanBasis } from '../features/plan.ts'
import { archiveColumns } from '../stores/archive-columns.ts'
import { getJson, postJson } from './answer.ts'
import { computedStats } from './archive-sample.ts'
import type { Backend } from './request.ts'

/** Of a data folder that is not there yet: nothing is served, nothing is held. */
export function emptyBasis(clock: ClockMode, now_ms: number): PlanBasis {
  return { live: { features: {}, services: {}, parts: {} }, timelines: [], stats: new Map(), clock, now_ms }
}

/** What is served and held now, and what the archive has of each timeline of the model. */
export async function planBasis(backend: Backend, model: Model, clock: ClockMode, now_ms: number): Promise<PlanBasis> {
  const live = await getJson<PlanBasis['live']>(backend, '/admin/v1/live')
  const { records } = await getJson<{ records: HeldTimeline[] }>(backend, '/admin/v1/timelines')
  const stats = new Map<string, TimelineStats | null>()
  for (const timeline of model.timelines.values()) {
    const from_ms = clock === 'history' ? null : now_ms - timeline.retention_ms
    stats.set(timeline.fingerprint, await timelineStats(backend, timeline, from_ms))
  }
  return { live, timelines: records, stats, clock, now_ms }
}

/** Null where there is no archive, no table yet, or nothing in it from then on. Where a part of the key is computed, by a sample. */
async function timelineStats(
  backend: Backend,
  timeline: TimelineModel,
  from_ms: number | null,
): Promise<TimelineStats | null> {
  const { source, key } = timeline
  if (source.archive === null) return null
  const isComputed = key.some((column) => column >= source.raw.length)
  const columns = archiveColumns(source)
  const asked = {
    table: source.archive.table,
    time: columns[source.time]!,
    key: isComputed ? [] : key.map((column) => columns[column]!),
    from_ms,
  }
  const stats = await postJson<TimelineStats | null>(backend, '/admin/v1/archive-stats', asked)
  if (stats === null || stats.rows === 0) return null
  return isComputed ? computedStats(backend, timeline, from_ms, stats) : stats
}
