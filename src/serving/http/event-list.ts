import { EventError, showValue } from '../../features/event-error.ts'
import type { ParsedEvent, SourceModel } from '../../features/model.ts'
import { MESSAGE_BYTES_MAX } from '../../stores/event-log.ts'
import { ApiError, type Problem, problemOf } from './api-error.ts'
import { parseJson } from './body.ts'
import { jsonFaultText } from './json-fault.ts'

/** Most events of one call: they are parsed in one go, and nobody else is answered meanwhile. */
export const EVENTS_MAX = 10_000

/** An event that its source takes, parsed and as it came. */
export interface TakenEvent {
  /** Of a message that gives several events, the first. */
  readonly parsed: ParsedEvent
  /** JSON, or what the source decodes. */
  readonly raw: string
}

/** An event that its source refuses. */
export interface RejectedEvent extends Problem {
  /** Its place in the list, from 0; of NDJSON its line, from 0. */
  readonly index: number
}

export interface EventList {
  readonly taken: readonly TakenEvent[]
  readonly rejected: readonly RejectedEvent[]
}

const encoder = new TextEncoder()

/** A UTF-16 unit is at most three bytes of UTF-8. */
const UNIT_BYTES_MAX = 3

const NDJSON_TYPES = ['application/x-ndjson', 'application/ndjson']
const JSON_TYPE = 'application/json'

/** Reads the events of a body: messages, as the source's topic has them. Throws an ApiError where it is no list of events at all. */
export function readEvents(source: SourceModel, contentType: string | undefined, text: string): EventList {
  const type = (contentType ?? '').split(';')[0]!.trim().toLowerCase()
  if (NDJSON_TYPES.includes(type)) return eventsOfLines(source, text)
  if (type === JSON_TYPE) return eventsOfJson(source, text)
  const given = type === '' ? 'the call has no content type' : `${showValue(type)} is no content type for events`
  throw new ApiError(
    'BODY_TYPE',
    given,
    `send application/x-ndjson, an event a line, or ${JSON_TYPE}, a list or one event`,
  )
}

function eventsOfLines(source: SourceModel, text: string): EventList {
  const lines = text.split('\n')
  const list = new ListBuilder(source)
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    list.assertRoom()
    let event: unknown
    try {
      // What is decoded may be no JSON: its decode says.
      event = source.decoded ? null : JSON.parse(line)
    } catch {
      const message = `the line is not JSON: ${jsonFaultText(line).replace('line 1, ', '')}`
      list.reject(index, { code: 'EVENT_JSON', column: null, value: null, message, cure: null })
      continue
    }
    list.add(index, event, line)
  }
  return list
}

function eventsOfJson(source: SourceModel, text: string): EventList {
  const body = parseJson(text)
  const list = new ListBuilder(source)
  if (!Array.isArray(body)) list.add(0, body, text)
  else {
    for (const [index, event] of body.entries()) {
      list.assertRoom()
      list.addValue(index, event)
    }
  }
  return list
}

/** Why an event is refused, as an {@link EventError} says it. */
type Refusal = Omit<Problem, 'field' | 'cure'> & { readonly column: string | null; readonly cure: string | null }

class ListBuilder implements EventList {
  readonly taken: TakenEvent[] = []
  readonly rejected: RejectedEvent[] = []
  readonly #source: SourceModel
  /** Whether a message is more than the event as JSON. */
  readonly #isMessage: boolean

  constructor(source: SourceModel) {
    this.#source = source
    this.#isMessage = source.decoded || source.where !== null
  }

  assertRoom(): void {
    if (this.taken.length + this.rejected.length < EVENTS_MAX) return
    throw new ApiError('BODY_TOO_LARGE', `the body has more than ${EVENTS_MAX} events`, 'send them in parts')
  }

  /** An event of a list, as text of its own. */
  addValue(index: number, event: unknown): void {
    let raw: string
    try {
      raw = JSON.stringify(event)
    } catch (error) {
      // JSON is read to any depth, but written by recursion.
      if (!(error instanceof RangeError)) throw error
      const cure = 'send it as a line of NDJSON, or without what is nested so deep'
      const message = `the event is nested too deep: ${cure}`
      this.reject(index, { code: 'EVENT_SHAPE', column: null, value: null, message, cure })
      return
    }
    this.add(index, event, raw)
  }

  add(index: number, event: unknown, raw: string): void {
    const { rawParser, rawMessages } = this.#source
    const bytes = raw.length * UNIT_BYTES_MAX > MESSAGE_BYTES_MAX ? Buffer.byteLength(raw) : 0
    if (bytes > MESSAGE_BYTES_MAX) {
      // The log would refuse the whole call for it, whenever it is sent again.
      const cure = `leave out what ${this.#source.name} does not need`
      const message = `the event has ${bytes} bytes of at most ${MESSAGE_BYTES_MAX}: ${cure}`
      this.reject(index, { code: 'EVENT_SHAPE', column: null, value: null, message, cure })
      return
    }
    try {
      const parsed = this.#isMessage ? rawMessages.readSent(encoder.encode(raw))[0] : rawParser.parse(event)
      this.taken.push({ parsed, raw })
    } catch (error) {
      if (!(error instanceof EventError)) throw error
      this.reject(index, error)
    }
  }

  reject(index: number, { code, column, value, message, cure }: Refusal): void {
    this.rejected.push({ index, ...problemOf({ code, field: column, value, message, cure }) })
  }
}
