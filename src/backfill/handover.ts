import { setTimeout as sleep } from 'node:timers/promises'
import type { ClockMode } from '../features/clock.ts'
import type { TimelineModel } from '../features/model.ts'
import { archiveColumns, archiveGroup } from '../stores/archive-columns.ts'
import { earliestOffsets } from '../stores/earliest-offsets.ts'
import type { EventArchive } from '../stores/event-archive.ts'
import type { EventLog } from '../stores/event-log.ts'
import { sampledEvents } from '../stores/event-sample.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import { type Handover, type TimelineRecord, updateTimeline } from '../stores/timeline-registry.ts'
import { formatDuration } from '../timeline/duration.ts'
import { accountedIncarnation, assertWhole } from './archive-account.ts'
import { BackfillError } from './backfill-error.ts'

const POLL_MS = 100

export interface HandoverDeps {
  readonly store: OnlineStore
  readonly log: EventLog
  readonly archive: EventArchive
  readonly clock: ClockMode
  readonly now: () => number
  /** How long other processes may take to learn of a longer retention. Default 0: there are none. */
  readonly writers_ms?: number
}

/**
 * Waits until the archive holds every event that came before the stream's hand-over (L12), and proves it by partition and
 * offset where the table has these columns, else by events that the stream carried. Throws a BackfillError where any is missing.
 */
export async function awaitHandover(
  deps: HandoverDeps,
  timeline: TimelineModel,
  record: TimelineRecord,
  signal: AbortSignal,
  onWait: (message: string) => void,
): Promise<void> {
  const { source } = timeline
  const { table, lag_ms } = source.archive!
  const { topic, positions, noted_ms } = await settledHandover(deps, timeline, record, signal, onWait)
  const starts = Object.entries(positions).map(([partition, offset]) => [Number(partition), offset] as const)
  const columns = (await deps.archive.describe(table))?.columns
  if (lag_ms === null && columns?.has('_origin') && columns.has('_sequence')) {
    const incarnation = source.streamed ? await accountedIncarnation(deps.archive, deps.log, topic) : 1
    for (let told = false; ; told = true) {
      const archived = await deps.log.committed(archiveGroup(source), topic)
      const behind = starts.filter(([partition, offset]) => (archived.get(partition) ?? 0) < offset)
      if (behind.length === 0) break
      if (!told) onWait(`waiting until ${table} holds what ${topic} had before the stream went over`)
      await sleep(POLL_MS, undefined, { signal })
    }
    await assertWhole(deps.archive, source, incarnation, await earliestOffsets(deps.store, source), starts)
    return
  }
  // A table that others fill: the owner's word says how late it may be.
  const due_ms = noted_ms + (lag_ms ?? 0)
  if (deps.now() < due_ms) onWait(`waiting for the lag that ${table} may have`)
  while (deps.now() < due_ms) await sleep(Math.min(1_000, due_ms - deps.now()), undefined, { signal })
  await assertFound(deps, timeline, record, onWait)
}

type SettledHandover = Handover & { readonly positions: NonNullable<Handover['positions']> }

/** The hand-over with its positions: where the log is now, if they are those of the instant when all writers know of a longer retention. */
async function settledHandover(
  { store, log, now, writers_ms = 0 }: HandoverDeps,
  { source, fingerprint }: TimelineModel,
  record: TimelineRecord,
  signal: AbortSignal,
  onWait: (message: string) => void,
): Promise<SettledHandover> {
  let { handover } = record
  while (handover.positions === null) {
    const due_ms = handover.noted_ms + writers_ms
    if (now() < due_ms) onWait('waiting until all that write it know of its longer retention')
    while (now() < due_ms) await sleep(Math.min(1_000, due_ms - now()), undefined, { signal })
    const ranges = source.streamed ? await log.ranges(source.topic) : []
    const positions = Object.fromEntries(ranges.map(({ partition, end }) => [partition, end]))
    const { noted_ms } = handover
    const settled = await updateTimeline(store, fingerprint, (found) =>
      found.handover.positions === null && found.handover.noted_ms === noted_ms
        ? { ...found, handover: { ...found.handover, positions } }
        : found,
    )
    handover = settled.handover
  }
  return { ...handover, positions: handover.positions }
}

/**
 * Looks in a table that others fill for the events that the stream carried and that must be there by the owner's word. Throws a
 * BackfillError that names one that is not.
 */
async function assertFound(
  { store, archive, clock, now }: HandoverDeps,
  { source }: TimelineModel,
  { retention_ms }: TimelineRecord,
  onMessage: (message: string) => void,
): Promise<void> {
  const { table, lag_ms } = source.archive!
  const looked_ms = now()
  // What no window reaches may have gone from the table.
  const from_ms = clock === 'history' ? Number.NEGATIVE_INFINITY : looked_ms - retention_ms
  const events = (await sampledEvents(store, source.name)).filter(
    ({ append_ms, time_ms }) => append_ms < looked_ms - (lag_ms ?? 0) && time_ms >= from_ms,
  )
  if (events.length === 0) {
    onMessage(`${table} is taken for whole on its owner's word: nothing was streamed yet that must be there by now`)
    return
  }
  const columns = archiveColumns(source)
  const found = await archive.found(table, columns[source.id]!, columns[source.time]!, source.precision, events)
  const missing = events.filter((_, i) => !found[i])
  const [first] = missing
  if (first === undefined) return
  const instant = (ms: number) => new Date(ms).toISOString()
  const promise =
    lag_ms === null ? 'at once, as it has no archive.lag' : `after archive.lag: '${formatDuration(lag_ms)}'`
  throw new BackfillError(
    'ARCHIVE_LAGS',
    `${table} lacks ${missing.length} of ${events.length} events of ${source.name} that were looked for, which must be there ${promise}: ` +
      `at ${instant(looked_ms)} it had no '${first.id}' of ${instant(first.time_ms)}, which ${source.topic}/${first.partition} ` +
      `has at offset ${first.offset} since ${instant(first.append_ms)}. Mend what fills the table, or give it a longer archive.lag`,
  )
}
