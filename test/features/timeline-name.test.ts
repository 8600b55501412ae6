import { expect, it } from 'vitest'
import { timelineName } from '../../src/features/timeline-name.ts'
import { count, entity, featureGroup, z } from '../../src/index.ts'
import { modelOf, payments, untyped } from './definition-kit.ts'

const ID = z.string()
const transfers = payments({ account_id: ID, payer_id: ID, payee_id: ID })
const account = entity('account', { key: { account_id: ID } })
const pair = entity('pair', { key: { account_id: ID, payee_id: ID } })

it('tells the timelines of one entity from each other', () => {
  const group = (name: string, of: unknown) =>
    featureGroup(name, untyped({ source: transfers, entity: of, features: { n: count().over('1h') } }))
  const { timelines } = modelOf({
    own: group('own', account),
    paid: group('paid', account.from({ account_id: 'payer_id' })),
    received: group('received', account.from({ account_id: 'payee_id' })),
    between: group('between', pair),
    sent: group('sent', pair.from({ account_id: 'payer_id' })),
  })
  expect([...timelines.values()].map(timelineName).sort()).toEqual([
    'payments by account',
    'payments by account (payee_id)',
    'payments by account (payer_id)',
    'payments by pair',
    'payments by pair (payer_id, payee_id)',
  ])
})
