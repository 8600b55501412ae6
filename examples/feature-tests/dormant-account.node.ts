import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { count, entity, featureGroup, featureService, money, source, sum, timeSinceLast, z } from 'millrace'
import { ago, ahead, assertVector, build, given, NOW } from 'millrace/testing'

/**
 * Dormant account: one that was quiet for a quarter and wakes up with much money. These tests run under Node's own runner:
 * `node --import tsx --test examples/feature-tests/dormant-account.node.ts`.
 */

const bookings = source('bookings', {
  schema: z.object({
    booking: z.int().positive(),
    at: z.int(), // epoch milliseconds
    account_id: z.string(),
    amount: money({ scale: 2 }),
  }),
  id: 'booking',
  time: 'at',
})
const account = entity('account', { key: { account_id: z.string() } })
const activity = featureGroup('activity', {
  source: bookings,
  entity: account,
  features: {
    count: count().excludeCurrent().over('90d'),
    idle: timeSinceLast().excludeCurrent().over('365d'),
    spend: sum(bookings.amount).over('1h'),
  },
})
const DAY_MS = 86_400_000
const bookingRisk = featureService('booking_risk', {
  event: bookings,
  features: [activity],
  derive: {
    woke_up: ({ f }) =>
      f.activity__count_90d === 0 && f.activity__idle_365d !== null && Number(f.activity__spend_1h) >= 100_000,
  },
})

const booking = build(bookings, { account_id: 'a1', amount: '25.00' })
const large = { event: booking.scored({ amount: '1500.00' }) }

describe('dormant account', () => {
  it('wakes up with a large booking after a quarter without one', () => {
    const dormant = given(bookings, [booking.ago('120d')])
    assertVector(dormant, bookingRisk, large, {
      activity__count_90d: 0,
      activity__idle_365d: 120 * DAY_MS,
      woke_up: true,
    })
    assertVector(dormant, bookingRisk, { event: booking.scored() }, { woke_up: false })
  })

  it('is not dormant while it is used, and not where it is new', () => {
    assertVector(given(bookings, [booking.ago('120d'), booking.ago('2d')]), bookingRisk, large, { woke_up: false })
    assertVector(given(bookings, []), bookingRisk, large, { activity__idle_365d: null, woke_up: false })
  })

  it('falls asleep to the millisecond', () => {
    const used = given(bookings, [booking.ago('90d')])
    const before_ms = Date.parse(NOW) - 1
    assertVector(used.at(before_ms), bookingRisk, large, { activity__count_90d: 1 })
    assertVector(used.at(NOW), bookingRisk, large, { activity__count_90d: 0 })
  })

  it('grows idle day by day until it is forgotten', () => {
    const used = given(bookings, [booking()])
    const event = booking.scored({ at: Date.parse(ahead('400d')) })
    const days = used.over(NOW, ahead('400d'), '100d').get(bookingRisk, { event }, 'activity__idle_365d')
    assert.deepEqual(days, [0, 100 * DAY_MS, 200 * DAY_MS, 300 * DAY_MS, null])
  })

  it('says which bookings a value is of', () => {
    const history = given(bookings, [booking.ago('91d'), booking.ago('89d')])
    const { counted, passedOver } = history.ask(bookingRisk, large).explain('activity__count_90d')
    assert.deepEqual([counted.length, passedOver.length], [1, 2])
    assert.equal(counted[0]!.time, ago('89d'))
  })
})
