import type { Model } from '../features/model.ts'

/** Of one column, failures are told at most so often; all are counted. */
const TELL_MS = 60_000

export interface ComputeWatch {
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number
  /** Makes what counts the failures of a column. */
  readonly counter?: (source: string, column: string) => () => void
  readonly tell: (source: string, column: string, message: string) => void
}

/** Hears of functions of computed columns that fail in this process, on whatever road. */
export function watchComputed(model: Model, { now, counter, tell }: ComputeWatch): void {
  for (const { name, raw, columns, computed } of model.sources.values()) {
    if (computed === null) continue
    const told_ms = new Map<string, number>()
    const counts = new Map(columns.slice(raw.length).map((column) => [column.name, counter?.(name, column.name)]))
    computed.onFailure = (column, why) => {
      counts.get(column)?.()
      const now_ms = now()
      if (now_ms - (told_ms.get(column) ?? Number.NEGATIVE_INFINITY) < TELL_MS) return
      told_ms.set(column, now_ms)
      tell(name, column, `the computed column ${name}.${column} is null for an event: ${why}`)
    }
  }
}
