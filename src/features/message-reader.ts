import type { Decode, DecodeContext } from './decode.ts'
import type { KindValue } from './definition.ts'
import { EventError, showValue } from './event-error.ts'
import { notAnEvent, otherKind as problemOfKind } from './event-parser.ts'
import { fieldScanner } from './field-scanner.ts'
import type { EventParser, MessageReader, ParsedEvent, SourceWhere } from './model.ts'

export interface MessageReaderSpec {
  readonly source: string
  readonly topic: string
  readonly parser: EventParser
  readonly where: SourceWhere | null
  readonly decode: Decode | null
  readonly context: DecodeContext
}

const NONE: readonly ParsedEvent[] = []

/** Compiles what a source makes of the messages of its topic. */
export function messageReader(spec: MessageReaderSpec): MessageReader {
  const { source, parser, where, decode } = spec
  const otherKind = (kind: KindValue) => new EventError([problemOfKind(source, where!, kind)])
  if (decode !== null) return decodedReader(spec, decode, otherKind)
  if (where === null) {
    const read = (message: Uint8Array) => [parser.parseBytes(message)] as const
    return { read, readSent: read }
  }
  const kindOf = kindReader(spec.topic, where.field)
  const taken = new Set(where.values)
  return {
    read: (message) => (taken.has(kindOf(message)) ? [parser.parseBytes(message)] : NONE),
    readSent(message) {
      const kind = kindOf(message)
      if (!taken.has(kind)) throw otherKind(kind)
      return [parser.parseBytes(message)]
    },
  }
}

/** Reads the kind of a message that is JSON. Throws an EventError where it says none, and as the parser where it is no JSON object. */
export function kindReader(topic: string, field: string): (message: Uint8Array) => KindValue {
  const scan = fieldScanner(field, (value) => notAnEvent(topic, value))
  return (message) => kindIn(topic, field, scan(message))
}

function decodedReader(
  { source, topic, parser, where, context }: MessageReaderSpec,
  decode: Decode,
  otherKind: (kind: KindValue) => EventError,
): MessageReader {
  const taken = where === null ? null : new Set(where.values)

  /** The events among the rows of a message; `others` hears of kinds that the source does not take. */
  function eventsOf(message: Uint8Array, others: (kind: KindValue) => void): ParsedEvent[] {
    const events: ParsedEvent[] = []
    for (const row of decodedRows(source, decode, message, context)) {
      if (taken !== null) {
        if (typeof row !== 'object' || row === null || Array.isArray(row)) throw notAnEvent(source, row)
        const { field } = where!
        const kind = kindIn(
          topic,
          field,
          Object.hasOwn(row, field) ? (row as Record<string, unknown>)[field] : undefined,
        )
        if (!taken.has(kind)) {
          others(kind)
          continue
        }
      }
      events.push(parser.parse(row))
    }
    return events
  }

  return {
    read: (message) => eventsOf(message, () => {}),
    readSent(message) {
      let other: KindValue | null = null
      const events = eventsOf(message, (kind) => {
        other ??= kind
      })
      if (events.length > 0) return events as [ParsedEvent, ...ParsedEvent[]]
      if (other !== null) throw otherKind(other)
      const cure = 'leave it out'
      throw undecoded(`the message gives ${source} no event, as its decode says: ${cure}`, cure)
    },
  }
}

function decodedRows(source: string, decode: Decode, message: Uint8Array, context: DecodeContext): readonly unknown[] {
  let rows: unknown
  try {
    rows = decode(message, context)
  } catch (error) {
    if (error instanceof EventError) throw error
    throw undecoded(error instanceof Error ? error.message : String(error), 'send the message as its topic has it')
  }
  if (rows === null) return []
  if (Array.isArray(rows)) return rows
  if (typeof rows === 'object' && typeof (rows as { then?: unknown }).then !== 'function') return [rows]
  const given = rows === undefined ? 'nothing' : typeof rows === 'object' ? 'a promise' : showValue(rows)
  const cure = 'return a row, a list of rows, or null'
  throw undecoded(`the decode of ${source} answers ${given}: ${cure}`, cure)
}

function kindIn(topic: string, field: string, kind: unknown): KindValue {
  if (typeof kind === 'string' || typeof kind === 'number' || typeof kind === 'boolean') return kind
  const what = kind === undefined ? ' is missing' : kind === null ? ' is null' : `: ${showValue(kind)} names no kind`
  const cure = 'send a text, a number, true or false'
  const message = `${field}${what}, but it says which events of ${topic} it is one of: ${cure}`
  const value = kind === undefined ? null : showValue(kind)
  throw new EventError([{ code: 'EVENT_KIND', column: field, value, message, cure }])
}

function undecoded(message: string, cure: string): EventError {
  return new EventError([{ code: 'EVENT_DECODE', column: null, value: null, message, cure }])
}
