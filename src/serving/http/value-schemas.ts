import { deprecationText } from '../../features/deprecation.ts'
import type { Deprecation, FeatureModel } from '../../features/model.ts'
import type { ResultType } from '../../timeline/aggregate.ts'
import type { ColumnType } from '../../timeline/column-type.ts'
import { INTEGER, TIME } from './column-schemas.ts'
import { type JsonSchema, listOf, orNull } from './json-schema.ts'

const INTEGER_TEXT = '^-?[0-9]+$'

/** What is served for a feature. Any may be null: where its key is, or where it could not be computed. */
export function valueSchema({ result, spec, timeline, deprecated }: FeatureModel): JsonSchema {
  const column = timeline.source.columns.find(({ name }) => name === spec.column)
  const one = oneValue(result, column?.type ?? null)
  const value = result.list ? listOf(one) : one
  const served =
    result.map === true
      ? orNull({ type: 'object', additionalProperties: result.nullable ? orNull(value) : value })
      : orNull(value)
  const unit = typeof served.description === 'string' ? served.description : ''
  return { ...served, ...saidOf([spec.description ?? '', unit].join(' ').trim(), deprecated) }
}

/** For people: what it is, and that it should not be read any more. */
export function saidOf(description: string, deprecated: Deprecation | null): JsonSchema {
  const said = deprecated === null ? '' : `${deprecationText(deprecated)}.`.replace(/^d/, 'D')
  const text = [description, said].filter((part) => part !== '').join(' ')
  return { ...(text === '' ? {} : { description: text }), ...(deprecated === null ? {} : { deprecated: true }) }
}

function oneValue({ kind }: ResultType, column: ColumnType | null): JsonSchema {
  switch (kind) {
    case 'count':
    case 'duration_ms':
      return { ...INTEGER, minimum: 0 }
    case 'bigint':
      return { type: ['integer', 'string'], pattern: INTEGER_TEXT, description: 'A text of digits past 2^53.' }
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
