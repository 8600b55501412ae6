import type { AggregateOracle } from './aggregate-oracle.ts'
import { avgOracle } from './avg.ts'
import { countOracle } from './count.ts'
import { countDistinctOracle } from './count-distinct.ts'
import { firstOracle } from './first.ts'
import { lastOracle } from './last.ts'
import { lastNOracle } from './last-n.ts'
import { maxOracle } from './max.ts'
import { minOracle } from './min.ts'
import { rateOracle } from './rate.ts'
import { sumOracle } from './sum.ts'
import { timeSinceLastOracle } from './time-since-last.ts'

export { ascending } from './aggregate-oracle.ts'

/** The oracle of every aggregate, by name. */
export const oracles: ReadonlyMap<string, AggregateOracle> = new Map(
  [
    avgOracle,
    countOracle,
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
