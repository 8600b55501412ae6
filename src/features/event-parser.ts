import type { z } from 'zod'
import type { ColumnType, Value } from '../timeline/column-type.ts'
import { byteScanner } from './byte-scanner.ts'
import { EventError, type EventProblem, type EventProblemCode, showValue } from './event-error.ts'
import type { EventParser, ParsedEvent, SourceWhere } from './model.ts'
import { textReader } from './text-event.ts'
import { valueReader } from './value-reader.ts'

/** A column as the parser needs it. */
export interface ParserColumn {
  readonly name: string
  readonly type: ColumnType
  readonly nullable: boolean
  /** A time that comes as epoch milliseconds. */
  readonly epoch?: boolean
  /** Its zod type, for the checks. */
  readonly leaf: z.core.$ZodType
}

/** What a parser is made from; columns are named by their numbers. */
export interface ParserSpec {
  readonly source: string
  readonly columns: readonly ParserColumn[]
  readonly id: number
  readonly time: number
  readonly version: number | null
  readonly deleted: number | null
  readonly outcome: readonly number[]
  readonly precision: 'ms' | 's'
  /** The kinds of events that it takes: a row that says of another is refused. One that says of none is taken at its word. */
  readonly where?: SourceWhere | null
}

const decoder = new TextDecoder('utf-8', { fatal: true })

type Fields = Readonly<Record<string, unknown>>

/** Names that every object has from its prototype: a column of such a name is looked up as the object's own. */
const isInherited = (name: string): boolean => name in Object.prototype

/** Compiles the one parser of a source (L2). */
export function eventParser(spec: ParserSpec): EventParser {
  const { columns, precision, deleted, where = null } = spec
  const kinds: ReadonlySet<unknown> | null = where === null ? null : new Set(where.values)
  const count = columns.length
  const names = columns.map((column) => column.name)
  const readers = columns.map(({ type, leaf, epoch = false }) => valueReader({ type, leaf, precision, epoch }))
  const reads = readers.map((reader) => reader.read)
  const nullable = columns.map((column) => column.nullable)
  const outcome = new Set(spec.outcome)
  // These have a value in every event that has happened: to define them otherwise is no way out.
  const needed = new Set([spec.id, spec.time, spec.version])
  const later = new Set([...outcome, ...[spec.version, deleted].filter((column) => column !== null)])
  const scoredNullable = columns.map((column, i) => column.nullable || later.has(i))
  const inherited = names.some(isInherited)
  // A column of such a name is only found in an object made for it.
  const scan = inherited
    ? () => null
    : byteScanner(
        columns.map(({ name, type, nullable, epoch = false }, i) => ({
          name,
          type,
          nullable,
          epoch,
          holds: readers[i]!.holds,
        })),
        precision,
      )
  const texts = columns.map(({ name, type, epoch = false }) => ({ name, read: textReader(type, epoch) }))

  function read(event: unknown, mayBeNull: readonly boolean[], scored: boolean): ParsedEvent {
    if (typeof event !== 'object' || event === null || Array.isArray(event)) throw notAnEvent(spec.source, event)
    const fields = (inherited ? { __proto__: null, ...event } : event) as Fields
    const values: Value[] = []
    let bad = false
    for (let i = 0; i < count; i++) {
      const given = fields[names[i]!]
      if (given === undefined || given === null) {
        bad ||= !mayBeNull[i]!
        values.push(null)
      } else {
        const value = reads[i]!(given)
        bad ||= value === undefined
        values.push(value as Value)
      }
    }
    if (scored) bad ||= spec.outcome.some((i) => values[i] !== null)
    if (scored && deleted !== null) bad ||= values[deleted] === true
    if (kinds !== null && !scored) bad ||= isOtherKind(fields)
    if (bad) throw new EventError(problemsOf(fields, mayBeNull, scored))
    if (scored) unstamp(values)
    return parsed(values)
  }

  /** A request's version would differ from that of the copy in the log, and so would every value that is made of it. */
  function unstamp(values: Value[]): void {
    if (spec.version !== null) values[spec.version] = null
    if (deleted !== null && !outcome.has(deleted)) values[deleted] = false
  }

  function isOtherKind(fields: Fields): boolean {
    const kind = Object.hasOwn(fields, where!.field) ? fields[where!.field] : null
    return kind !== undefined && kind !== null && !kinds!.has(kind)
  }

  function parsed(values: readonly Value[]): ParsedEvent {
    return {
      values,
      id: String(values[spec.id]),
      time_ms: values[spec.time] as number,
      version: spec.version === null ? 0 : ((values[spec.version] ?? 0) as number),
      deleted: deleted !== null && values[deleted] === true,
    }
  }

  function problemsOf(
    fields: Fields,
    mayBeNull: readonly boolean[],
    scored: boolean,
  ): [EventProblem, ...EventProblem[]] {
    const problems: EventProblem[] = []
    const add = (column: string, code: EventProblemCode, given: unknown, text: string, cure: string) => {
      const value = given === undefined ? null : showValue(given)
      problems.push({ code, column, value, message: `${column}${text}`, cure })
    }
    for (const [i, name] of names.entries()) {
      const given = fields[name]
      if (given === undefined || given === null) {
        if (mayBeNull[i]) continue
        const text = given === null ? ' is null, but it is required' : ' is missing'
        const cure = needed.has(i) ? 'send it' : 'send it, or define the column as .nullable()'
        add(name, 'EVENT_MISSING', given, text, cure)
      } else if (scored && outcome.has(i)) {
        const why =
          'it is not known while the event is scored, so leave it out (it is null until the event itself arrives)'
        add(name, 'EVENT_OUTCOME', given, ` is an outcome: ${why}`, 'leave it out')
      } else if (reads[i]!(given) === undefined) {
        const { code, text, cure } = readers[i]!.refusal(given)
        add(name, code, given, `: ${showValue(given)} ${text}`, cure)
      } else if (scored && i === deleted && given === true) {
        add(name, 'EVENT_VALUE', given, ': an event that is deleted cannot be scored', 'leave it out, or send false')
      }
    }
    if (where !== null && !scored && isOtherKind(fields))
      problems.push(otherKind(spec.source, where, fields[where.field]))
    return problems as [EventProblem, ...EventProblem[]]
  }

  return {
    parse: (event) => read(event, nullable, false),
    parseBytes(json) {
      const values = scan(json)
      return values === null ? read(JSON.parse(decoder.decode(json)), nullable, false) : parsed(values)
    },
    parseScored: (event) => read(event, scoredNullable, true),
    fromText(record) {
      const event: Record<string, unknown> = Object.create(null)
      for (const { name, read: readText } of texts) {
        const text = Object.hasOwn(record, name) ? record[name] : undefined
        if (text !== undefined) event[name] = readText(text)
      }
      return event
    },
    problem(column, value) {
      if (value === null) return nullable[column] ? null : 'is null, but it is required'
      const problem = readers[column]!.problem(value)
      return problem === null ? null : `${showValue(value)} ${problem}`
    },
  }
}

/** The problem of an event that is of a kind which its source does not take. */
export function otherKind(source: string, { field, values }: SourceWhere, kind: unknown): EventProblem {
  const value = showValue(kind)
  const taken = values.map(showValue).join(' or ')
  const cure = `send it to the source of its kind, or set ${field} to ${taken}`
  return {
    code: 'EVENT_KIND',
    column: field,
    value,
    message: `${field}: ${value} is another kind than ${source} takes: ${cure}`,
    cure,
  }
}

/** The error for JSON that is no object. */
export function notAnEvent(source: string, event: unknown): EventError {
  const value = showValue(event)
  const cure = 'send a JSON object with a field for each column'
  const message = `${value} is not an event of ${source}: ${cure}`
  return new EventError([{ code: 'EVENT_SHAPE', column: null, value, message, cure }])
}
