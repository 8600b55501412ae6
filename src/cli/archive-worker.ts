import type { Model, SourceModel } from '../features/model.ts'
import { streamedTopics } from '../features/topic-router.ts'
import { isArchivedHere } from '../stores/archive-columns.ts'
import type { ArchiveHole } from '../stores/archive-holes.ts'
import type { EventArchive } from '../stores/event-archive.ts'
import { type EventLog, TopicReplacedError } from '../stores/event-log.ts'
import { noteSkipped } from '../stores/skipped-offsets.ts'
import { enterIncarnation, replacedArchive } from '../stores/topic-incarnations.ts'
import { type ArchivedTopic, TopicArchiver } from '../stream/topic-archiver.ts'
import type { LoadedBatch } from './config/loaded-config.ts'
import type { Troubles } from './troubles.ts'

export interface ArchiveWorkerOptions {
  readonly model: Model
  readonly log: EventLog
  readonly archive: EventArchive
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
  readonly troubles: Troubles
  readonly batch?: LoadedBatch
  readonly onArchived?: (source: SourceModel, rows: number, took_ms: number) => void
  /** The archive has a hole from now on. Awaited before the archiver goes on behind it. */
  readonly onGap?: (source: SourceModel, reason: string, hole: ArchiveHole) => Promise<void>
}

/** The archivers of a model, log -> archive, in this process: one of any number that share the log's partitions. */
export class ArchiveWorker {
  /** By topic. */
  readonly archivers: ReadonlyMap<string, TopicArchiver>
  readonly #options: ArchiveWorkerOptions

  constructor(options: ArchiveWorkerOptions) {
    this.#options = options
    const archived = [...options.model.sources.values()].filter(isArchivedHere)
    const topics = [...streamedTopics(archived)]
    this.archivers = new Map(topics.map(([topic, sources]) => [topic, this.#archiver(sources)]))
  }

  get sources(): SourceModel[] {
    return [...this.archivers.values()].flatMap(({ sources }) => sources)
  }

  /** Runs until the signal is aborted; inserts that were begun are finished. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.archivers.values()].map((archiver) => archiver.run(signal)))
  }

  /** Which topic of its name it is. Throws a TopicReplacedError where the archive is of another of its name. */
  async #identify(sources: readonly SourceModel[]): Promise<ArchivedTopic> {
    const { log, archive, now } = this.#options
    const { topic } = sources[0]!
    const id = await log.identify(topic)
    const incarnation = await enterIncarnation(archive, topic, id, now())
    if (incarnation !== null) return { id, incarnation }
    throw new TopicReplacedError(topic, await replacedArchive(archive, log, sources))
  }

  #archiver(sources: readonly SourceModel[]): TopicArchiver {
    const { log, archive, now, batch, troubles, onArchived, onGap } = this.#options
    return new TopicArchiver({
      log,
      archive,
      sources,
      ...batch,
      identify: () => this.#identify(sources),
      onSkipped: (source, partition, offsets, incarnation) =>
        noteSkipped(archive, source, partition, offsets, now(), incarnation),
      onGap: async (source, partition, from, to, incarnation) => {
        const reason = `the log lost the messages ${from} to ${to} of ${source.topic}/${partition} before they were archived`
        await onGap?.(source, reason, { partition, incarnation, from, to, noted_ms: now() })
      },
      ...(onArchived !== undefined && { onArchived }),
      onTrouble: (message) => {
        for (const { name } of sources) troubles.report(`${name} archive`, message)
      },
    })
  }
}
