import { changed, countDistinct, entity, featureGroup, featureService, last, source, timeSinceLast, z } from 'millrace'
import { assertVector, clockAt, given, replay } from 'millrace/testing'
import { describe, expect, it } from 'vitest'

/** Impossible travel: a card that is in two countries within less time than there is a way between them. */

const withdrawals = source('withdrawals', {
  schema: z.object({
    id: z.string(),
    at: z.iso.datetime({ offset: true }),
    card_id: z.string(),
    // ISO 3166-1.
    country: z.string().regex(/^[A-Z]{2}$/),
  }),
  id: 'id',
  time: 'at',
})
const card = entity('card', { key: { card_id: z.string() } })
const travel = featureGroup('travel', {
  source: withdrawals,
  entity: card,
  features: {
    changed: changed(withdrawals.country).over('7d'),
    from: last(withdrawals.country).excludeCurrent().over('7d'),
    idle: timeSinceLast().excludeCurrent().over('7d'),
    countries: countDistinct(withdrawals.country).over('24h'),
  },
})
const HOUR_MS = 3_600_000
const atmRisk = featureService('atm_risk', {
  event: withdrawals,
  features: [travel],
  derive: {
    impossible: ({ f }) =>
      f.travel__changed_7d === true && f.travel__idle_7d !== null && f.travel__idle_7d < 2 * HOUR_MS,
  },
})

const { build, ago, now } = clockAt('2026-03-29T02:30:00Z')
const withdrawal = build(withdrawals, { card_id: 'c1', country: 'DE' })

describe('impossible travel', () => {
  it('tells the second of two countries within two hours', () => {
    const history = given(withdrawals, [withdrawal.ago('1h')])
    assertVector(
      history,
      atmRisk,
      { event: withdrawal.scored({ country: 'BR' }) },
      {
        travel__changed_7d: true,
        travel__from_7d: 'DE',
        travel__idle_7d: HOUR_MS,
        impossible: true,
      },
    )
    assertVector(history, atmRisk, { event: withdrawal.scored() }, { travel__changed_7d: false, impossible: false })
  })

  it('lets a flight be one', () => {
    const flight = given(withdrawals, [withdrawal.ago('12h')])
    assertVector(
      flight,
      atmRisk,
      { event: withdrawal.scored({ country: 'BR' }) },
      {
        travel__changed_7d: true,
        travel__countries_24h: 2,
        impossible: false,
      },
    )
  })

  it('knows nothing of a card that was not seen for a week', () => {
    const history = given(withdrawals, [withdrawal.ago('7d')])
    assertVector(
      history,
      atmRisk,
      { event: withdrawal.scored({ country: 'BR' }) },
      {
        travel__changed_7d: null,
        travel__from_7d: null,
        impossible: false,
      },
    )
  })

  it('goes by what has happened before, not by what arrived before', () => {
    const late = withdrawal.ago('90m', { country: 'FR' })
    const [home, abroad, third] = [withdrawal.ago('2h'), withdrawal.ago('1h', { country: 'BR' }), withdrawal()]
    const scored = replay(atmRisk, [home, abroad, late, third])
    expect(scored.map(({ vector }) => [vector.travel__from_7d, vector.impossible])).toEqual([
      [null, false],
      ['DE', true],
      ['DE', true],
      ['BR', true],
    ])
  })

  it('has hours of the same length in the night in which the clocks change', () => {
    // 01:30 and 04:30 in Berlin are two hours apart.
    const history = given(withdrawals, [withdrawal.at('2026-03-29T01:30:00+01:00')])
    const event = withdrawal.scored({ at: '2026-03-29T04:30:00+02:00' })
    expect([ago('2h'), now]).toEqual(['2026-03-29T00:30:00.000Z', '2026-03-29T02:30:00.000Z'])
    assertVector(history, atmRisk, { event }, { travel__idle_7d: 2 * HOUR_MS })
  })
})
