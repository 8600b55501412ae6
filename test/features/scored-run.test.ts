import { describe, expect, it } from 'vitest'
import {
  and,
  count,
  currentRun,
  entity,
  eq,
  type Filter,
  featureGroup,
  featureService,
  gte,
  isNull,
  longestRun,
  money,
  ne,
  not,
  or,
  source,
  type Windowed,
  z,
} from '../../src/index.ts'
import { problemsOf } from './definition-kit.ts'

const payments = source('payments', {
  schema: z.object({
    id: z.string(),
    at: z.int(),
    seq: z.int(),
    card: z.string(),
    amount: money({ scale: 2 }),
    status: z.enum(['approved', 'declined']).optional(),
  }),
  id: 'id',
  time: 'at',
  version: 'seq',
  outcome: ['status'],
})
const card = entity('card', { key: { card: z.string() } })
const declined = eq(payments.status, 'declined')
const large = gte(payments.amount, 100)

const problems = (run: Windowed<'payments'>, options: object = { event: payments }) => {
  const group = featureGroup('g', { source: payments, entity: card, features: { run, n: count().over('7d') } })
  return problemsOf({ s: featureService('s', { features: [group], ...options }) })
}
const WARNING =
  'defs.ts: service s: g__run_7d is always 0 here: its filter is on an outcome, so the event being scored ends the run; ' +
  'count the run of those before it: currentRun(...).excludeCurrent()'

describe('a run that the event being scored always ends', () => {
  const ends: readonly (readonly [string, Filter<'payments'>])[] = [
    ['a comparison', declined],
    ['another', ne(payments.status, 'approved')],
    ['with more', and(large, declined)],
    ['either of two', or(declined, eq(payments.status, 'approved'))],
    ['what is not null', not(isNull(payments.status))],
    ['not that it is null or large', not(or(isNull(payments.status), large))],
  ]
  it.each(ends)('%s', (_, filter) => expect(problems(currentRun(filter).over('7d'))).toEqual([WARNING]))

  const goOn: readonly (readonly [string, Filter<'payments'>])[] = [
    ['what is known', large],
    ['or what is known', or(large, declined)],
    ['not a comparison, which holds for null', not(declined)],
    ['what is not known yet', isNull(payments.status)],
    ['not both', not(and(declined, large))],
  ]
  it.each(goOn)('is none of %s', (_, filter) => expect(problems(currentRun(filter).over('7d'))).toEqual([]))

  it.each([
    ['that leaves the event out', currentRun(declined).excludeCurrent().over('7d')],
    ['that ended before', currentRun(declined).over('7d').delayed('1d')],
    [
      'among those whose outcome is known',
      currentRun(declined)
        .where(not(isNull(payments.status)))
        .over('7d'),
    ],
    ['of another kind', longestRun(declined).over('7d')],
  ])('is none %s', (_, run) => expect(problems(run)).toEqual([]))

  it('is none where no event is scored, and where it is not read', () => {
    const run = currentRun(declined).over('7d')
    expect(problems(run, {})).toEqual([])
    const group = featureGroup('g', { source: payments, entity: card, features: { run, n: count().over('7d') } })
    expect(problemsOf({ s: featureService('s', { event: payments, features: [group.pick('n_7d')] }) })).toEqual([])
  })
})
