import type { KeyModel, SourceColumn, SourceModel } from '../../features/model.ts'
import { formatMoney, moneyNumberMax, moneyRule } from '../../features/money.ts'
import { type ColumnType, DOUBLE_MAX, TIME_MS_MAX, TIME_MS_MIN } from '../../timeline/column-type.ts'
import { inputSchema, type JsonSchema, orNull } from './json-schema.ts'

export const INTEGER: JsonSchema = { type: 'integer', format: 'int64' }

/** Epoch milliseconds. */
export const EPOCH: JsonSchema = { ...INTEGER, minimum: TIME_MS_MIN, maximum: TIME_MS_MAX }

/** An instant in ISO 8601. */
export const TIME: JsonSchema = { type: 'string', format: 'date-time' }

/** The instant of every example: one fixed instant makes the description the same each time. */
export const EXAMPLE_TIME = '2026-05-01T12:00:00Z'

const SENT_TIME: JsonSchema = {
  ...TIME,
  description: 'ISO 8601 with Z or an offset, in the years 2000 to 2100.',
  examples: [EXAMPLE_TIME],
}
const SENT_EPOCH: JsonSchema = {
  ...EPOCH,
  description: 'Epoch milliseconds, in the years 2000 to 2100.',
  examples: [Date.parse(EXAMPLE_TIME)],
}

// A choice where a list of types would do for JSON: generators of clients know the width of a number only by its format. Not
// `date-time`: of a choice with that in it the generator for Java makes code that does not compile.
export const INSTANT: JsonSchema = {
  oneOf: [{ ...EPOCH, maximum: TIME_MS_MAX - 1 }, { type: 'string', format: 'iso-8601' }, { type: 'null' }],
  description:
    'The instant that the answer is for: epoch milliseconds, or ISO 8601 with Z or an offset, in the years 2000 to 2100. ' +
    "Default: the event's time, else now.",
  examples: [Date.parse(EXAMPLE_TIME)],
}

/** The events of a source, all of them or, `scored`, before their outcome is known. Columns that it does not have are ignored. */
export function eventSchema(source: SourceModel, scored: boolean): JsonSchema {
  const { properties } = inputSchema(source.schema) as { properties: Readonly<Record<string, JsonSchema>> }
  const columns = source.raw.filter((_, column) => !(scored && source.outcome.includes(column)))
  const mayLack = new Set(scored ? source.notYetKnown.map((column) => source.raw[column]!) : [])
  return {
    type: 'object',
    properties: Object.fromEntries(
      columns.map((column) => {
        const sent = sentColumn(column, properties[column.name]!)
        return [column.name, mayLack.has(column) ? unread(sent, column === source.raw[source.deleted!]) : sent]
      }),
    ),
    // Null and absent are one and the same.
    required: columns.filter((column) => !column.nullable && !mayLack.has(column)).map(({ name }) => name),
  }
}

/** The version of an event that is scored, or whether it is deleted: taken where it comes, and not looked at. */
function unread(sent: JsonSchema, deleted: boolean): JsonSchema {
  const said = sent.description === undefined ? '' : `${sent.description} `
  const description = `${said}It may be left out: it is of the copies of the event that the log has.`
  return { ...orNull(sent), ...(deleted ? { enum: [false, null] } : {}), description }
}

/** What is sent to a source: an event, with the kind that it is of where several share a topic; or what the source decodes. */
export function messageSchema(source: SourceModel): JsonSchema {
  if (source.decoded) return { description: `A message as ${source.topic} has it.` }
  const event = eventSchema(source, false)
  if (source.where === null) return event
  const { field, values } = source.where
  return {
    ...event,
    properties: { ...(event.properties as object), [field]: kindSchema(values) },
    required: [...new Set([...(event.required as string[]), field])],
  }
}

/** One of some texts, numbers and booleans: a choice of lists of one type each, as generators make of a mixed one what does not compile. */
function kindSchema(values: readonly (string | number | boolean)[]): JsonSchema {
  const types = [...new Set(values.map((value) => typeof value))]
  const choices = types.map((type) => {
    const some = values.filter((value) => typeof value === type)
    if (type !== 'number') return { type, enum: some }
    return { ...(some.every(Number.isInteger) ? INTEGER : { type, format: 'double' }), enum: some }
  })
  return choices.length === 1 ? choices[0]! : { oneOf: choices }
}

/** What is sent for a column: `given` is what zod says of it, which has its checks. */
function sentColumn({ type, nullable, epoch }: SourceColumn, given: JsonSchema): JsonSchema {
  const { description, examples } = given
  const said = {
    ...(description === undefined ? {} : { description }),
    ...(examples === undefined ? {} : { examples }),
  }
  const { type: kind, ...checks } = given
  const one = [kind].flat()[0]
  const schema = epoch
    ? { ...SENT_EPOCH, ...said }
    : type.kind === 'money' || type.kind === 'time'
      ? { ...sentType(type), ...said }
      : { ...sentType(type), ...withoutNull(checks), ...(one === undefined ? {} : { type: one }) }
  return nullable ? orNull(schema) : schema
}

function withoutNull(checks: JsonSchema): JsonSchema {
  if (!Array.isArray(checks.enum)) return checks
  return { ...checks, enum: checks.enum.filter((value) => value !== null) }
}

/** What a caller sends for one part of a key; null where it is not known. */
export function keySchema({ type }: KeyModel): JsonSchema {
  return orNull(sentType(type))
}

function sentType(type: ColumnType): JsonSchema {
  switch (type.kind) {
    case 'money':
      return moneySchema(type.scale)
    case 'enum':
      return { type: 'string', enum: type.values }
    case 'time':
      return SENT_TIME
    case 'int':
      return { ...INTEGER, minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }
    case 'double':
      return { type: 'number', format: 'double', minimum: -DOUBLE_MAX, maximum: DOUBLE_MAX }
    case 'string':
      return { type: 'string' }
    case 'bool':
      return { type: 'boolean' }
  }
}

function moneySchema(scale: number): JsonSchema {
  const numberMax = Number(formatMoney(moneyNumberMax(scale), scale))
  const decimals = scale === 0 ? '' : `(\\.[0-9]{1,${scale}})?`
  const text = { type: 'string', pattern: `^-?(0|[1-9][0-9]{0,${15 - scale}})${decimals}$` }
  return {
    oneOf: [text, { type: 'number', format: 'double', minimum: -numberMax, maximum: numberMax }],
    description: `It ${moneyRule(scale)}; more decimals are refused, never rounded.`,
    examples: [formatMoney(1234, scale)],
  }
}
