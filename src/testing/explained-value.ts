import { featureText, filterText, windowText } from '../features/feature-text.ts'
import type { FeatureModel, ParsedEvent, SourceColumn } from '../features/model.ts'
import type { TimelineRecord } from '../stores/timeline-record.ts'
import { keyOf, TimelineWriter } from '../stores/timeline-writer.ts'
import { aggregates } from '../timeline/aggregates/index.ts'
import { formatDuration } from '../timeline/duration.ts'
import { hash64, hash64Hex } from '../timeline/id-hash.ts'
import { RowEncoder } from '../timeline/row-codec.ts'
import { type ListedRow, listRows } from '../timeline/row-list.ts'
import { findColumn } from '../timeline/row-schema.ts'
import type { CompiledService, Happened, Reply, StoredRows } from './compiled-service.ts'
import { type EventBehind, type ExplainedValue, type PassedOver, placeOf } from './event-behind.ts'
import { explainedText } from './explained-text.ts'
import { formatIso } from './instants.ts'

/** An answer and the events it was computed from. */
export interface Behind {
  readonly compiled: CompiledService
  readonly rows: StoredRows
  readonly reply: Reply
  readonly happened: readonly Happened[]
}

/** A value that the service serves, explained. */
export function explainedValue(behind: Behind, name: string): ExplainedValue {
  const { compiled, reply } = behind
  const feature = compiled.model.features.find((served) => served.name === name)
  const value = reply.values.get(name)!
  const common = { name, value, as_of: formatIso(reply.at_ms), toString: () => explainedText(explained) }
  const explained: ExplainedValue =
    feature === undefined
      ? {
          ...common,
          definition: 'derive',
          entity: null,
          window: null,
          reads: [],
          counted: [],
          passedOver: [],
          from: [...compiled.reads.get(name)!].map((read) => explainedValue(behind, read)),
        }
      : { ...common, ...explainedFeature(behind, feature) }
  return explained
}

function explainedFeature(behind: Behind, feature: FeatureModel): Omit<ExplainedValue, 'name' | 'value' | 'as_of'> {
  const { compiled, rows, reply } = behind
  const { spec, window_ms, delay_ms, timeline } = feature
  const { source } = timeline
  const key = compiled.key(feature, reply.question)
  const until_ms = reply.at_ms - delay_ms
  const window = { after_ms: until_ms - window_ms, until_ms }
  const { schemas } = compiled.record(feature)
  const columns = source.columns.filter(({ name, type }) => findColumn(schemas, name, type) >= 0)
  const scored = source.name === compiled.model.event?.name ? reply.question.event : null
  const scoredHash = scored === null ? null : hash64Hex(scored.id)
  const isScored = (row: ListedRow) => row.idHash === scoredHash && row.time_ms === scored?.time_ms
  const ids = idsByHash(behind, source.name)
  const list = (range: typeof window, where: typeof spec.where) =>
    key === null
      ? []
      : listRows(rows.get(key) ?? null, schemas, columns, range, where, Infinity, scoredRow(behind, feature)).rows
  const shown = (row: ListedRow): EventBehind => ({
    time: formatIso(row.time_ms),
    time_ms: row.time_ms,
    id: ids.get(row.idHash)!,
    version: row.version,
    scored: isScored(row),
    columns: row.columns,
  })
  const counts = (row: ListedRow) => !(spec.excludeCurrent && isScored(row))
  const counted = list(window, spec.where).filter(counts).map(shown)
  const places = new Set(counted.map(placeOf))
  const all = list({ after_ms: Number.NEGATIVE_INFINITY, until_ms: Number.POSITIVE_INFINITY }, null).map(shown)
  return {
    definition: featureText({ ...spec, window: windowText(spec, feature.window_ms) }),
    entity: key === null ? null : entityOf(feature, key),
    window: { after: formatIso(window.after_ms), until: formatIso(window.until_ms) },
    reads: feature.columns.map((column) => source.columns[column]!.name),
    counted,
    passedOver: [
      ...all
        .filter((event) => !places.has(placeOf(event)))
        .map((event) => ({ ...event, why: whyNot(feature, event, window) })),
      ...(key === null ? [] : takenAway(behind, feature, key, columns, new Set(all.map(placeOf)))),
    ].sort((a, b) => b.time_ms - a.time_ms),
    from: [],
  }
}

function whyNot(
  { spec }: FeatureModel,
  { time_ms, scored }: EventBehind,
  { after_ms, until_ms }: { readonly after_ms: number; readonly until_ms: number },
): string {
  if (scored && spec.excludeCurrent) {
    const compares = aggregates.get(spec.aggregate)?.readsCurrent === true
    return compares ? `${spec.aggregate}() compares it with the others` : 'left out by excludeCurrent()'
  }
  if (time_ms === after_ms) return 'at the very start of the window, which is not in it'
  if (time_ms < after_ms) return `${formatDuration(after_ms - time_ms)} before the window`
  if (time_ms > until_ms) {
    return spec.delay === null
      ? `${formatDuration(time_ms - until_ms)} after the instant`
      : `${formatDuration(time_ms - until_ms)} after the window, which ends ${spec.delay} early`
  }
  return spec.where === null ? 'null' : `not where ${filterText(spec.where)}`
}

/** Events of the entity that are no rows any more: deleted, or replaced by the event being scored, which has their id. */
function takenAway(
  { happened, reply }: Behind,
  { timeline }: FeatureModel,
  key: string,
  columns: readonly SourceColumn[],
  rows: ReadonlySet<string>,
): PassedOver[] {
  const { source } = timeline
  const gone = new Map<string, PassedOver>()
  for (const event of happened.flatMap((some) => (some.source === source.name ? some.events : []))) {
    const { time_ms, id, version, values } = event
    const place = placeOf(event)
    if (rows.has(place) || keyOf(timeline, event) !== key || version < (gone.get(place)?.version ?? 0)) continue
    const shown = columns.map(({ name, type }) => {
      const value = values[source.columns.findIndex((column) => column.name === name)]!
      return [name, type.kind === 'time' && value !== null ? formatIso(value as number) : value] as const
    })
    const why = reply.question.event?.id === id ? 'the event being scored has its id and stands for it' : 'deleted'
    gone.set(place, {
      time: formatIso(time_ms),
      time_ms,
      id,
      version,
      scored: false,
      columns: Object.fromEntries(shown),
      why,
    })
  }
  return [...gone.values()]
}

function idsByHash({ happened, reply }: Behind, source: string): ReadonlyMap<string, string> {
  const ids = happened.flatMap((some) => (some.source === source ? some.events.map(({ id }) => id) : []))
  const scored = reply.question.event
  return new Map([...ids, ...(scored === null ? [] : [scored.id])].map((id) => [hash64Hex(id), id]))
}

/** The row of the event that is being scored, where the feature's timeline is of its source. */
function scoredRow({ compiled, reply }: Behind, feature: FeatureModel): Uint8Array | null {
  const { event } = reply.question
  if (event === null || feature.timeline.source.name !== compiled.model.event!.name) return null
  const { timeline } = feature
  if (keyOf(timeline, event) !== compiled.key(feature, reply.question))
    return tombstone(compiled.record(feature), event)
  const writer = new TimelineWriter(timeline, compiled.record(feature))
  writer.add(event)
  return writer.take(null)[0]?.rows ?? null
}

/** What stands for the event being scored in the timeline of another entity: nothing of its id counts there. */
function tombstone({ schemas }: TimelineRecord, { id, time_ms, version }: ParsedEvent): Uint8Array {
  const encoder = new RowEncoder(schemas)
  const hash = hash64(id)
  const nothing = schemas.schemas.at(-1)!.columns.map(() => null)
  encoder.add(time_ms, Number(hash & 0xffffffffn), Number(hash >> 32n), version, true, nothing)
  return encoder.take()
}

/** Parts of the key that stand in it behind their lengths (L6). */
function entityOf({ timeline }: FeatureModel, key: string): Readonly<Record<string, string>> {
  const names = timeline.entity.key.map(({ name }) => name)
  let rest = key.slice(key.indexOf('{') + 1, -1)
  // Parts that are very long are there as their hash alone.
  if (rest.startsWith('#')) return { [names.join(', ')]: rest }
  const parts = names.map((name) => {
    const start = rest.indexOf(':') + 1
    const end = start + Number(rest.slice(0, start - 1))
    const text = rest.slice(start, end).replaceAll('%7B', '{').replaceAll('%7D', '}').replaceAll('%25', '%')
    rest = rest.slice(end + 1)
    return [name, text]
  })
  return Object.fromEntries(parts)
}
