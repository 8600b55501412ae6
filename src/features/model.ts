import type { z } from 'zod'
import type { AggregateSpec, ResultType } from '../timeline/aggregate.ts'
import type { ColumnType, Value } from '../timeline/column-type.ts'
import type { Described, KindValue } from './definition.ts'

/** Definitions after `resolve`: checked, with every name looked up. What the engines work from. */
export interface Model {
  readonly sources: ReadonlyMap<string, SourceModel>
  readonly entities: ReadonlyMap<string, EntityModel>
  readonly groups: ReadonlyMap<string, GroupModel>
  readonly services: ReadonlyMap<string, ServiceModel>
  /** By served name: `card_velocity__spend_24h`. */
  readonly features: ReadonlyMap<string, FeatureModel>
  /** By fingerprint. */
  readonly timelines: ReadonlyMap<string, TimelineModel>
}

export interface SourceColumn {
  readonly name: string
  readonly type: ColumnType
  /** Null or absent is allowed. */
  readonly nullable: boolean
  /** It is the event's time and the schema gives it as `z.int()`, in epoch milliseconds: `derive` sees it as such a number. */
  readonly epoch?: true
  /** Its name in the archive table; of a computed column its own name, as the table has none. */
  readonly archiveName: string
}

/** An event in canonical form. */
export interface ParsedEvent {
  /** By the numbers of `SourceModel.columns`. */
  readonly values: readonly Value[]
  /** Canonical text of the id, as it is hashed. */
  readonly id: string
  readonly time_ms: number
  /** 0 where the source has no version. */
  readonly version: number
  readonly deleted: boolean
}

/** The one parser of a source, which every road goes through (L2). Each method throws EventError on a bad event. */
export interface EventParser {
  /** An event as JSON gives it. Unknown keys are ignored. */
  parse(event: unknown): ParsedEvent
  /**
   * An event as it came: JSON in UTF-8. The same as `parse(JSON.parse(text))`, errors included; bytes that are no UTF-8 throw a
   * TypeError, a text that is no JSON throws a SyntaxError.
   */
  parseBytes(json: Uint8Array): ParsedEvent
  /**
   * The event of a scoring request (L5): its outcome columns must be absent, and are null. Its version is null too, and it is not deleted, whether
   * it says so or not: these are of the copies that the log has, of which it takes the place.
   */
  parseScored(event: unknown): ParsedEvent
  /** Turns a record of texts (CSV) into the JSON event that `parse` takes; an empty cell is null where the column is no string. */
  fromText(record: Readonly<Record<string, string>>): Record<string, unknown>
  /** What is wrong with a canonical value of a column, or null. For rows of the archive, which are canonical but unchecked. */
  problem(column: number, value: Value): string | null
}

/** What the messages of a source's topic are to it, by its `where` and its `decode`. Each method throws as the parser, or an EventError. */
export interface MessageReader {
  /** The events that a message gives the source: none where it is of another kind, or says nothing. */
  read(message: Uint8Array): readonly ParsedEvent[]
  /** The same for a message that was sent to this very source: one that gives it no event is refused. */
  readSent(message: Uint8Array): readonly [ParsedEvent, ...ParsedEvent[]]
}

/** The events that a source takes of a topic that others share. */
export interface SourceWhere {
  readonly field: string
  readonly values: readonly KindValue[]
}

/** Told of a function that threw, or gave what its column does not take: the value is null then. */
export type ComputeFailure = (column: string, why: string) => void

/** The functions of a source's computed columns: the same on every road. */
export interface ComputedColumns {
  /** Whoever runs the process hears of failures here; there is one for all roads. */
  onFailure: ComputeFailure | null
  /** Appends the computed values to the canonical values of an event, in the order of the source's columns. */
  appendTo(values: Value[]): void
}

export interface SourceModel extends Described {
  readonly name: string
  /** Those that events bring, and behind them the computed ones. */
  readonly columns: readonly SourceColumn[]
  /** Those that events bring: the log, the archive table and requests have no others. */
  readonly raw: readonly SourceColumn[]
  /** Null where the source has no computed columns. */
  readonly computed: ComputedColumns | null
  /** Column numbers. */
  readonly id: number
  readonly time: number
  readonly version: number | null
  readonly deleted: number | null
  readonly outcome: readonly number[]
  /** What is not known while the event is scored: its outcome, its version and whether it is deleted. */
  readonly notYetKnown: readonly number[]
  readonly topic: string
  readonly archive: { readonly table: string; readonly lag_ms: number | null } | null
  /** Whether the source takes new events from a topic that its definition names. */
  readonly streamed: boolean
  readonly precision: 'ms' | 's'
  /** As it was defined, for the API's description. */
  readonly schema: z.core.$ZodObject
  /** Of the rows that are given to it: whoever has a message of its topic asks `messages`. Gives whole events, with computed columns. */
  readonly parser: EventParser
  readonly messages: MessageReader
  /** The same for who carries or judges events: they are as they came, and nothing is computed. */
  readonly rawParser: EventParser
  readonly rawMessages: MessageReader
  /** Null: all messages of its topic are its events. */
  readonly where: SourceWhere | null
  /** Whether messages are something else than its rows as JSON, which its `decode` makes rows of. */
  readonly decoded: boolean
}

/** One part of an entity's key. */
export interface KeyModel {
  readonly name: string
  readonly type: ColumnType
  /** The canonical form of a value that a request gives for it. Throws EventError on a bad one. */
  parse(value: unknown): Exclude<Value, null>
  /** The same part under another name, as a role gives it. */
  named(name: string): KeyModel
}

export interface EntityModel extends Described {
  readonly name: string
  readonly key: readonly KeyModel[]
}

/** The events of one source for one entity, by some key columns. */
export interface TimelineModel {
  /** Of source, entity, key columns, id and time; not of the columns kept (L6). */
  readonly fingerprint: string
  readonly source: SourceModel
  readonly entity: EntityModel
  /** Source columns that make the key, in the order of the entity's key. */
  readonly key: readonly number[]
  /** Source columns that some feature or filter reads, ascending. */
  readonly columns: readonly number[]
  /** Longest window + delay over its features, + lookback. */
  readonly retention_ms: number
}

/** That something should not be read any more. It is served as before. */
export interface Deprecation {
  /** Names of what to read instead; none where nothing replaces it. */
  readonly replacedBy: readonly string[]
  /** A month or a day, as `2026-11`. */
  readonly since: string | null
  readonly why: string | null
}

/** One served value: a feature at one window. */
export interface FeatureModel {
  /** `<group>__<feature>_<window>`, with `_delayed_<delay>`; the role in place of the group, where it is read in one. */
  readonly name: string
  readonly group: string
  /** Null: as the group itself has it. A role changes nothing of what is counted, but for whom. */
  readonly role: string | null
  readonly feature: string
  readonly spec: AggregateSpec
  readonly window_ms: number
  readonly delay_ms: number
  readonly result: ResultType
  readonly timeline: TimelineModel
  /** Source columns that it reads, ascending; none for a plain count. */
  readonly columns: readonly number[]
  readonly deprecated: Deprecation | null
}

export interface GroupModel extends Described {
  readonly deprecated: Deprecation | null
  readonly name: string
  readonly timeline: TimelineModel
  readonly features: readonly FeatureModel[]
}

/** Where one part of an entity key comes from when a service is asked. */
export type KeyPart =
  | { readonly from: 'event'; readonly column: number; readonly name: string }
  | { readonly from: 'keys'; readonly name: string; readonly type: ColumnType }

/** One read of a timeline for each answer of a service: for one entity. */
export interface TimelineRead {
  readonly timeline: TimelineModel
  readonly key: readonly KeyPart[]
  /** The features that are computed from it, by their places among those of the service. */
  readonly slots: readonly number[]
}

export interface ServiceModel extends Described {
  readonly deprecated: Deprecation | null
  readonly name: string
  /** Hash of all that decides its answers' meaning: its features, derived names and request schema. */
  readonly version: string
  readonly event: SourceModel | null
  readonly features: readonly FeatureModel[]
  /** What its features read: a timeline is read once for each place its key comes from. Keys in the order of the entity's. */
  readonly timelines: readonly TimelineRead[]
  /** Key names that the request must give under `keys`. */
  readonly keys: readonly KeyModel[]
  readonly request: z.core.$ZodObject | null
  readonly derive: readonly { readonly name: string; readonly compute: (input: never) => unknown }[]
}
