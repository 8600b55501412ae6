import type { ParsedEvent, SourceModel } from '../features/model.ts'
import { archiveColumns, sourceOrigin } from '../stores/archive-columns.ts'
import type { ArchiveColumn, ArchiveInsert } from '../stores/event-archive.ts'
import { addRun } from '../stores/offset-runs.ts'
import type { Value } from '../timeline/column-type.ts'

/** Rows of one source on their way into its archive table. */
export class ArchiveBatch {
  readonly source: SourceModel
  /** By partition: the offset behind what was read. */
  readonly next = new Map<number, number>()
  /** By partition: offsets that hold no valid event of the source, in ascending runs. */
  readonly skipped = new Map<number, [from: number, until: number][]>()
  /** Of the topic, as the archive counts them. */
  readonly #incarnation: number
  readonly #columns: readonly ArchiveColumn[]
  readonly #values: Value[][]
  readonly #origins: string[] = []
  readonly #sequences: number[] = []
  readonly #arrived_ms: number[] = []

  constructor(source: SourceModel, incarnation: number) {
    this.source = source
    this.#incarnation = incarnation
    this.#columns = archiveColumns(source)
    this.#values = this.#columns.map(() => [])
  }

  /** What makes the table of a source. */
  static tableOf(source: SourceModel) {
    const time = source.columns[source.time]!.archiveName
    return { table: source.archive!.table, columns: archiveColumns(source), time }
  }

  get rows(): number {
    return this.#origins.length
  }

  get insert(): ArchiveInsert {
    return {
      table: this.source.archive!.table,
      columns: this.#columns,
      values: this.#values,
      origins: this.#origins,
      sequences: this.#sequences,
      arrived_ms: this.#arrived_ms,
    }
  }

  /** Offsets from the first up to and without the second will never be in the table. */
  skip(partition: number, from: number, until: number): void {
    const runs = this.skipped.get(partition) ?? []
    addRun(runs, from, until)
    if (runs.length > 0) this.skipped.set(partition, runs)
  }

  /** An event of a message, of which there may be several. */
  add(event: ParsedEvent, partition: number, offset: number, arrived_ms: number): void {
    for (const [c, cell] of event.values.entries()) this.#values[c]!.push(cell)
    this.#origins.push(sourceOrigin(this.source, partition, this.#incarnation))
    this.#sequences.push(offset)
    this.#arrived_ms.push(arrived_ms)
  }
}
