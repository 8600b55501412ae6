import { type Report, reportOn } from './checks/report.ts'
import type { Definitions } from './collect.ts'
import type { ServiceData, SourceData } from './definition.ts'
import type { Model } from './model.ts'
import { namesCure } from './nearest-name.ts'
import type { Problem } from './problem.ts'
import { allColumns, laterThanScored, schemaColumns } from './schema-columns.ts'

/** What functions are tried out on. Nothing that they make of it is looked at. */
const VALUES = [null, 1]

/** Names that are looked for on any object, as by JSON.stringify() and await. */
const ASKED_OF_ALL = new Set([...Object.getOwnPropertyNames(Object.prototype), 'toJSON', 'then'])

/**
 * Tries the functions of definitions out on made-up values, and tells of names that they read and that are not there: what is undefined would
 * make a value wrong in silence. What these values do not lead to is not found: the compiler finds it. For `check` alone, as it runs what
 * else runs on events only.
 */
export function checkReads(definitions: Definitions, model: Model): Problem[] {
  const problems: Problem[] = []
  for (const source of definitions.sources) checkCompute(reportOn(problems, source), source.data)
  for (const service of definitions.services) {
    const { features } = model.services.get(service.data.name)!
    checkDerive(reportOn(problems, service), service.data, new Set(features.map(({ name }) => name)))
  }
  return problems
}

/** Tells of features and columns that a service's `derive` reads and that it does not have. `served`: those that it has. */
function checkDerive(report: Report, { event, derive }: ServiceData, served: ReadonlySet<string>): void {
  const columns = event === null ? null : knownColumns(event, allColumns(event).keys())
  for (const [name, compute] of Object.entries(derive)) {
    const part = report.at('derive', name)
    const features = new Set<string>()
    const others = new Set<string>()
    tryOut(compute as (input: unknown) => unknown, (value) => ({
      f: watched(served, value, features),
      ...(columns === null ? {} : { event: watched(columns, value, others) }),
      request: watched(null, value, new Set()),
    }))
    for (const read of features) {
      part.error(`derive.${name} reads f.${read}, which is none of its features`, namesCure(read, served))
    }
    for (const read of others) unknownColumn(part, event!, `derive.${name} reads event.${read}`, read, columns!)
  }
}

/** Tells of columns that the functions of computed ones read, and that an event does not bring by then. */
function checkCompute(report: Report, source: SourceData): void {
  const columns = knownColumns(source, schemaColumns(source).keys())
  for (const [name, { of }] of Object.entries(source.compute)) {
    const unknown = new Set<string>()
    tryOut(of as (row: unknown) => unknown, (value) => watched(columns, value, unknown))
    const part = report.at('compute', name)
    for (const read of unknown) unknownColumn(part, source, `compute.${name} reads ${read}`, read, columns)
  }
}

function unknownColumn(report: Report, source: SourceData, what: string, column: string, known: ReadonlySet<string>) {
  const later = laterThanScored(source, column)
  if (later !== null) {
    report.error(`${what}, ${later}, which is not known while the event is scored`, 'read another column')
  } else if (Object.hasOwn(source.compute, column)) {
    report.error(`${what}, which is computed itself`, 'compute it of the columns that events bring')
  } else report.error(`${what}, which is no column of ${source.name}`, namesCure(column, known))
}

function knownColumns(source: SourceData, names: Iterable<string>): ReadonlySet<string> {
  return new Set([...names].filter((name) => laterThanScored(source, name) === null))
}

function tryOut(compute: (input: unknown) => unknown, input: (value: unknown) => unknown): void {
  for (const value of VALUES) {
    try {
      const given = compute(input(value))
      // Nobody waits for it: where it fails, that must not end the process.
      if (given instanceof Promise) given.catch(() => {})
    } catch {
      // It was made for other values.
    }
  }
}

/** An object that has one value under each known name (null: under any), and notes what else is read of it. */
function watched(known: ReadonlySet<string> | null, value: unknown, unknown: Set<string>): object {
  const has = Object.fromEntries([...(known ?? [])].map((name) => [name, value]))
  return new Proxy(Object.freeze(has), {
    get(target, name, receiver) {
      if (typeof name === 'symbol' || known?.has(name) || ASKED_OF_ALL.has(name)) {
        return Reflect.get(target, name, receiver)
      }
      if (known === null) return value
      unknown.add(name)
      return undefined
    },
  })
}
