import { EventError } from '../../features/event-error.ts'
import type { EventParser } from '../../features/model.ts'
import { type EncodeRecords, RecordError } from './event-chunk.ts'
import { jsonLine } from './json-line.ts'

/**
 * Puts events into the envelope of an archive load, `{"n":<line>,"e":<event>}`. Of lines up to `archivedThrough`, which are in
 * the archive, it only says which ones were refused then: the archive keeps no account of those.
 */
export function archiveEncoder(
  parser: EventParser,
  inner: EncodeRecords | null,
  archivedThrough: number,
): EncodeRecords {
  return (texts, lines) => {
    const events = inner === null ? texts.map(jsonText) : inner(texts, lines)
    return events.map((event, i) => {
      if (typeof event !== 'string') return event
      const line = lines[i]!
      return line > archivedThrough ? `{"n":${line},"e":${event}}` : judged(parser, event)
    })
  }
}

/** The text of a line that is JSON. Whatever is not must not be put into an envelope, whose other half it could be. */
function jsonText(text: string): string | RecordError {
  const value = jsonLine(text)
  return value instanceof RecordError ? value : text
}

function judged(parser: EventParser, event: string): RecordError | null {
  try {
    parser.parse(JSON.parse(event))
    return null
  } catch (error) {
    if (error instanceof EventError) return new RecordError(error.message)
    throw error
  }
}
