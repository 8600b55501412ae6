import type { ResultType } from '../timeline/aggregate.ts'
import type { ColumnType } from '../timeline/column-type.ts'
import type { ServiceModel } from './model.ts'

/** What a derived value reads and gives, as trials of its function on made-up values found it. */
export interface DerivedReads {
  readonly name: string
  /** Names of features, of columns of the event, and of fields of the request, each in the order of their first reading. */
  readonly features: readonly string[]
  readonly event: readonly string[]
  readonly request: readonly string[]
  /** What it gave, as JSON calls it; none where it gave nothing but null, or failed. */
  readonly types: readonly ('number' | 'string' | 'boolean')[]
  /** Whether it gave null. */
  readonly nullable: boolean
}

/** How values are made up: as they often are, as they are over nothing, and as they are where nothing is known. */
const TRIALS = ['usual', 'empty', 'null'] as const
type Trial = (typeof TRIALS)[number]

const AN_INSTANT = '2026-01-01T00:00:00.000Z'

/**
 * Tries the functions of a service's `derive`, which no data can tell of, on made-up values, and notes what they read and give. What these values
 * do not lead to is not found.
 */
export function derivedReads(service: ServiceModel): DerivedReads[] {
  return service.derive.map(({ name, compute }) => {
    const reads = { features: new Set<string>(), event: new Set<string>(), request: new Set<string>() }
    const types = new Set<'number' | 'string' | 'boolean'>()
    let nullable = false
    for (const trial of TRIALS) {
      const given = tried(compute as (input: unknown) => unknown, {
        f: watched(
          service.features.map((one) => [one.name, resultValue(one.result, trial)]),
          reads.features,
        ),
        ...eventOf(service, trial, reads.event),
        ...(service.request === null
          ? {}
          : {
              request: watched(
                Object.keys(service.request._zod.def.shape).map((field) => [field, anyValue(trial)]),
                reads.request,
              ),
            }),
      })
      if (given === null) nullable = true
      else if (typeof given === 'number' || typeof given === 'string' || typeof given === 'boolean') {
        types.add(typeof given as 'number' | 'string' | 'boolean')
      }
    }
    const { features, event, request } = reads
    return { name, features: [...features], event: [...event], request: [...request], types: [...types], nullable }
  })
}

function eventOf({ event }: ServiceModel, trial: Trial, reads: Set<string>): { event?: object } {
  if (event === null) return {}
  const columns = event.columns.filter((_, number) => !event.notYetKnown.includes(number))
  return {
    event: watched(
      columns.map(({ name, type, epoch }) => [name, columnValue(type, trial, epoch === true)]),
      reads,
    ),
  }
}

function tried(compute: (input: unknown) => unknown, input: object): unknown {
  try {
    const given = compute(input)
    // Nobody waits for it: where it fails, that must not end the process.
    if (given instanceof Promise) given.catch(() => {})
    return given
  } catch {
    // It was made for other values.
    return undefined
  }
}

/** An object of values that notes which of them are read. */
function watched(values: readonly (readonly [name: string, value: unknown])[], reads: Set<string>): object {
  const has: object = Object.create(null)
  for (const [name, value] of values) {
    Object.defineProperty(has, name, {
      enumerable: true,
      get() {
        reads.add(name)
        return value
      },
    })
  }
  return Object.freeze(has)
}

function resultValue(result: ResultType, trial: Trial): unknown {
  if (trial === 'null') return null
  const one =
    result.kind === 'count' || result.kind === 'duration_ms'
      ? numberOf(trial)
      : columnValue({ kind: result.kind } as ColumnType, trial, false)
  if (result.map) return trial === 'usual' ? { a: one } : {}
  return result.list ? (trial === 'usual' ? [one] : []) : one
}

function columnValue(type: ColumnType, trial: Trial, epoch: boolean): unknown {
  if (trial === 'null') return null
  switch (type.kind) {
    case 'bool':
      return trial === 'usual'
    case 'enum':
      return type.values?.[trial === 'usual' ? 0 : type.values.length - 1] ?? 'a'
    case 'string':
      return trial === 'usual' ? 'a' : ''
    case 'time':
      return epoch ? Date.parse(AN_INSTANT) : AN_INSTANT
    default:
      return numberOf(trial)
  }
}

const numberOf = (trial: Trial): number => (trial === 'usual' ? 100 : 0)
const anyValue = (trial: Trial): unknown => (trial === 'null' ? null : numberOf(trial))
