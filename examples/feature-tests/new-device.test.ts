import { countDistinct, entity, featureGroup, featureService, isNew, source, z } from 'millrace'
import { ago, ahead, assertVector, build, given, replay } from 'millrace/testing'
import { describe, expect, it } from 'vitest'

/** First use of a device: an account that logs in from where it never was, the first sign of a takeover. */

const logins = source('logins', {
  schema: z.object({
    id: z.string(),
    at: z.iso.datetime({ offset: true }),
    account_id: z.string(),
    device_id: z.uuid().nullable(),
  }),
  id: 'id',
  time: 'at',
})
const account = entity('account', { key: { account_id: z.string() } })
const devices = featureGroup('devices', {
  source: logins,
  entity: account,
  features: {
    is_new: isNew(logins.device_id).over('90d'),
    used: countDistinct(logins.device_id).over('1h', '90d'),
  },
})
const loginRisk = featureService('login_risk', { event: logins, features: [devices] })

const PHONE = '00000000-0000-4000-8000-00000000000a'
const LAPTOP = '00000000-0000-4000-8000-00000000000b'
const login = build(logins, { account_id: 'anna', device_id: PHONE })

describe('first use of a device', () => {
  it('is told once for each device', () => {
    const days = login
      .from(ago('5d'))
      .every('1d')
      .times(5, (i) => ({ device_id: i < 3 ? PHONE : LAPTOP }))
    const scored = replay(loginRisk, days)
    expect(scored.map(({ vector }) => vector.devices__is_new_90d)).toEqual([true, false, false, true, false])
  })

  it('is forgotten with the window: a phone from the drawer is new again', () => {
    const history = given(logins, [login.ago('90d')])
    assertVector(history, loginRisk, { event: login.scored() }, { devices__is_new_90d: true })
    assertVector(history, loginRisk, { event: login.scored({ at: ago('1s') }) }, { devices__is_new_90d: false })
  })

  it('of another account says nothing of this one', () => {
    const others = given(logins, [login.ago('1d', { account_id: 'ben' })])
    assertVector(others, loginRisk, { event: login.scored() }, { devices__is_new_90d: true, devices__used_90d: 1 })
  })

  it('is not known where the device is not', () => {
    const event = login.scored({ device_id: null })
    assertVector(given(logins, login.times(3)), loginRisk, { event }, { devices__is_new_90d: null })
  })

  it('many of them within an hour are a farm', () => {
    const farm = login.every('2m').times(8, (i) => ({ device_id: LAPTOP.slice(0, -1) + i }))
    const seen = given(logins, farm).over(ago('20m'), ahead('60m'), '10m')
    const used = seen.get(loginRisk, { event: login.scored({ at: ahead('2h') }) }, 'devices__used_1h')
    expect(used).toEqual([0, 4, 8, 8, 8, 8, 8, 4, 0])
  })
})
