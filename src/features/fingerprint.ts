import { z } from 'zod'
import { typeIdentity } from '../timeline/column-type.ts'
import { hash64Hex } from '../timeline/id-hash.ts'
import type { FeatureModel, Model, SourceColumn, SourceModel, SourceWhere } from './model.ts'

/** JSON with the keys of every object in order: the same text for the same data. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** Names a timeline for ever: what it is about, not which columns it keeps (L6). */
export function timelineFingerprint(identity: {
  readonly source: string
  readonly entity: string
  readonly key: readonly string[]
  readonly id: string
  readonly time: string
  /** Null: it has all events of its topic. With other kinds it is another timeline. */
  readonly where?: SourceWhere | null
}): string {
  const { source, entity, key, id, time, where = null } = identity
  const all = [source, entity, key, id, time]
  return hash64Hex(canonicalJson(where === null ? all : [...all, writtenWhere(where)]))
}

/**
 * Hash of what is written for a model (L13): sources, entities, columns. The same for any order of definitions, and for other
 * features over the same columns; another one as soon as old and new processes would write different rows.
 */
export function writtenHash(model: Model): string {
  const sources = [...model.sources.values()].map(writtenSource)
  const timelines = [...model.timelines.values()].map(({ fingerprint, source, columns }) => [
    fingerprint,
    columns.map((column) => source.columns[column]!.name).sort(),
  ])
  return hash64Hex(canonicalJson([sources.map(canonicalJson).sort(), timelines.map(canonicalJson).sort()]))
}

/** Hash of what a source's parser takes and makes of it: two of the same hash take the same events. */
export function sourceHash(source: SourceModel): string {
  return hash64Hex(canonicalJson(writtenSource(source)))
}

function writtenSource(source: SourceModel): unknown {
  const { name, topic, precision, columns, id, time, version, deleted, where, decoded } = source
  const roles = [id, time, version, deleted].map((column) => (column === null ? null : columns[column]!.name))
  const more = where === null && !decoded ? [] : [where === null ? null : writtenWhere(where), decoded]
  return [name, topic, precision, roles, columns.map(writtenColumn).map(canonicalJson).sort(), ...more]
}

/** The same for any order of the values. */
function writtenWhere({ field, values }: SourceWhere): unknown {
  return [field, values.map((value) => JSON.stringify(value)).sort()]
}

/** Hash of the kinds of events that a source takes: what is kept of its place in the topic is of these and no others. */
export function whereHash(where: SourceWhere): string {
  return hash64Hex(canonicalJson(writtenWhere(where))).slice(0, 8)
}

function writtenColumn({ name, type, nullable }: SourceColumn): unknown {
  const limit = type.kind === 'enum' ? [...type.values].sort() : type.kind === 'string' ? type.bytesMax : null
  return [name, typeIdentity(type), limit, nullable]
}

/** Hash of what a feature means: the same for the same values, whatever it is called. */
export function featureVersion({ timeline, columns, spec, window_ms, delay_ms }: FeatureModel): string {
  const { aggregate, column, of, params, where, per, excludeCurrent } = spec
  const types = columns.map((number) => timeline.source.columns[number]!).map(writtenColumn)
  const meaning = [aggregate, column, of, params, where, excludeCurrent, window_ms, delay_ms, ...(per ? [per] : [])]
  return hash64Hex(canonicalJson([timeline.fingerprint, meaning, types]))
}

/** Hash of all that decides what a service's answers mean (not of the code of `derive`, which no hash can see through). */
export function serviceVersion(service: {
  readonly event: SourceModel | null
  readonly features: readonly FeatureModel[]
  /** Each with its group and the names of its keys. */
  readonly roles: readonly (readonly [role: string, group: string, keys: Readonly<Record<string, string>>])[]
  readonly derive: readonly string[]
  readonly request: z.core.$ZodObject | null
}): string {
  const features = service.features.map((feature) => `${feature.name} ${featureVersion(feature)}`)
  const request = service.request === null ? null : z.toJSONSchema(service.request, { io: 'input' })
  const meaning = [service.event?.name ?? null, features.sort(), [...service.derive].sort(), request]
  const roles = service.roles.map(canonicalJson).sort()
  return hash64Hex(canonicalJson(roles.length === 0 ? meaning : [...meaning, roles]))
}
