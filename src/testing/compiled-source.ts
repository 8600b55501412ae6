import { collect } from '../features/collect.ts'
import { dataOf, meta } from '../features/definition.ts'
import type { SourceModel } from '../features/model.ts'
import { resolveModel } from '../features/resolve.ts'
import type { AnySource } from '../features/source.ts'

const sources = new WeakMap<object, SourceModel>()

/** A source with its parser. `usage` shows the call where it is none. */
export function compiledSource(source: AnySource, usage: string): SourceModel {
  if (dataOf(source)?.kind !== 'source') throw new TypeError(usage)
  const known = sources.get(source)
  if (known !== undefined) return known
  const { name } = source[meta]
  const model = resolveModel(collect([{ file: name, exports: { source } }])).sources.get(name)!
  throwFailures(model)
  sources.set(source, model)
  return model
}

/** Lets a function of a computed column that fails throw, where serving counts it and goes on with null: a test is to show it. */
export function throwFailures({ name, computed }: SourceModel): void {
  if (computed === null) return
  computed.onFailure = (column, why) => {
    throw new TypeError(`the function of ${name}.${column} failed: ${why}`)
  }
}
