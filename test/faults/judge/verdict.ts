import type { FeatureModel } from '../../../src/features/model.ts'
import type { FeatureValue } from '../../../src/timeline/aggregate.ts'
import { answer } from '../../oracle.ts'
import type { Payment } from '../world/payment.ts'
import type { Candidates } from './ledger.ts'

/** Most sets of events that are computed one by one. */
const SETS_MAX = 64

/**
 * `exact`: only one value is possible, and it is the one. `bounded`: several are, and it is among them or between them. `skipped`: too
 * many are to say. `wrong`: none can be it.
 */
export type Verdict =
  | { readonly kind: 'exact' | 'bounded' | 'skipped' }
  | { readonly kind: 'wrong'; readonly expected: string }

/** What is asked of a feature. */
export interface Asked {
  readonly feature: FeatureModel
  readonly at_ms: number
  /** The payment that is scored, in the form in which it counts. */
  readonly current: Payment | null
}

const EXACT: Verdict = { kind: 'exact' }
const BOUNDED: Verdict = { kind: 'bounded' }
const SKIPPED: Verdict = { kind: 'skipped' }

/** Holds a value that is said to be ok to what the candidates can give. */
export function judgeValue(value: unknown, asked: Asked, candidates: readonly Candidates[]): Verdict {
  const { certain, open } = inWindow(asked, candidates)
  if (open.length === 0) {
    const expected = oracle(asked, certain)
    return same(value, expected) ? EXACT : { kind: 'wrong', expected: JSON.stringify(expected) }
  }
  if (isAdded(asked.feature)) {
    const [low, high] = bounds(asked, certain, open)
    if (typeof value === 'number' && value >= low && value <= high) return BOUNDED
    return { kind: 'wrong', expected: `${low} to ${high}` }
  }
  const sets = open.reduce((product, { payments }) => product * payments.length, 1)
  if (sets > SETS_MAX) return SKIPPED
  const possible = new Set<string>()
  for (let set = 0; set < sets; set++) {
    const chosen: Payment[] = []
    let rest = set
    for (const { payments } of open) {
      const payment = payments[rest % payments.length]!
      rest = Math.floor(rest / payments.length)
      if (payment !== null) chosen.push(payment)
    }
    const one = oracle(asked, [...certain, ...chosen])
    if (same(value, one)) return BOUNDED
    possible.add(JSON.stringify(one))
  }
  return { kind: 'wrong', expected: `one of ${[...possible].slice(0, 8).join(', ')}` }
}

/**
 * Holds a value of any status to what can never be: a count or a sum of what is not negative above all that was ever sent.
 * `candidates` must be those of a null watermark.
 */
export function judgeCeiling(value: unknown, asked: Asked, candidates: readonly Candidates[]): Verdict {
  if (!isAdded(asked.feature) || typeof value !== 'number') return SKIPPED
  const { certain, open } = inWindow(asked, candidates)
  const [, high] = bounds(asked, certain, open)
  return value >= 0 && value <= high ? BOUNDED : { kind: 'wrong', expected: `at most ${high}, whatever its status` }
}

function inWindow({ feature, at_ms, current }: Asked, candidates: readonly Candidates[]) {
  const end_ms = at_ms - feature.delay_ms
  const begin_ms = end_ms - feature.window_ms
  const certain: Payment[] = []
  const open: Candidates[] = []
  for (const one of candidates) {
    if (one.time_ms <= begin_ms || one.time_ms > end_ms || one.id === current?.id) continue
    if (one.payments.length > 1) open.push(one)
    else if (one.payments[0] !== null) certain.push(one.payments[0]!)
  }
  return { certain, open }
}

/** Every payment adds something that is not negative: counts, and sums, as no column of the world is negative. */
function isAdded({ spec }: FeatureModel): boolean {
  return spec.aggregate === 'count' || spec.aggregate === 'sum'
}

function bounds(asked: Asked, certain: readonly Payment[], open: readonly Candidates[]): [low: number, high: number] {
  const base = oracle(asked, certain) as number
  let [low, high] = [base, base]
  for (const { payments } of open) {
    const added = payments.map((payment) =>
      payment === null ? 0 : (oracle({ ...asked, current: null }, [payment]) as number),
    )
    low += Math.min(...added)
    high += Math.max(...added)
  }
  return [low, high]
}

export function oracle({ feature, at_ms, current }: Asked, payments: readonly Payment[]): FeatureValue {
  const { spec, window_ms, delay_ms } = feature
  return answer(payments, { spec, window_ms, delay_ms, at_ms, ...(current === null ? {} : { current }) })
}

function same(value: unknown, expected: FeatureValue): boolean {
  return JSON.stringify(value) === JSON.stringify(expected)
}
