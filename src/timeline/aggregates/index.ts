import type { AggregateDefinition } from '../aggregate.ts'
import { avgAggregate } from './avg.ts'
import { countAggregate } from './count.ts'
import { countDistinctAggregate } from './count-distinct.ts'
import { firstAggregate } from './first.ts'
import { lastAggregate } from './last.ts'
import { lastNAggregate } from './last-n.ts'
import { maxAggregate } from './max.ts'
import { minAggregate } from './min.ts'
import { rateAggregate } from './rate.ts'
import { sumAggregate } from './sum.ts'
import { timeSinceLastAggregate } from './time-since-last.ts'

export { avg } from './avg.ts'
export { count } from './count.ts'
export { countDistinct } from './count-distinct.ts'
export { first } from './first.ts'
export { last } from './last.ts'
export { lastN } from './last-n.ts'
export { max } from './max.ts'
export { min } from './min.ts'
export { rate } from './rate.ts'
export { sum } from './sum.ts'
export { timeSinceLast } from './time-since-last.ts'

/** Every aggregate, by name. A new one is a file in this folder and two lines here. */
export const aggregates: ReadonlyMap<string, AggregateDefinition> = new Map(
  [
    countAggregate,
    sumAggregate,
    avgAggregate,
    minAggregate,
    maxAggregate,
    countDistinctAggregate,
    firstAggregate,
    lastAggregate,
    lastNAggregate,
    rateAggregate,
    timeSinceLastAggregate,
  ].map((aggregate) => [aggregate.name, aggregate]),
)
