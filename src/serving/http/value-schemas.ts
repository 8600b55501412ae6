import { deprecationText } from '../../features/deprecation.ts'
import type { Deprecation, FeatureModel } from '../../features/model.ts'
import type { ResultType } from '../../timeline/aggregate.ts'
import type { ColumnType } from '../../timeline/column-type.ts'
import { INTEGER, TIME } from './column-schemas.ts'
import { type JsonSchema, listOf, type Naming, orNull } from './json-schema.ts'

/** A value of which only its being a scalar is known. */
export function scalarSchema(named: Naming): JsonSchema {
  const types = [{ type: 'number', format: 'double' }, { type: 'string' }, { type: 'boolean' }, { type: 'null' }]
  return named('ScalarValue', { oneOf: types })
}

/** What is served for a feature. Any may be null: where its key is, or where it could not be computed. */
export function valueSchema({ result, spec, timeline, deprecated }: FeatureModel, named: Naming): JsonSchema {
  const column = timeline.source.columns.find(({ name }) => name === spec.column)
  const one = oneValue(result, column?.type ?? null)
  const value = result.list ? listOf(one) : one
  // Integers are exact wherever they are served: one name for all.
  if (result.kind === 'bigint' && !result.list && result.map !== true) {
    return { ...named('ExactInteger', orNull(one)), ...saidOf(spec.description ?? '', deprecated) }
  }
  const served =
    result.map === true
      ? orNull({ type: 'object', additionalProperties: result.nullable ? orNull(value) : value })
      : orNull(value)
  const unit = typeof served.description === 'string' ? served.description : ''
  return { ...served, ...saidOf(sentences([spec.description ?? '', unit]), deprecated) }
}

/** For people: what it is, and that it should not be read any more. */
export function saidOf(description: string, deprecated: Deprecation | null): JsonSchema {
  const said = deprecated === null ? '' : `${deprecationText(deprecated)}.`.replace(/^d/, 'D')
  const text = sentences([description, said])
  return { ...(text === '' ? {} : { description: text }), ...(deprecated === null ? {} : { deprecated: true }) }
}

/** One behind the other; what a person wrote may lack its full stop, which only matters where something follows. */
function sentences(parts: readonly string[]): string {
  const [first = '', ...others] = parts.map((part) => part.trim()).filter((part) => part !== '')
  return others.reduce((text, part) => `${text}${/[.!?:;]$/.test(text) ? '' : '.'} ${part}`, first)
}

function oneValue({ kind }: ResultType, column: ColumnType | null): JsonSchema {
  switch (kind) {
    case 'count':
    case 'duration_ms':
      return { ...INTEGER, minimum: 0 }
    case 'bigint':
      return {
        oneOf: [INTEGER, { type: 'string', pattern: '^-?[0-9]+$' }],
        description: 'A text of digits past 2^53.',
      }
    case 'int':
      return INTEGER
    case 'money':
      return { ...INTEGER, description: 'Minor units.' }
    case 'double':
      return { type: 'number', format: 'double' }
    case 'bool':
      return { type: 'boolean' }
    case 'time':
      return TIME
    case 'enum':
      return column?.kind === 'enum' ? { type: 'string', enum: column.values } : { type: 'string' }
    case 'string':
      return { type: 'string' }
  }
}
