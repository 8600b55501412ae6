import type { AggregateOracle } from './aggregate-oracle.ts'
import { avgOracle } from './avg.ts'
import { avgGapOracle } from './avg-gap.ts'
import { changedOracle } from './changed.ts'
import { countOracle } from './count.ts'
import { countDistinctOracle } from './count-distinct.ts'
import { currentRunOracle } from './current-run.ts'
import { firstOracle } from './first.ts'
import { isNewOracle } from './is-new.ts'
import { lastOracle } from './last.ts'
import { lastNOracle } from './last-n.ts'
import { longestRunOracle } from './longest-run.ts'
import { maxOracle } from './max.ts'
import { maxGapOracle } from './max-gap.ts'
import { minOracle } from './min.ts'
import { minGapOracle } from './min-gap.ts'
import { rateOracle } from './rate.ts'
import { sumOracle } from './sum.ts'
import { timeSinceLastOracle } from './time-since-last.ts'

export { ascending } from './aggregate-oracle.ts'

/** The oracle of every aggregate, by name. */
export const oracles: ReadonlyMap<string, AggregateOracle> = new Map(
  [
    avgOracle,
    countOracle,
    isNewOracle,
    changedOracle,
    currentRunOracle,
    longestRunOracle,
    avgGapOracle,
    minGapOracle,
    maxGapOracle,
    countDistinctOracle,
    firstOracle,
    lastOracle,
    lastNOracle,
    maxOracle,
    minOracle,
    rateOracle,
    sumOracle,
    timeSinceLastOracle,
  ].map((oracle) => [oracle.name, oracle]),
)
