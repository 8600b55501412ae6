import { showValue } from '../../features/event-error.ts'
import { namesCure } from '../../features/nearest-name.ts'
import { ServingError } from '../serving-error.ts'
import type { AnswerFormat } from '../vector-service.ts'

const CURE = 'ask with format=object (the default), or format=vector for numbers in a declared order'

/** The `format` that the query of a URL asks for. Throws a ServingError for anything else that is in the query. */
export function readFormat(url: string): AnswerFormat {
  const start = url.indexOf('?')
  if (start < 0) return 'object'
  const given: string[] = []
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    if (name !== 'format') {
      const cure = namesCure(name, ['format'], CURE)
      throw new ServingError('FIELD_UNKNOWN', `${showValue(name)} is no parameter of this route`, { field: name, cure })
    }
    given.push(value)
  }
  const [format = 'object', another] = given
  if (another !== undefined) {
    throw new ServingError('FIELD_VALUE', `format is given ${given.length} times`, { field: 'format', cure: CURE })
  }
  if (format === 'object' || format === 'vector') return format
  const message = `format: ${showValue(format)} is no format of an answer`
  throw new ServingError('FIELD_VALUE', message, { field: 'format', value: showValue(format), cure: CURE })
}
