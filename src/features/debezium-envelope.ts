/** What a number of time counts from 1970 on: milliseconds or microseconds. */
export type UnitOfTime = 'ms' | 'us'

/** A change event of a table. */
export interface DebeziumEnvelope {
  readonly op: unknown
  readonly before: Record<string, unknown> | null
  readonly after: Record<string, unknown> | null
  /** Where the change is from, as the connector says it. */
  readonly source: Readonly<Record<string, unknown>>
  /** What the schema of the message says of a column of time; null: nothing. Throws for one that no number here can carry exactly. */
  unitOf(column: string): UnitOfTime | null
}

/** A schema as Kafka Connect writes it into a message. */
interface ConnectSchema {
  readonly field?: string
  readonly name?: string
  readonly fields?: readonly ConnectSchema[]
}

const UNITS: Readonly<Record<string, UnitOfTime>> = {
  'io.debezium.time.Timestamp': 'ms',
  'org.apache.kafka.connect.data.Timestamp': 'ms',
  'io.debezium.time.MicroTimestamp': 'us',
}

const NANOS = 'io.debezium.time.NanoTimestamp'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** The envelope of a message in JSON, whether or not it has its schema around it; null for a message without a value. */
export function openEnvelope(message: Uint8Array): DebeziumEnvelope | null {
  if (message.length === 0) return null
  const value: unknown = JSON.parse(decoder.decode(message))
  if (value === null) return null
  const outer = objectOf(value)
  const isWrapped = outer !== null && 'payload' in outer && 'schema' in outer
  const payload = isWrapped ? outer.payload : value
  if (payload === null) return null
  const envelope = objectOf(payload)
  if (envelope === null || !('op' in envelope)) {
    throw new Error(
      'the message is no change event: it has no "op". Leave the transform ExtractNewRecordState out of the connector',
    )
  }
  const { op, before, after, source } = envelope
  const units = isWrapped ? namesOf(outer.schema) : new Map<string, string>()
  return {
    op,
    before: imageOf(before),
    after: imageOf(after),
    source: objectOf(source) ?? {},
    unitOf(column) {
      const name = units.get(column)
      if (name === NANOS) {
        throw new Error(
          `${column} counts nanoseconds, past 2^53: set time.precision.mode=adaptive_time_microseconds, or a coarser type of the column`,
        )
      }
      return name === undefined ? null : (UNITS[name] ?? null)
    },
  }
}

/** The name of the schema of each column, where it has one. */
function namesOf(schema: unknown): Map<string, string> {
  const fields = (of: unknown) => ((of as ConnectSchema | null)?.fields ?? []) as readonly ConnectSchema[]
  const images = fields(schema).filter(({ field }) => field === 'before' || field === 'after')
  const named = images.flatMap((image) => fields(image)).filter(({ name }) => name !== undefined)
  return new Map(named.map(({ field, name }) => [field!, name!]))
}

/** A row without a prototype: a column `constructor` that it lacks is not there. */
function imageOf(value: unknown): Record<string, unknown> | null {
  const row = objectOf(value)
  return row === null ? null : { __proto__: null, ...row }
}

function objectOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}
