import type { Value } from '../timeline/column-type.ts'
import type { ColumnReading } from './column-types.ts'
import type { ComputeData } from './definition.ts'
import { showValue } from './event-error.ts'
import { eventSeen, type SeenEvent } from './event-seen.ts'
import type { ComputedColumns, ComputeFailure, EventParser, ParsedEvent, SourceColumn } from './model.ts'
import { type ValueReader, valueReader } from './value-reader.ts'

/** A computed column, understood. */
export interface ComputedReading extends ColumnReading {
  readonly name: string
  readonly of: ComputeData['of']
}

interface Compiled {
  readonly name: string
  readonly of: (row: SeenEvent) => unknown
  readonly reader: ValueReader
}

/** Runs the functions of a source's computed columns, and puts what they give in the one form of their types (L2). */
export class ColumnFunctions implements ComputedColumns {
  onFailure: ComputeFailure | null = null
  readonly #seen: (values: readonly Value[]) => SeenEvent
  readonly #columns: readonly Compiled[]

  /** `raw`: the columns that events bring, of which functions see all but those `notYetKnown` while the event is scored. */
  constructor(
    raw: readonly SourceColumn[],
    notYetKnown: readonly number[],
    computed: readonly ComputedReading[],
    precision: 'ms' | 's',
  ) {
    this.#seen = eventSeen(raw, notYetKnown)
    this.#columns = computed.map(({ name, of, type, leaf }) => ({
      name,
      of: of as Compiled['of'],
      // Its money is that of the row that the function sees: an amount would be taken for a hundredfold.
      reader: valueReader({ type, leaf, epoch: false, minor: true, precision }),
    }))
  }

  appendTo(values: Value[]): void {
    const row = this.#seen(values)
    for (const column of this.#columns) values.push(this.#value(column, row))
  }

  #value({ name, of, reader }: Compiled, row: SeenEvent): Value {
    let given: unknown
    try {
      given = of(row)
    } catch (error) {
      this.onFailure?.(
        name,
        `it threw ${error instanceof Error ? `${error.name}: ${error.message}` : showValue(error)}`,
      )
      return null
    }
    if (given === undefined || given === null) return null
    const value = reader.read(given)
    if (value !== undefined) return value
    if (given instanceof Promise) {
      // Nobody waits for it: where it fails, that must not end the process.
      given.catch(() => {})
      this.onFailure?.(name, 'it gave a Promise: it must answer at once')
    } else this.onFailure?.(name, `it gave ${showValue(given)}, which ${reader.refusal(given).text}`)
    return null
  }
}

/** The parser of whole events, from the one of what they bring. */
export function computingParser(raw: EventParser, computed: ComputedColumns): EventParser {
  const complete = (event: ParsedEvent): ParsedEvent => {
    // The parser made the list for this very event.
    computed.appendTo(event.values as Value[])
    return event
  }
  return {
    ...raw,
    parse: (event) => complete(raw.parse(event)),
    parseBytes: (json) => complete(raw.parseBytes(json)),
    parseScored: (event) => complete(raw.parseScored(event)),
  }
}
