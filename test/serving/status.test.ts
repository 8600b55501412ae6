import { describe, expect, it } from 'vitest'
import { updateTimeline } from '../../src/stores/timeline-registry.ts'
import { DAY, HOUR, NOW, payment, scored, World } from './world.ts'

const ask = { request: { cart_items: 1 } }
const DERIVED_OF_CARD = ['amount_vs_usual', 'items_an_hour']

async function opened(options: ConstructorParameters<typeof World>[0] = {}): Promise<World> {
  const world = await new World(options).open()
  await world.put('payments', payment({ at: NOW - HOUR }))
  return world
}

function withStatus(status: Readonly<Record<string, string>>, wanted: string): string[] {
  return Object.keys(status).filter((name) => status[name] === wanted)
}

describe('missing', () => {
  it('where a part of the key is null, and in what is derived from it', async () => {
    const world = await opened()
    const { features, status } = await world.ask('checkout_risk', { event: scored({ device_id: null }), ...ask })
    expect(status).toEqual({ device_velocity__tx_count_24h: 'missing', devices: 'missing' })
    expect(features).toMatchObject({
      device_velocity__tx_count_24h: null,
      devices: null,
      card_velocity__tx_count_1h: 1,
    })
  })

  it('where a key is given as null', async () => {
    const world = await opened()
    const { features, status } = await world.ask('card_profile', { keys: { card_id: 'c1', merchant_id: null } })
    expect(status).toEqual({ pair__tx_count_7d: 'missing', pair__spend_7d: 'missing' })
    expect(features).toMatchObject({ card_velocity__tx_count_7d: 1, pair__tx_count_7d: null })
  })
})

describe('incomplete', () => {
  it('where the window begins before what is covered', async () => {
    const world = await opened()
    const { fingerprint } = world.timeline('payments', 'card')
    await world.cover(fingerprint, NOW - DAY)
    await world.vectors.refresh()
    const { status, features } = await world.ask('checkout_risk', { event: scored(), ...ask })
    // The window of 24 hours begins exactly where the timeline does.
    expect(Object.keys(status).sort()).toEqual([
      'amount_vs_usual',
      'card_velocity__avg_amount_7d',
      'card_velocity__idle_7d',
      'card_velocity__last_merchants_7d',
      'card_velocity__last_settled_7d',
      'card_velocity__last_status_7d',
      'card_velocity__merchants_7d',
      'card_velocity__tx_count_7d',
    ])
    expect(new Set(Object.values(status))).toEqual(new Set(['incomplete']))
    // What is there is told all the same.
    expect(features.card_velocity__tx_count_7d).toBe(2)
    const earlier = await world.ask('checkout_risk', { event: scored({ at: NOW - 1 }), ...ask })
    expect(earlier.status.card_velocity__tx_count_24h).toBe('incomplete')
  })

  it('where nothing is covered', async () => {
    const world = await opened()
    await world.cover(world.timeline('payments', 'card').fingerprint, null)
    await world.vectors.refresh()
    const { status } = await world.ask('checkout_risk', { event: scored(), ...ask })
    expect(withStatus(status, 'incomplete')).toHaveLength(13 + DERIVED_OF_CARD.length)
  })

  it('only in features of a column that is not covered', async () => {
    const world = await opened()
    await updateTimeline(world.store, world.timeline('payments', 'card').fingerprint, (record) => {
      const amount = record.schemas.columns.findIndex(({ name }) => name === 'amount')
      const { [amount]: _, ...columns } = record.coverage.columns
      return { ...record, coverage: { ...record.coverage, columns } }
    })
    await world.vectors.refresh()
    const { status } = await world.ask('checkout_risk', { event: scored(), ...ask })
    expect(Object.keys(status).sort()).toEqual([
      'amount_vs_usual',
      'card_velocity__avg_amount_7d',
      'card_velocity__spend_24h',
    ])
  })

  it('where the clock may have pruned older rows, but not while past data is replayed', async () => {
    const request = { keys: { card_id: 'c1', merchant_id: 'm1' } }
    // Windows of 7 days and a lookback of 2: rows are kept for 9 days.
    const edge = NOW - 2 * DAY
    const world = await opened()
    expect((await world.ask('card_profile', { ...request, at: edge })).status).toEqual({})
    const { status } = await world.ask('card_profile', { ...request, at: edge - 1 })
    expect(status).toEqual({
      card_velocity__tx_count_7d: 'incomplete',
      card_velocity__last_merchants_7d: 'incomplete',
      pair__tx_count_7d: 'incomplete',
      pair__spend_7d: 'incomplete',
    })
    const replayed = await opened({ clock: 'history' })
    expect((await replayed.ask('card_profile', { ...request, at: edge - 100 * DAY })).status).toEqual({})
  })

  it('where rows were pruned', async () => {
    const world = await opened()
    const { fingerprint } = world.timeline('payments', 'card')
    await updateTimeline(world.store, fingerprint, (record) => ({ ...record, pruned_ms: NOW - 7 * DAY }))
    await world.vectors.refresh()
    const request = { keys: { card_id: 'c1', merchant_id: 'm1' } }
    expect((await world.ask('card_profile', { ...request, at: NOW })).status).toEqual({})
    expect((await world.ask('card_profile', { ...request, at: NOW - 1 })).status).toEqual({
      card_velocity__tx_count_7d: 'incomplete',
      card_velocity__last_merchants_7d: 'incomplete',
    })
  })
})

describe('stale', () => {
  it('where the watermark is more than a minute behind', async () => {
    const world = await opened()
    world.watermarks.logins = NOW - 60_000
    const event = scored()
    expect((await world.ask('checkout_risk', { event, ...ask })).status).toEqual({})
    world.watermarks.logins = NOW - 60_001
    const { status, features } = await world.ask('checkout_risk', { event, ...ask })
    expect(status).toEqual({ card_logins__logins_1h: 'stale', card_logins__ips_24h: 'stale' })
    expect(features.card_logins__logins_1h).toBe(0)
  })

  it('where a stream has no watermark yet, but not where there is no stream', async () => {
    const world = await opened()
    world.watermarks = { logins: null, chargebacks: null }
    const event = { login_id: 'l9', at: NOW, card_id: 'c1', ip: '10.0.0.9' }
    const answer = await world.vectors.answer('login_risk', { event, keys: { merchant_id: 'm1' } })
    expect(answer.status).toEqual({ card_logins__logins_1h: 'stale', card_logins__ips_24h: 'stale' })
    expect(answer.watermarks).toEqual({ payments: NOW })
  })
})

describe('error', () => {
  it('where a timeline holds bytes that are no rows, and in what is derived from it', async () => {
    const world = await opened()
    const [key] = await keysOf(world, 'device')
    await world.store.append([{ key: key!, rows: new Uint8Array([1, 2, 3]), expires_at_ms: null }])
    const { status, features } = await world.ask('checkout_risk', { event: scored(), ...ask })
    expect(status).toEqual({ device_velocity__tx_count_24h: 'error', devices: 'error' })
    expect(features).toMatchObject({ device_velocity__tx_count_24h: null, devices: null })
  })

  it('where a derive function throws', async () => {
    const world = await opened()
    const { status, features } = await world.ask('checkout_risk', { event: scored({ amount: 666 }), ...ask })
    expect(status).toEqual({ failing: 'error' })
    expect(features.failing).toBeNull()
  })

  it('beats missing, which beats incomplete, which beats stale', async () => {
    const world = await opened()
    world.watermarks.payments = 0
    const { fingerprint } = world.timeline('payments', 'card')
    await world.cover(fingerprint, NOW - DAY)
    await world.vectors.refresh()
    const event = scored({ device_id: null, amount: 666 })
    const { status } = await world.ask('checkout_risk', { event, ...ask })
    expect(status).toMatchObject({
      card_velocity__tx_count_24h: 'stale',
      card_velocity__tx_count_7d: 'incomplete',
      device_velocity__tx_count_24h: 'missing',
      devices: 'missing',
      amount_vs_usual: 'incomplete',
      failing: 'error',
    })
  })

  it('is the whole answer where the store cannot be read', async () => {
    const world = await opened()
    await world.store.close()
    const answer = world.vectors.answer('checkout_risk', { event: scored(), ...ask })
    await expect(answer).rejects.toMatchObject({ code: 'STORE_FAILED', fault: 'external', retryable: true })
    const batch = world.vectors.answerBatch('checkout_risk', [{ event: scored(), ...ask }])
    await expect(batch).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
})

async function keysOf(world: World, entity: string): Promise<string[]> {
  const keys: string[] = []
  const { fingerprint } = world.timeline('payments', entity)
  for await (const key of world.store.keys('')) if (key.includes(fingerprint)) keys.push(key)
  return keys
}
