import type { AggregateOracle } from './aggregate-oracle.ts'
import { frequencies } from './frequencies.ts'

export const entropyOracle: AggregateOracle = {
  name: 'entropy',
  answer: ({ values }) => {
    if (values.length === 0) return null
    const shares = frequencies(values).map(({ times }) => times / values.length)
    return 0 - shares.reduce((sum, share) => sum + (share * Math.log(share)) / Math.LN2, 0)
  },
  tolerance: 1e-12,
}
