import type { Value } from '../timeline/column-type.ts'
import { formatIsoTime } from './iso-time.ts'
import type { SourceColumn } from './model.ts'

/** An event by the names of its columns. */
export type SeenEvent = Readonly<Record<string, unknown>>

/**
 * The event as functions of definitions see it, from its canonical values: by name, times as its schema has them, null for what it lacks,
 * and without what is not known while it is scored. A new frozen object each time: what one function does to it, no other
 * sees.
 */
export function eventSeen(
  columns: readonly SourceColumn[],
  notYetKnown: readonly number[],
): (values: readonly Value[]) => SeenEvent {
  const seen = columns
    .map(({ name, type, epoch }, column) => ({ name, column, isText: type.kind === 'time' && epoch !== true }))
    .filter(({ column }) => !notYetKnown.includes(column))
  return (values) => {
    const event: Record<string, unknown> = {}
    for (const { name, column, isText } of seen) {
      const value = values[column]!
      event[name] = isText && value !== null ? formatIsoTime(value as number) : value
    }
    return Object.freeze(event)
  }
}
