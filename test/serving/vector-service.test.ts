import { beforeEach, describe, expect, it } from 'vitest'
import { DAY, HOUR, NOW, payment, scored, World } from './world.ts'

const REQUEST = { cart_items: 2 }

describe('a service answers from its timelines', () => {
  let world: World
  beforeEach(async () => {
    world = await new World().open()
  })
  const score = (event: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    world.vectors.answer('checkout_risk', { event, request: REQUEST, ...more })

  it('with the whole answer in its order', async () => {
    await world.put(
      'payments',
      payment({ at: NOW - 2 * DAY, amount: '30.00', merchant_id: 'm2' }),
      payment({ at: NOW - HOUR, amount: 5, status: 'declined', points: 4 }),
      payment({ at: NOW - 60_000, settled_at: '2026-05-01T13:00:00+02:00' }),
    )
    await world.put('payments', payment({ at: NOW - 10 * DAY, fraud: true, card_id: 'c9' }))
    await world.put('payments', payment({ at: NOW - 9 * DAY, card_id: 'c9' }))
    await world.put('logins', { login_id: 'l1', at: NOW - 5, card_id: 'c1', ip: '10.0.0.1' })
    world.watermarks.payments = NOW - 7
    const answer = await score(scored({ id: 'x', device_id: 'd7' }))
    expect(answer).toEqual({
      service: 'checkout_risk',
      version: world.model.services.get('checkout_risk')!.version,
      as_of: NOW,
      features: {
        card_velocity__tx_count_1h: 2,
        card_velocity__tx_count_24h: 3,
        card_velocity__tx_count_7d: 4,
        card_velocity__others_24h: 2,
        card_velocity__declines_24h: 1,
        card_velocity__spend_24h: 2_500,
        card_velocity__points_24h: 6,
        card_velocity__avg_amount_7d: 1_500,
        card_velocity__merchants_7d: 2,
        card_velocity__last_merchants_7d: ['m1', 'm1', 'm2'],
        // The scored payment's status is not known yet.
        card_velocity__last_status_7d: 'approved',
        card_velocity__last_settled_7d: '2026-05-01T11:00:00.000Z',
        card_velocity__idle_7d: 60_000,
        merchant_risk__fraud_rate_7d_delayed_7d: 0.5,
        device_velocity__tx_count_24h: 1,
        card_logins__logins_1h: 1,
        card_logins__ips_24h: 1,
        amount_vs_usual: 1_000 / 1_500,
        items_an_hour: 4,
        seen: '1000/2026-05-01T12:00:00.000Z/d7/false',
        devices: 1,
        failing: true,
      },
      status: {},
      watermarks: { payments: NOW - 7, logins: NOW },
    })
  })

  it('as empty for an entity that was never seen', async () => {
    const { features, status } = await world.ask('card_profile', { keys: { card_id: 'new', merchant_id: 'm1' } })
    expect(status).toEqual({})
    expect(features).toEqual({
      card_velocity__tx_count_7d: 0,
      card_velocity__spend_24h: 0,
      card_velocity__points_24h: 0,
      card_velocity__last_merchants_7d: [],
      pair__tx_count_7d: 0,
      pair__spend_7d: 0,
    })
  })

  it('with integers past 2^53 as texts of digits', async () => {
    const points = Number.MAX_SAFE_INTEGER
    await world.put('payments', payment({ points }), payment({ points }))
    const { features } = await world.ask('card_profile', { keys: { card_id: 'c1', merchant_id: 'm1' } })
    expect(features.card_velocity__points_24h).toBe(String(2n * BigInt(points)))
  })

  it('from keys for what the event does not give, and of other sources without the event', async () => {
    await world.put('payments', payment())
    const event = { login_id: 'l9', at: NOW, card_id: 'c1', ip: '10.0.0.9' }
    const { features } = await world.ask('login_risk', { event, keys: { merchant_id: 'm1' } })
    expect(features).toEqual({
      card_logins__logins_1h: 1,
      card_logins__ips_24h: 1,
      pair__tx_count_7d: 1,
      merchant_losses__lost_30d: 0,
    })
  })

  describe('the event being scored counts exactly once (L5)', () => {
    const counts = async (event: Record<string, unknown>) => {
      const { features } = await score(event)
      return {
        count: features.card_velocity__tx_count_24h,
        others: features.card_velocity__others_24h,
        declines: features.card_velocity__declines_24h,
        spend: features.card_velocity__spend_24h,
        merchants: features.card_velocity__merchants_7d,
        last_status: features.card_velocity__last_status_7d,
        idle: features.card_velocity__idle_7d,
        device: features.device_velocity__tx_count_24h,
      }
    }
    const event = scored({ id: 'now', merchant_id: 'm5', amount: '7.50' })
    const expected = {
      count: 2,
      others: 1,
      declines: 0,
      spend: 1_750,
      merchants: 2,
      last_status: 'approved',
      idle: HOUR,
      device: 2,
    }
    beforeEach(() => world.put('payments', payment({ at: NOW - HOUR })))

    const stored: [title: string, rows: Record<string, unknown>[]][] = [
      ['not stored', []],
      ['stored', [{ ...event, status: 'approved' }]],
      ['stored with an outcome that it must not see', [{ ...event, status: 'declined', fraud: true }]],
      [
        'stored in two versions',
        [
          { ...event, status: 'approved' },
          { ...event, status: 'declined', updated_at: 9 },
        ],
      ],
      ['stored as it was corrected later', [{ ...event, status: 'declined', amount: '99.00', updated_at: 9 }]],
      ['stored at another time', [payment({ id: 'now', at: NOW - 30 * 60_000, amount: 1 })]],
    ]
    it.each(stored)('%s', async (_, rows) => {
      await world.put('payments', ...rows)
      expect(await counts(event)).toEqual(expected)
    })

    it('and not at all before its time', async () => {
      const { features } = await score(event, { at: NOW - 1 })
      expect(features.card_velocity__tx_count_24h).toBe(1)
      expect(features.card_velocity__spend_24h).toBe(1_000)
    })
  })

  describe('at an instant', () => {
    beforeEach(() => world.put('payments', payment({ at: NOW - DAY }), payment({ at: NOW })))
    const keys = { card_id: 'c1', merchant_id: 'm1' }
    const spend = async (request: Record<string, unknown>) => {
      const answer = await world.vectors.answer('card_profile', { keys, ...request })
      return [answer.as_of, answer.features.card_velocity__spend_24h]
    }

    it('that is asked for in milliseconds or as ISO 8601', async () => {
      expect(await spend({ at: NOW - 1 })).toEqual([NOW - 1, 1_000])
      expect(await spend({ at: '2026-05-01T14:00:00+02:00' })).toEqual([NOW, 1_000])
      expect(await spend({ at: NOW - DAY - 1 })).toEqual([NOW - DAY - 1, 0])
    })

    it("that is the event's, else now", async () => {
      world.now_ms = NOW + 5
      expect(await spend({})).toEqual([NOW + 5, 1_000])
      expect((await score(scored({ at: NOW - HOUR }))).as_of).toBe(NOW - HOUR)
      expect((await score(scored({ at: NOW - HOUR }), { at: NOW })).as_of).toBe(NOW)
    })
  })

  it('reads all timelines of all rows at once', async () => {
    const calls: number[] = []
    const { store } = world
    const read = store.read.bind(store)
    store.read = (keys) => {
      calls.push(keys.length)
      return read(keys)
    }
    await score(scored())
    await world.vectors.answerBatch('checkout_risk', [
      { event: scored(), request: REQUEST },
      { event: scored({ device_id: null }), request: REQUEST },
    ])
    expect(calls).toEqual([4, 7])
  })

  it('tells of rows that are worth a compaction', async () => {
    await world.put('payments', payment({ at: NOW - 1 }), payment({ at: NOW - 2 }))
    await world.put('payments', payment({ at: NOW - 2, card_id: 'c2' }), payment({ at: NOW - 1, card_id: 'c2' }))
    await score(scored({ at: NOW - HOUR, card_id: 'c2', merchant_id: 'm9', device_id: null }))
    expect(world.untidy).toEqual([])
    await score(scored({ merchant_id: 'm9', device_id: null }))
    expect(world.untidy).toEqual([expect.stringContaining('{2:c1}')])
  })
})

describe('a batch', () => {
  it('is isolated by row', async () => {
    const world = await new World().open()
    await world.put('payments', payment({ at: NOW - HOUR }))
    const good = { event: scored(), request: REQUEST }
    const bad = { event: { ...scored(), amount: '1.234' }, request: REQUEST }
    const answers = await world.vectors.answerBatch('checkout_risk', [good, bad, null, good])
    const single = await world.vectors.answer('checkout_risk', good)
    expect(answers[0]).toEqual(single)
    expect(answers[1]).toMatchObject({ code: 'EVENT_VALUE', field: 'event.amount' })
    expect(answers[2]).toMatchObject({ code: 'REQUEST_SHAPE' })
    expect(answers[3]).toEqual(single)
    const texts = await world.vectors.answerBatchText('checkout_risk', [good, bad])
    expect(texts[0]).toBe(JSON.stringify(single))
    expect(texts[1]).toMatchObject({ code: 'EVENT_VALUE' })
  })

  it('may be empty', async () => {
    const world = await new World().open()
    expect(await world.vectors.answerBatch('checkout_risk', [])).toEqual([])
  })
})
