import type { AggregateDefinition } from '../aggregate.ts'
import { avgAggregate } from './avg.ts'
import { avgGapAggregate } from './avg-gap.ts'
import { changedAggregate } from './changed.ts'
import { countAggregate } from './count.ts'
import { countDistinctAggregate } from './count-distinct.ts'
import { currentRunAggregate } from './current-run.ts'
import { decayedCountAggregate } from './decayed-count.ts'
import { decayedSumAggregate } from './decayed-sum.ts'
import { distinctRatioAggregate } from './distinct-ratio.ts'
import { entropyAggregate } from './entropy.ts'
import { firstAggregate } from './first.ts'
import { firstNAggregate } from './first-n.ts'
import { isNewAggregate } from './is-new.ts'
import { lastAggregate } from './last.ts'
import { lastNAggregate } from './last-n.ts'
import { longestRunAggregate } from './longest-run.ts'
import { maxAggregate } from './max.ts'
import { maxGapAggregate } from './max-gap.ts'
import { medianAggregate } from './median.ts'
import { minAggregate } from './min.ts'
import { minGapAggregate } from './min-gap.ts'
import { modeAggregate } from './mode.ts'
import { percentileAggregate } from './percentile.ts'
import { percentilesAggregate } from './percentiles.ts'
import { rateAggregate } from './rate.ts'
import { stddevAggregate } from './stddev.ts'
import { sumAggregate } from './sum.ts'
import { timeSinceAggregate } from './time-since.ts'
import { timeSinceFirstAggregate } from './time-since-first.ts'
import { timeSinceLastAggregate } from './time-since-last.ts'
import { topKAggregate } from './top-k.ts'
import { trendAggregate } from './trend.ts'
import { varianceAggregate } from './variance.ts'
import { zScoreAggregate } from './z-score.ts'

export { avg } from './avg.ts'
export { avgGap } from './avg-gap.ts'
export { changed } from './changed.ts'
export { count } from './count.ts'
export { countDistinct } from './count-distinct.ts'
export { currentRun } from './current-run.ts'
export { decayedCount } from './decayed-count.ts'
export { decayedSum } from './decayed-sum.ts'
export { distinctRatio } from './distinct-ratio.ts'
export { entropy } from './entropy.ts'
export { first } from './first.ts'
export { firstN } from './first-n.ts'
export { isNew } from './is-new.ts'
export { last } from './last.ts'
export { lastN } from './last-n.ts'
export { longestRun } from './longest-run.ts'
export { max } from './max.ts'
export { maxGap } from './max-gap.ts'
export { median } from './median.ts'
export { min } from './min.ts'
export { minGap } from './min-gap.ts'
export { mode } from './mode.ts'
export { percentile } from './percentile.ts'
export { percentiles } from './percentiles.ts'
export { rate } from './rate.ts'
export { stddev } from './stddev.ts'
export { sum } from './sum.ts'
export { timeSince } from './time-since.ts'
export { timeSinceFirst } from './time-since-first.ts'
export { timeSinceLast } from './time-since-last.ts'
export { topK } from './top-k.ts'
export { trend } from './trend.ts'
export { variance } from './variance.ts'
export { zScore } from './z-score.ts'

/** Every aggregate, by name. A new one is a file in this folder and two lines here. */
export const aggregates: ReadonlyMap<string, AggregateDefinition> = new Map(
  [
    avgAggregate,
    avgGapAggregate,
    changedAggregate,
    countAggregate,
    countDistinctAggregate,
    currentRunAggregate,
    decayedCountAggregate,
    decayedSumAggregate,
    distinctRatioAggregate,
    entropyAggregate,
    firstAggregate,
    firstNAggregate,
    isNewAggregate,
    lastAggregate,
    lastNAggregate,
    longestRunAggregate,
    maxAggregate,
    maxGapAggregate,
    medianAggregate,
    minAggregate,
    minGapAggregate,
    modeAggregate,
    percentileAggregate,
    percentilesAggregate,
    rateAggregate,
    stddevAggregate,
    sumAggregate,
    timeSinceAggregate,
    timeSinceFirstAggregate,
    timeSinceLastAggregate,
    topKAggregate,
    trendAggregate,
    varianceAggregate,
    zScoreAggregate,
  ].map((aggregate) => [aggregate.name, aggregate]),
)
