import { type Aggregate, type AggregateDefinition, startAggregate } from '../aggregate.ts'
import type { Column, SourceOf, ValueOf } from '../column.ts'
import type { Rows } from '../rows.ts'
import { CountsFold } from './counts-fold.ts'

class Mode extends CountsFold {
  value(rows: Rows): string | number | boolean | null {
    return this.mostFrequent(1, rows)[0] ?? null
  }
}

export const modeAggregate: AggregateDefinition = {
  name: 'mode',
  doc:
    'The value of the column that occurs most often; of several the lowest (texts by code points, false before true). Null is skipped. ' +
    'Null over nothing.',
  formula: 'the lowest x with the most rows',
  example: 'mode(payments.currency)',
  empty: null,
  cost: 'O(n); memory of the different values',
  reference: 'PostgreSQL, mode() within group (order by x)',
  takes: ['string', 'int', 'money', 'double', 'bool', 'enum', 'time'],
  result: (type) => ({ kind: type?.kind ?? 'string', nullable: true, list: false }),
  fold: (input) => new Mode(input),
}

/** The value of a column that occurs most often; of several the lowest. Null is skipped. Over nothing: null. */
export function mode<C extends Column>(column: C): Aggregate<SourceOf<C>, ValueOf<C> | null> {
  return startAggregate({ aggregate: 'mode', column })
}
