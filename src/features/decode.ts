/** What a source says of its columns, for whoever makes its rows from messages. */
export interface DecodeContext {
  /** The columns that are the event's id and its time. */
  readonly id: string
  readonly time: string
  /** Null where the source has none. */
  readonly version: string | null
  readonly deleted: string | null
  /** Columns that key some entity of the source, or that its computed key may be made of: an event that changes one of them must come with a tombstone in the old place. */
  readonly keys: readonly string[]
  readonly columns: readonly string[]
  /** The columns that are times, and how a row gives them: as epoch milliseconds, or as a text in ISO 8601. */
  readonly times: Readonly<Record<string, 'epoch' | 'iso'>>
}

/** A row as its source takes it: a field for each column, as JSON would have it; others are ignored. */
export type DecodedRow = Readonly<Record<string, unknown>>

/**
 * Makes the row or rows of a message, whatever its format. Null: it says nothing (the tombstone of a compacted topic, a heartbeat). What it
 * throws puts the message into quarantine, for that reason. It must be pure: every road calls it, and a message may come again.
 * The bytes of a message without a value are none. An event that leaves its place (its id, time or a key changes) must give its old form
 * too, deleted.
 */
export type Decode = (message: Uint8Array, context: DecodeContext) => DecodedRow | readonly DecodedRow[] | null

/** What a decode that comes with millrace needs of its source. */
export interface DecodeNeeds {
  /** As messages call it: `debezium()`. */
  readonly name: string
  readonly roles: readonly ('version' | 'deleted')[]
  /** Columns that its options name. */
  readonly columns: readonly string[]
}

/** Where a decode says what it needs. A registered symbol: two copies of the library understand each other. */
export const decodeNeeds: unique symbol = Symbol.for('millrace.decode-needs') as never

/** Null where it says nothing. */
export function needsOf(decode: unknown): DecodeNeeds | null {
  return (decode as { readonly [decodeNeeds]?: DecodeNeeds } | undefined)?.[decodeNeeds] ?? null
}
