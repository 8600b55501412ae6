import type { ColumnMapping } from './column-mapping.ts'
import { type EncodeRecords, RecordError } from './event-chunk.ts'
import { jsonLine } from './json-line.ts'

/** Gives the fields of JSON events the names that the source has for them; those that are not mapped stay as they are. */
export function jsonEncoder(mapping: ColumnMapping): EncodeRecords {
  return (texts) =>
    texts.map((text) => {
      const event = jsonLine(text)
      return event instanceof RecordError ? event : renamed(event, mapping)
    })
}

function renamed(event: unknown, { names, constants }: ColumnMapping): string {
  // What is no object is for the parser to refuse.
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return JSON.stringify(event)
  const given = event as Record<string, unknown>
  const result: Record<string, unknown> = Object.create(null)
  const moved = new Set(names.values())
  for (const [name, value] of Object.entries(given)) if (!moved.has(name)) result[name] = value
  for (const [column, name] of names) {
    if (Object.hasOwn(given, name)) result[column] = given[name]
    else delete result[column]
  }
  return JSON.stringify(Object.assign(result, constants))
}

/** The names that the fields of JSON lines have. */
export function fieldNames(texts: readonly string[]): Set<string> {
  const names = new Set<string>()
  for (const text of texts) {
    const event = jsonLine(text)
    if (typeof event !== 'object' || event === null || Array.isArray(event) || event instanceof RecordError) continue
    for (const name of Object.keys(event)) names.add(name)
  }
  return names
}
