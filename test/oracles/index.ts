import type { AggregateOracle } from './aggregate-oracle.ts'
import { avgOracle } from './avg.ts'
import { avgGapOracle } from './avg-gap.ts'
import { changedOracle } from './changed.ts'
import { countOracle } from './count.ts'
import { countDistinctOracle } from './count-distinct.ts'
import { currentRunOracle } from './current-run.ts'
import { decayedCountOracle } from './decayed-count.ts'
import { decayedSumOracle } from './decayed-sum.ts'
import { distinctRatioOracle } from './distinct-ratio.ts'
import { entropyOracle } from './entropy.ts'
import { firstOracle } from './first.ts'
import { firstNOracle } from './first-n.ts'
import { isNewOracle } from './is-new.ts'
import { lastOracle } from './last.ts'
import { lastNOracle } from './last-n.ts'
import { longestRunOracle } from './longest-run.ts'
import { maxOracle } from './max.ts'
import { maxGapOracle } from './max-gap.ts'
import { medianOracle } from './median.ts'
import { minOracle } from './min.ts'
import { minGapOracle } from './min-gap.ts'
import { modeOracle } from './mode.ts'
import { percentileOracle } from './percentile.ts'
import { percentilesOracle } from './percentiles.ts'
import { rateOracle } from './rate.ts'
import { stddevOracle } from './stddev.ts'
import { sumOracle } from './sum.ts'
import { timeSinceOracle } from './time-since.ts'
import { timeSinceFirstOracle } from './time-since-first.ts'
import { timeSinceLastOracle } from './time-since-last.ts'
import { topKOracle } from './top-k.ts'
import { trendOracle } from './trend.ts'
import { varianceOracle } from './variance.ts'
import { zScoreOracle } from './z-score.ts'

export { ascending } from './aggregate-oracle.ts'

/** The oracle of every aggregate, by name. */
export const oracles: ReadonlyMap<string, AggregateOracle> = new Map(
  [
    avgGapOracle,
    avgOracle,
    changedOracle,
    countDistinctOracle,
    countOracle,
    currentRunOracle,
    decayedCountOracle,
    decayedSumOracle,
    distinctRatioOracle,
    entropyOracle,
    firstNOracle,
    firstOracle,
    isNewOracle,
    lastNOracle,
    lastOracle,
    longestRunOracle,
    maxGapOracle,
    maxOracle,
    medianOracle,
    minGapOracle,
    minOracle,
    modeOracle,
    percentileOracle,
    percentilesOracle,
    rateOracle,
    stddevOracle,
    sumOracle,
    timeSinceFirstOracle,
    timeSinceLastOracle,
    timeSinceOracle,
    topKOracle,
    trendOracle,
    varianceOracle,
    zScoreOracle,
  ].map((oracle) => [oracle.name, oracle]),
)
