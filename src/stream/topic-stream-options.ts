import type { SourceModel, TimelineModel } from '../features/model.ts'
import type { EventLog } from '../stores/event-log.ts'
import type { SampledEvent } from '../stores/event-sample.ts'
import type { OnlineStore } from '../stores/online-store.ts'
import type { Quarantined } from '../stores/quarantine.ts'
import type { TimelineRecord } from '../stores/timeline-registry.ts'

/** A timeline to write, and what the store knows of it. */
export interface StreamTimeline {
  readonly timeline: TimelineModel
  readonly record: TimelineRecord
}

/** What a batch that is visible now has of one source. */
export interface AppliedBatch {
  /** Messages that are its events, or were to be. */
  readonly events: number
  /** Messages that gave it no event: they are of another kind, or say nothing. */
  readonly passedOver: number
  readonly rows: number
  /** Event times, epoch milliseconds. */
  readonly times_ms: readonly number[]
  readonly newest_ms: number
}

export interface TopicStreamOptions {
  readonly log: EventLog
  readonly store: OnlineStore
  readonly group: string
  /** All that take events of one topic, by name. */
  readonly sources: readonly SourceModel[]
  /** Of all of them. */
  readonly timelines: readonly StreamTimeline[]
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
  /** False under `clock: 'history'`: nothing expires. */
  readonly expires: boolean
  /** Most messages in a batch. */
  readonly maxBatch?: number
  /** After a batch that was not full, the next is let grow for so long. Default 0: what has come is carried at once. */
  readonly linger_ms?: number
  /**
   * Looks which topic of its name it is, as the log tells it (null: it does not). Throws where the marks are of another, once the timelines
   * are incomplete. Called before the marks are taken up.
   */
  readonly identify?: () => Promise<string | null>
  /** The log ends before a mark: the timelines must be made incomplete. Awaited before the stream fails, again and again. */
  readonly onCutOff?: () => Promise<void>
  /**
   * Enters the group again, as the store forgot marks that were set, or went back: answers the timelines as they are registered
   * then. Left out: a partition without a mark begins at the earliest message.
   */
  readonly enter?: () => Promise<readonly StreamTimeline[]>
  /**
   * The timelines as they are registered at most a second ago, the same object where they are the same: rows must not expire by a
   * retention that others have made longer since. Called with every batch.
   */
  readonly current?: () => Promise<readonly StreamTimeline[]>
  /** Awaited before the marks move past them. */
  readonly onQuarantine: (source: SourceModel, events: readonly Quarantined[]) => Promise<void> | void
  /** The log no longer has what comes next: the timelines must be made incomplete. Awaited before the stream goes on. */
  readonly onGap: (partition: number, from: number, to: number) => Promise<void>
  /** After rows became visible: once for each source for which the batch had messages. */
  readonly onApplied?: (source: SourceModel, batch: AppliedBatch) => void
  /** Now and then, an event that was carried: it is to be found in the archive later. Awaited. */
  readonly onSample?: (source: SourceModel, event: SampledEvent) => Promise<void>
  readonly onTrouble?: (message: string | null) => void
}
