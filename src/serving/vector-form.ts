import type { FeatureModel, ServiceModel } from '../features/model.ts'
import type { ResultType } from '../timeline/aggregate.ts'
import { hash64Hex } from '../timeline/id-hash.ts'
import { ServingError } from './serving-error.ts'

/** The order of the numbers that a service answers in vector mode. */
export interface VectorForm {
  readonly service: string
  readonly version: string
  /** Hash of the names in their order: a model that was trained on another order, or other names, can tell. */
  readonly fingerprint: string
  /** One for each number: features, then derived values, as the service declares them. */
  readonly names: readonly string[]
}

/** What is served as a number: true and false are 1 and 0. */
const NUMERIC: readonly ResultType['kind'][] = ['count', 'bigint', 'double', 'duration_ms', 'int', 'money', 'bool']

/** Most names that a refusal lists. */
const SHOWN_MAX = 8

export function vectorForm({ name, version, features, derive }: ServiceModel): VectorForm {
  const names = [...features, ...derive].map((value) => value.name)
  return { service: name, version, fingerprint: vectorFingerprint(names), names }
}

/** The same for the same names in the same order, in every process and version of millrace. */
export function vectorFingerprint(names: readonly string[]): string {
  return hash64Hex(JSON.stringify(names))
}

/** Why a service cannot be answered in numbers; null where it can. What a derived value is, only an answer shows. */
export function vectorRefusal(service: ServiceModel): ServingError | null {
  const all = service.features.filter((feature) => !isNumber(feature.result))
  const [unfit, ...others] = all
  if (unfit === undefined) return null
  const nor = others.length === 0 ? '' : `; nor are ${listed(others.map(({ name }) => name))}`
  const message = `${service.name} cannot be answered as a vector: ${unfit.name} is ${kindOf(unfit)}, not a number${nor}`
  const without = listed([...new Set(all.map(({ feature }) => feature))])
  const cure = `ask a service that picks its features without ${without}, or ask with format=object`
  return new ServingError('VECTOR_UNFIT', message, { field: 'format', cure })
}

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN_MAX
  return names.slice(0, SHOWN_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function isNumber({ kind, list, map }: ResultType): boolean {
  return !list && map !== true && NUMERIC.includes(kind)
}

function kindOf({ result: { kind, list, map } }: FeatureModel): string {
  if (map === true) return 'a map'
  if (list) return 'a list'
  return kind === 'enum' || kind === 'string' ? 'a text' : `a ${kind}`
}
