import { beforeEach, describe, expect, it } from 'vitest'
import type { ServingError } from '../../src/serving/serving-error.ts'
import { hash64Hex } from '../../src/timeline/id-hash.ts'
import { DAY, HOUR, NOW, payment, World } from './world.ts'

describe('the events behind a value', () => {
  let world: World
  beforeEach(async () => {
    world = await new World().open()
  })
  const keys = { card_id: 'c1' }

  it('are the winners of its window that pass its filter, newest first', async () => {
    await world.put(
      'payments',
      payment({ id: 'edge', at: NOW - DAY, status: 'declined' }),
      payment({ id: 'old', at: NOW - DAY + 1, status: 'declined', amount: 7 }),
      payment({ id: 'good', at: NOW - HOUR }),
      payment({ id: 'turned', at: NOW - 5, status: 'approved' }),
      payment({
        id: 'turned',
        at: NOW - 5,
        status: 'declined',
        fraud: true,
        updated_at: 8,
        settled_at: '2026-05-02T00:00:00Z',
      }),
      payment({ id: 'future', at: NOW + 1, status: 'declined' }),
      payment({ id: 'other', card_id: 'c2', status: 'declined' }),
    )
    const answer = await world.vectors.featureEvents('card_velocity__declines_24h', { keys, at: NOW })
    const columns = { merchant_id: 'm1', points: 1, amount: 1_000, settled_at: null, status: 'declined' }
    expect(answer).toEqual({
      feature: 'card_velocity__declines_24h',
      as_of: NOW,
      window: { after_ms: NOW - DAY, until_ms: NOW },
      value: 2,
      status: 'ok',
      total: 2,
      events: [
        {
          time: '2026-05-01T11:59:59.995Z',
          time_ms: NOW - 5,
          id_hash: hash64Hex('turned'),
          version: 8,
          columns: { ...columns, settled_at: '2026-05-02T00:00:00.000Z' },
        },
        {
          time: '2026-04-30T12:00:00.001Z',
          time_ms: NOW - DAY + 1,
          id_hash: hash64Hex('old'),
          version: 1,
          columns: { ...columns, amount: 700 },
        },
      ],
    })
  })

  it('are of the delayed window', async () => {
    await world.put('payments', payment({ at: NOW - 7 * DAY }), payment({ at: NOW - 7 * DAY + 1 }))
    const answer = await world.vectors.featureEvents('merchant_risk__fraud_rate_7d_delayed_7d', {
      keys: { merchant_id: 'm1' },
    })
    expect(answer.window).toEqual({ after_ms: NOW - 14 * DAY, until_ms: NOW - 7 * DAY })
    expect(answer).toMatchObject({ value: 0, total: 1, events: [{ time_ms: NOW - 7 * DAY }] })
  })

  it('are as many as wanted', async () => {
    await world.put('payments', payment({ at: NOW - 2 }), payment({ at: NOW - 1 }), payment({ at: NOW }))
    const answer = await world.vectors.featureEvents('card_velocity__tx_count_24h', { keys, limit: 2 })
    expect(answer).toMatchObject({ value: 3, total: 3, events: [{ time_ms: NOW }, { time_ms: NOW - 1 }] })
  })

  it('say how good the value is', async () => {
    const ask = async (asked: object) => {
      const { value, status, total } = await world.vectors.featureEvents('card_velocity__tx_count_7d', asked)
      return { value, status, total }
    }
    expect(await ask({ keys })).toEqual({ value: 0, status: 'ok', total: 0 })
    expect(await ask({ keys: { card_id: null } })).toEqual({ value: null, status: 'missing', total: 0 })
    expect(await ask({ keys, at: NOW - 9 * DAY })).toEqual({ value: 0, status: 'incomplete', total: 0 })
    world.watermarks.payments = 0
    expect(await ask({ keys })).toEqual({ value: 0, status: 'stale', total: 0 })
    await world.put('payments', payment())
    for await (const key of world.store.keys('')) {
      await world.store.append([{ key, rows: new Uint8Array(7), expires_at_ms: null }])
    }
    expect(await ask({ keys })).toEqual({ value: null, status: 'error', total: 0 })
  })

  const WRONG: [feature: string, request: unknown, sentence: string][] = [
    [
      'card_velocity__tx_count_7h',
      { keys },
      "FEATURE_UNKNOWN: there is no feature 'card_velocity__tx_count_7h'; did you mean 'card_velocity__tx_count_1h'?",
    ],
    [
      'card_velocity__tx_count_1h',
      7,
      'REQUEST_SHAPE: 7 is not a request: it must be a JSON object; a question about a feature takes keys, at, limit',
    ],
    [
      'card_velocity__tx_count_1h',
      { key: 'c1' },
      "FIELD_UNKNOWN: 'key' is no field of a request; did you mean 'keys'? a question about a feature takes keys, at, limit",
    ],
    [
      'card_velocity__tx_count_1h',
      {},
      'FIELD_MISSING: card_velocity__tx_count_1h needs keys, and the request has none; send "keys": { "card_id": ... }',
    ],
    [
      'card_velocity__tx_count_1h',
      { keys, limit: 1e9 },
      'FIELD_VALUE: limit: 1000000000 is not a whole number from 0 to 10000; leave it out for 1,000',
    ],
  ]
  it.each(WRONG)('%s %j', async (feature, request, sentence) => {
    const error: ServingError = await world.vectors.featureEvents(feature, request).then(
      () => expect.unreachable(),
      (thrown: ServingError) => thrown,
    )
    expect(`${error.code}: ${error.message}; ${error.cure}`).toBe(sentence)
  })
})
