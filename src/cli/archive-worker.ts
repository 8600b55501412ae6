import type { Model, SourceModel } from '../features/model.ts'
import { isArchivedHere } from '../stores/archive-columns.ts'
import type { EventArchive } from '../stores/event-archive.ts'
import type { EventLog } from '../stores/event-log.ts'
import { noteSkipped } from '../stores/skipped-offsets.ts'
import { SourceArchiver } from '../stream/source-archiver.ts'
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
  readonly onGap?: (source: SourceModel, reason: string) => void
}

/** The archivers of a model, log -> archive, in this process: one of any number that share the log's partitions. */
export class ArchiveWorker {
  readonly archivers: ReadonlyMap<string, SourceArchiver>
  readonly #options: ArchiveWorkerOptions

  constructor(options: ArchiveWorkerOptions) {
    this.#options = options
    const archived = [...options.model.sources.values()].filter(isArchivedHere)
    this.archivers = new Map(archived.map((source) => [source.name, this.#archiver(source)]))
  }

  /** Runs until the signal is aborted; inserts that were begun are finished. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.archivers.values()].map((archiver) => archiver.run(signal)))
  }

  #archiver(source: SourceModel): SourceArchiver {
    const { log, archive, now, batch, troubles, onArchived, onGap } = this.#options
    const where = `${source.name} archive`
    return new SourceArchiver({
      log,
      archive,
      source,
      ...batch,
      onSkipped: (partition, offsets) => noteSkipped(archive, source.topic, partition, offsets, now()),
      onGap: async (partition, from, to) => {
        const reason = `the log lost the messages ${from} to ${to} of ${source.topic}/${partition} before they were archived`
        onGap?.(source, reason)
      },
      onArchived: (rows, took_ms) => onArchived?.(source, rows, took_ms),
      onTrouble: (message) => troubles.report(where, message),
    })
  }
}
