import { collect, type Definitions } from '../../src/features/collect.ts'
import type { EventParser, Model } from '../../src/features/model.ts'
import { formatProblem } from '../../src/features/problem.ts'
import { resolve, resolveModel } from '../../src/features/resolve.ts'
import type { Column } from '../../src/index.ts'
import { source, z } from '../../src/index.ts'

/** The definitions of one file called `defs.ts`. */
export function definitions(exports: Record<string, unknown>): Definitions {
  return collect([{ file: 'defs.ts', exports }])
}

/** Every problem of one file's definitions, in one line each. */
export function problemsOf(exports: Record<string, unknown>): string[] {
  return resolve(definitions(exports)).problems.map(formatProblem)
}

export function modelOf(exports: Record<string, unknown>): Model {
  return resolveModel(definitions(exports))
}

/** The parser of a source. */
export function parserOf(defined: object): EventParser {
  const [model] = modelOf({ defined }).sources.values()
  return model!.parser
}

type Shape = Readonly<Record<string, z.core.$ZodType>>

/** Anything, where the types want something: for tests of what the types refuse already. */
export function untyped(value: unknown): never {
  return value as never
}

function sourceMaker(name: string) {
  return (shape: Shape = {}, options: object = {}): Readonly<Record<string, Column>> => {
    const schema = z.object({ id: z.string(), at: z.iso.datetime({ offset: true }), ...shape })
    return untyped(source(name, untyped({ schema, id: 'id', time: 'at', ...options })))
  }
}

/** A source with an id, a time and these columns. Nothing is typed, so that wrong options can be written. */
export const payments = sourceMaker('payments')
export const logins = sourceMaker('logins')
