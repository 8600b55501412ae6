import { given } from 'millrace/testing'
import { describe, expect, it } from 'vitest'
import { collect } from '../../src/features/collect.ts'
import { makePlan } from '../../src/features/plan.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { count, entity, featureGroup, featureService, source, sum, z } from '../../src/index.ts'
import { catalogue } from '../../src/serving/http/catalogue.ts'
import { ServiceRequests } from '../../src/serving/service-request.ts'

const transfers = source('transfers', {
  schema: z.object({
    id: z.string(),
    at: z.int(),
    version: z.int(),
    payer_id: z.string(),
    payee_id: z.string().nullable(),
    amount: z.int(),
    returned: z.boolean().optional(),
  }),
  id: 'id',
  time: 'at',
  version: 'version',
  outcome: ['returned'],
})
const account = entity('account', { key: { account_id: z.string() } })
const sent = featureGroup('sent', {
  source: transfers,
  entity: account.from({ account_id: 'payer_id' }),
  features: {
    tx_count: count().over('7d'),
    spend: sum(transfers.amount).over('7d'),
    before: count().excludeCurrent().over('7d'),
  },
})
const scored = featureService('scored', {
  event: transfers,
  features: [
    sent,
    sent.as('payee', { account_id: 'payee_id' }),
    sent.pick('spend_7d').as('friend', { account_id: 'friend_id' }),
  ],
})

const T = Date.UTC(2026, 4, 1)
const transfer = (id: string, payer_id: string, payee_id: string | null, amount: number, minute = 0) => ({
  id,
  at: T + minute * 60_000,
  version: 1,
  payer_id,
  payee_id,
  amount,
})
const PAST = [
  transfer('1', 'anna', 'ben', 10),
  transfer('2', 'ben', 'anna', 200, 1),
  transfer('3', 'ben', 'carl', 4_000, 2),
]

/** Of the payer and of the payee: how many transfers, of how much, and how many before. Of the friend: of how much. */
const score = (event: ReturnType<typeof transfer>, past = PAST, friend_id = 'nobody') =>
  Object.values(given(transfers, past).get(scored, { event, keys: { friend_id } }))

describe('a group in a role', () => {
  it('is the same of another entity of the event, in whose events the one being scored is not', () => {
    expect(score(transfer('now', 'anna', 'ben', 7, 9), PAST, 'ben')).toEqual([2, 17, 1, 2, 4_200, 2, 4_200])
  })

  it('counts the event being scored where it is of that very entity: a transfer to oneself', () => {
    expect(score(transfer('now', 'ben', 'ben', 7, 9), PAST, 'ben')).toEqual([3, 4_207, 2, 3, 4_207, 2, 4_207])
  })

  it('counts no stored row of the event being scored, whatever it was before', () => {
    // What was stored of it says that ben sent it: the request knows better.
    const now = transfer('3', 'anna', 'ben', 7, 2)
    expect(score(now)).toEqual([2, 17, 1, 1, 200, 1, 0])
    // And it is counted once where it is stored already, as it is in the archive when training comes to it.
    const again = { ...transfer('3', 'ben', 'anna', 4_000, 2), version: 2 }
    expect(score(again)).toEqual([2, 4_200, 1, 1, 10, 1, 0])
    expect(score(again, [...PAST, again])).toEqual(score(again))
  })

  it('is missing where the event lacks its key', () => {
    expect(score(transfer('now', 'anna', null, 7, 9))).toEqual([2, 17, 1, null, null, null, 0])
  })

  it('asks for the keys that the event does not give, by the names of the role', () => {
    const model = resolveModel(collect([{ file: 'test.ts', exports: { scored } }]))
    const requests = new ServiceRequests(model.services.get('scored')!)
    const event = transfer('now', 'anna', 'ben', 7)
    const { keys } = requests.read({ event, keys: { friend_id: 'carl' } })
    expect(keys.map((key) => key!.replace(/^.*\{/, '{'))).toEqual(['{4:anna}', '{3:ben}', '{4:carl}'])
    expect(() => requests.read({ event, keys: {} })).toThrow('keys.friend_id is missing')
    expect(() => requests.read({ event, keys: { friend_id: 1 } })).toThrow('friend_id: 1 is not a text')
    expect(() => requests.read({ event, keys: { friend_id: 'c', payee_id: 'd' } })).toThrow(
      'keys.payee_id is given by the event',
    )
    expect(() => requests.read({ event, keys: { friend_id: 'c', account_id: 'd' } })).toThrow(
      'keys.account_id is no key of scored',
    )
  })

  it('is among all features, each of which says what its group counts', () => {
    const model = resolveModel(collect([{ file: 'test.ts', exports: { scored } }]))
    const { features, services, groups } = catalogue(model)
    const names = ['sent', 'payee'].flatMap((name) => [
      `${name}__tx_count_7d`,
      `${name}__spend_7d`,
      `${name}__before_7d`,
    ])
    expect(features.map(({ name }) => name)).toEqual([...names, 'friend__spend_7d'])
    expect(features.at(-1)).toMatchObject({ group: 'sent', role: 'friend', entity: 'account', services: ['scored'] })
    expect(groups.map(({ services }) => services)).toEqual([['scored']])
    expect(services[0]!.keys.map(({ name }) => name)).toEqual(['friend_id'])
    expect(services[0]!.roles).toEqual([
      { name: 'payee', group: 'sent', keys: [{ key: 'account_id', from: 'event', name: 'payee_id' }] },
      { name: 'friend', group: 'sent', keys: [{ key: 'account_id', from: 'keys', name: 'friend_id' }] },
    ])
  })

  it('comes and goes in a plan by its own names, over the timeline that is there', () => {
    const model = resolveModel(collect([{ file: 'test.ts', exports: { scored } }]))
    const plain = resolveModel(collect([{ file: 'test.ts', exports: { sent } }]))
    const basis = {
      live: { features: {}, services: {}, parts: {} },
      timelines: [],
      stats: new Map(),
      clock: 'wall',
      now_ms: T,
    } as const
    const added = (of: typeof model) => makePlan(of, basis).features.added.length
    expect([added(plain), added(model)]).toEqual([3, 7])
    expect([...model.timelines.values()]).toMatchObject(
      [...plain.timelines.values()].map(({ fingerprint }) => ({ fingerprint })),
    )
    expect(makePlan(model, basis).timelines.map(({ groups }) => groups)).toEqual([['sent']])
  })
})
