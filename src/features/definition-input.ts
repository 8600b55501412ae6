import type { z } from 'zod'
import type { Deprecated, Described, Given, UnknownOption } from './definition.ts'

/** What a definition is called in messages: `source 'payments'`. Throws where the name or the options are missing. */
export function definitionTitle(kind: string, name: unknown, options: unknown): string {
  if (typeof name !== 'string') throw new TypeError(`${kind}() needs a name first, as ${kind}('name', { ... })`)
  const title = `${kind} '${name}'`
  if (typeof options !== 'object' || options === null) throw new TypeError(`${title} needs an object after its name`)
  return title
}

/** The part of a definition that is for people, copied and frozen. */
export function describedIn(options: Described): Described {
  const { description, owner, tags } = options
  return {
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owner }),
    ...(tags === undefined ? {} : { tags: frozenList(tags) }),
  }
}

const FOR_PEOPLE = ['description', 'owner', 'tags']
const OF_DEPRECATED = ['replacedBy', 'since', 'why']

/** What a definition has beside the options that it takes; `inner`: the same of options within them. */
export function unknownIn(options: object, known: readonly string[], inner: readonly UnknownOption[] = []): Given {
  const { deprecated, deprecatedFeatures } = options as { deprecated?: unknown; deprecatedFeatures?: unknown }
  const unknown = [
    ...unknownOptions(options, [...known, ...FOR_PEOPLE]),
    ...unknownOptions(deprecated, OF_DEPRECATED, ['deprecated']),
    ...Object.entries(Object(deprecatedFeatures)).flatMap(([feature, of]) =>
      unknownOptions(of, OF_DEPRECATED, ['deprecatedFeatures', feature]),
    ),
    ...inner,
  ]
  return unknown.length === 0 ? {} : { unknown: Object.freeze(unknown) }
}

/** The options at a path that are none of those known. */
export function unknownOptions(given: unknown, known: readonly string[], at: readonly string[] = []): UnknownOption[] {
  if (typeof given !== 'object' || given === null) return []
  const names = Object.keys(given).filter((name) => !known.includes(name))
  return names.map((name) => ({ path: [...at, name], known }))
}

/** What can replace something deprecated. */
export interface Replacement<R> {
  /** Null for what cannot. */
  read(value: unknown): R | null
  /** What to write, as `the group itself, as replacedBy: cardSpending`. */
  readonly cure: string
}

/**
 * What an option says of being deprecated, copied and frozen. `place`: as `featureGroup 'velocity': deprecated`. Throws where it is
 * no object, or what it names cannot be the replacement.
 */
export function deprecatedIn<R>(given: unknown, place: string, replacement: Replacement<R>): Deprecated<R> | null {
  if (given === undefined) return null
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`${place} needs an object, as { since: '2026-11', why: 'no model reads it' }`)
  }
  const { replacedBy, since, why } = given as Deprecated<unknown>
  const replaced = replacedBy === undefined ? null : replacement.read(replacedBy)
  if (replacedBy !== undefined && replaced === null)
    throw new TypeError(`${place}.replacedBy must be ${replacement.cure}`)
  return Object.freeze({
    ...(replaced === null ? {} : { replacedBy: replaced }),
    ...(since === undefined ? {} : { since }),
    ...(why === undefined ? {} : { why }),
  })
}

/** A frozen copy; what is no list stays as it is, for `check` to name it. */
export function frozenList<T>(list: readonly T[]): readonly T[] {
  return Array.isArray(list) ? Object.freeze([...list]) : list
}

/** True for a `z.object({ ... })`, also of another copy of zod. */
export function isZodObject(value: unknown): value is z.core.$ZodObject {
  return isZodType(value) && value._zod.def.type === 'object'
}

/** True for any zod schema. */
export function isZodType(value: unknown): value is z.core.$ZodType {
  return typeof value === 'object' && value !== null && '_zod' in value
}
