import type { z } from 'zod'
import type { Windowed } from '../timeline/aggregate.ts'
import type { Duration } from '../timeline/duration.ts'
import type { Decode } from './decode.ts'

/**
 * Everything that a definition says sits behind this symbol, so that a source's columns may have any name. It is a
 * registered symbol: definitions made by two copies of the library are still recognised.
 */
export const meta: unique symbol = Symbol.for('millrace.meta') as never

/** For people: what it is, who answers for it, and words to find it by. */
export interface Described {
  readonly description?: string
  readonly owner?: string
  readonly tags?: readonly string[]
}

/** An option that there is not, as `['strem']` or `['compute', 'bin', 'vers']`, and those that there are in its place. */
export interface UnknownOption {
  readonly path: readonly string[]
  readonly known: readonly string[]
}

/** What a definition was given beside what it takes. */
export interface Given {
  /** For `check` to name them; absent where there are none. */
  readonly unknown?: readonly UnknownOption[]
}

/** That something should not be read any more, and why. It is served as before. */
export interface Deprecated<R> {
  /** What to read instead. */
  readonly replacedBy?: R
  /** A month or a day: `'2026-11'`, `'2026-11-23'`. */
  readonly since?: string
  /** In a few words, as `'counts refunds too'`. */
  readonly why?: string
}

export type Shape = Readonly<Record<string, z.core.$ZodType>>

/** What a source's `archive` option says. */
export interface ArchiveOptions {
  /** The ClickHouse table that holds all events of the source, as `'payments_auth'` or `'fraud.payments_auth'`. */
  readonly table: string
  /** Where the table names columns otherwise: `{ card_id: 'cardNo' }`. */
  readonly columns?: Readonly<Record<string, string>>
  /** How late the archive may be: an event is in the table this long after it reached the log. For tables that we do not fill. */
  readonly lag?: Duration
  /** `'s'`: the table keeps whole seconds, so times are floored to the second on every road. Default `'ms'`. */
  readonly precision?: 'ms' | 's'
}

/** What tells kinds of events apart. */
export type KindValue = string | number | boolean

/** What a source's `stream` option says. */
export interface StreamOptions {
  /** The topic that brings new events. */
  readonly topic: string
  /**
   * The kinds of events that it takes of the topic, where others share it: `{ kind: 'transfer' }`, or `{ kind: ['transfer', 'refund'] }`. The
   * field need be no column. All sources of a topic name the same field, and no value twice; what is of none of them is passed over.
   */
  readonly where?: Readonly<Record<string, KindValue | readonly KindValue[]>>
  /** What makes rows of messages that are no JSON of the schema, as `debezium()`. */
  readonly decode?: Decode
}

/** A column that follows from the others of its event. */
export interface ComputeData {
  /** A whole number from 1 on. Another one makes another column: what rows hold of the old one is no longer read. */
  readonly version: number
  readonly type: z.core.$ZodType
  /** Pure. Sees what is known of the event while it is scored. */
  readonly of: (row: never) => unknown
}

/** A source as it was defined, unchecked: `check` and `resolve` say what is wrong with it. */
export interface SourceData extends Described, Given {
  readonly kind: 'source'
  readonly name: string
  readonly schema: z.core.$ZodObject
  readonly id: string
  readonly time: string
  readonly version: string | null
  /** A boolean column: true makes the event a tombstone, which takes the event of the same id and time away. */
  readonly deleted: string | null
  readonly outcome: readonly string[]
  /** By name: columns that no event brings, and that follow from those it does. */
  readonly compute: Readonly<Record<string, ComputeData>>
  readonly stream: StreamOptions | null
  readonly archive: ArchiveOptions | null
  /** How far in the past a value may be asked for exactly. Default `'2d'`. */
  readonly lookback: Duration
}

export interface EntityData extends Described, Given {
  readonly kind: 'entity'
  readonly name: string
  readonly key: Shape
  /** Key name to column of the source: the same name, unless `from()` says otherwise. */
  readonly columns: Readonly<Record<string, string>>
}

export interface GroupData extends Described, Given {
  readonly kind: 'group'
  readonly name: string
  readonly source: SourceData
  readonly entity: EntityData
  readonly features: Readonly<Record<string, Windowed>>
  readonly deprecated: Deprecated<GroupData> | null
  /** By feature: replaced by another of the same group, or by features picked from one. */
  readonly deprecatedFeatures: Readonly<Record<string, Deprecated<string | GroupView>>>
}

/** A group read for another entity of the request: the payee of a transfer, where the group itself is about its payer. */
export interface Role {
  /** Takes the group's place in served names. */
  readonly name: string
  /** Key of the entity to the name under which the event, else `keys` of the request, has it. Keys that are not named keep theirs. */
  readonly keys: Readonly<Record<string, string>>
}

/** Features of one group that a service reads: all of them, or those picked, as `tx_count_7d`; maybe in a role. */
export interface GroupView {
  readonly kind: 'view'
  readonly group: GroupData
  readonly picked: readonly string[] | null
  readonly role: Role | null
}

/** What a derived value is computed from. */
export interface DeriveInput {
  readonly f: Readonly<Record<string, unknown>>
  readonly event?: Readonly<Record<string, unknown>>
  readonly request?: unknown
}

export interface ServiceData extends Described, Given {
  readonly kind: 'service'
  readonly name: string
  readonly event: SourceData | null
  readonly features: readonly GroupView[]
  readonly request: z.core.$ZodObject | null
  readonly derive: Readonly<Record<string, (input: never) => string | number | boolean | null>>
  readonly deprecated: Deprecated<ServiceData> | null
}

export type DefinitionData = SourceData | EntityData | GroupData | ServiceData

/** The data of a definition, or null for anything else. */
export function dataOf(value: unknown): DefinitionData | null {
  if (typeof value !== 'object' || value === null || !(meta in value)) return null
  return (value as { [meta]: DefinitionData })[meta]
}
