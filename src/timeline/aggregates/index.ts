import type { AggregateDefinition } from '../aggregate.ts'
import { avgAggregate } from './avg.ts'
import { avgGapAggregate } from './avg-gap.ts'
import { changedAggregate } from './changed.ts'
import { countAggregate } from './count.ts'
import { countDistinctAggregate } from './count-distinct.ts'
import { currentRunAggregate } from './current-run.ts'
import { firstAggregate } from './first.ts'
import { isNewAggregate } from './is-new.ts'
import { lastAggregate } from './last.ts'
import { lastNAggregate } from './last-n.ts'
import { longestRunAggregate } from './longest-run.ts'
import { maxAggregate } from './max.ts'
import { maxGapAggregate } from './max-gap.ts'
import { minAggregate } from './min.ts'
import { minGapAggregate } from './min-gap.ts'
import { rateAggregate } from './rate.ts'
import { sumAggregate } from './sum.ts'
import { timeSinceLastAggregate } from './time-since-last.ts'

export { avg } from './avg.ts'
export { avgGap } from './avg-gap.ts'
export { changed } from './changed.ts'
export { count } from './count.ts'
export { countDistinct } from './count-distinct.ts'
export { currentRun } from './current-run.ts'
export { first } from './first.ts'
export { isNew } from './is-new.ts'
export { last } from './last.ts'
export { lastN } from './last-n.ts'
export { longestRun } from './longest-run.ts'
export { max } from './max.ts'
export { maxGap } from './max-gap.ts'
export { min } from './min.ts'
export { minGap } from './min-gap.ts'
export { rate } from './rate.ts'
export { sum } from './sum.ts'
export { timeSinceLast } from './time-since-last.ts'

/** Every aggregate, by name. A new one is a file in this folder and two lines here. */
export const aggregates: ReadonlyMap<string, AggregateDefinition> = new Map(
  [
    countAggregate,
    isNewAggregate,
    changedAggregate,
    currentRunAggregate,
    longestRunAggregate,
    avgGapAggregate,
    minGapAggregate,
    maxGapAggregate,
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
