import { describe, expect, it } from 'vitest'
import { featureService, z } from '../../src/index.ts'
import type { ServingError } from '../../src/serving/serving-error.ts'
import { pairVelocity } from './definitions.ts'
import { modelOf, scored, World } from './world.ts'

const event = scored({ id: 'x', at: Date.UTC(2026, 4, 1) })
const request = { cart_items: 1 }
const good = { event, request }
const login = { login_id: 'l', at: Date.UTC(2026, 4, 1), card_id: 'c', ip: 'i' }
const keys = { card_id: 'c', merchant_id: 'm' }

type Case = [service: string, request: unknown, sentence: string]

/** Each as `CODE field: message; cure`. */
const WRONG: Case[] = [
  ['checkout_risc', good, "SERVICE_UNKNOWN: there is no service 'checkout_risc'; did you mean 'checkout_risk'?"],
  [
    'nothing_like_it',
    good,
    "SERVICE_UNKNOWN: there is no service 'nothing_like_it'; there are card_profile, checkout_risk, login_risk",
  ],
  [
    'checkout_risk',
    null,
    'REQUEST_SHAPE: null is not a request: it must be a JSON object; checkout_risk takes event, request, at',
  ],
  [
    'checkout_risk',
    [good],
    'REQUEST_SHAPE: an array is not a request: it must be a JSON object; checkout_risk takes event, request, at',
  ],
  ['card_profile', 'c1', 'REQUEST_SHAPE: "c1" is not a request: it must be a JSON object; card_profile takes keys, at'],
  [
    'checkout_risk',
    { ...good, evnt: 1 },
    "FIELD_UNKNOWN evnt: 'evnt' is no field of a request; did you mean 'event'? checkout_risk takes event, request, at",
  ],
  [
    'checkout_risk',
    JSON.parse('{"__proto__": {}}'),
    "FIELD_UNKNOWN __proto__: '__proto__' is no field of a request; there are at, event, request; checkout_risk takes event, request, at",
  ],
  ['card_profile', { keys, event }, 'FIELD_UNKNOWN event: card_profile scores no event; card_profile takes keys, at'],
  [
    'card_profile',
    { keys, request },
    'FIELD_UNKNOWN request: card_profile takes no request; card_profile takes keys, at',
  ],
  [
    'checkout_risk',
    { request },
    'FIELD_MISSING event: checkout_risk scores an event of payments, and the request has none; send it as "event": { "id": ..., ... }',
  ],
  [
    'checkout_risk',
    { event: [], request },
    'EVENT_SHAPE event: an array is not an event of payments: send a JSON object with a field for each column; send a JSON object with a field for each column',
  ],
  [
    'checkout_risk',
    { event: { ...event, card_id: undefined }, request },
    'EVENT_MISSING event.card_id: card_id is missing; send it, or define the column as .nullable()',
  ],
  [
    'checkout_risk',
    { event: { ...event, card_id: 12 }, request },
    'EVENT_TYPE event.card_id: card_id: 12 is not a text; send a text',
  ],
  [
    'checkout_risk',
    { event: { ...event, amount: '1.005' }, request },
    'EVENT_VALUE event.amount: amount: "1.005" has more than 2 decimals: money at scale 2 is never rounded; send an amount with at most 2 decimals',
  ],
  [
    'checkout_risk',
    { event: { ...event, occurred_at: '2026-05-01T12:00:00' }, request },
    'EVENT_VALUE event.occurred_at: occurred_at: "2026-05-01T12:00:00" names no instant: end it with Z or its offset; end it with Z or its offset',
  ],
  [
    'checkout_risk',
    { event: { ...event, fraud: false }, request },
    'EVENT_OUTCOME event.fraud: fraud is an outcome: it is not known while the event is scored, so leave it out (it is null until the event itself arrives); leave it out',
  ],
  [
    'checkout_risk',
    { ...good, keys: { card_id: 'c1' } },
    'FIELD_UNKNOWN keys.card_id: keys.card_id is given by the event; leave it out: two values for one key could differ',
  ],
  [
    'checkout_risk',
    { ...good, keys: { shop: 'c1' } },
    'FIELD_UNKNOWN keys.shop: keys.shop is no key of checkout_risk; leave keys out: the event gives them all',
  ],
  [
    'checkout_risk',
    { event },
    'FIELD_MISSING request: checkout_risk needs request, and it has none; send "request": { "cart_items": ..., "coupon": ... }',
  ],
  [
    'checkout_risk',
    { event, request: { cart_items: 'two' } },
    'FIELD_VALUE request.cart_items: request.cart_items: Invalid input: expected number, received string',
  ],
  [
    'checkout_risk',
    { event, request: { cart_items: 1.5, coupon: 5 } },
    'FIELD_VALUE request.cart_items: request.cart_items: Invalid input: expected int, received number; request.coupon: Invalid input: expected string, received number',
  ],
  [
    'card_profile',
    {},
    'FIELD_MISSING keys: card_profile needs keys, and the request has none; send "keys": { "card_id": ..., "merchant_id": ... }',
  ],
  [
    'card_profile',
    { keys: 'c1' },
    'REQUEST_SHAPE keys: keys: "c1" is not an object; send "keys": { "card_id": ..., "merchant_id": ... }',
  ],
  [
    'card_profile',
    { keys: { card_id: 'c' } },
    'FIELD_MISSING keys.merchant_id: keys.merchant_id is missing; send it, or null where it is not known: its features are null then',
  ],
  [
    'card_profile',
    { keys: { ...keys, merchant: 'm' } },
    "FIELD_UNKNOWN keys.merchant: keys.merchant is no key of card_profile; did you mean 'merchant_id'?",
  ],
  [
    'card_profile',
    { keys: { ...keys, card_id: 7 } },
    'EVENT_TYPE keys.card_id: keys.card_id: 7 is not a text; send a text',
  ],
  [
    'login_risk',
    { event: login, keys },
    'FIELD_UNKNOWN keys.card_id: keys.card_id is given by the event; leave it out: two values for one key could differ',
  ],
  [
    'login_risk',
    { event: { ...login, at: 1_777_000_000 }, keys: { merchant_id: 'm' } },
    'EVENT_VALUE event.at: at: 1777000000 is outside the years 2000 to 2100: the unit is wrong, times are epoch milliseconds; send epoch milliseconds',
  ],
  [
    'card_profile',
    { keys, at: 'yesterday' },
    'FIELD_VALUE at: at: "yesterday" is not an instant; send epoch milliseconds, as 1714566600000, or ISO 8601 with an offset, as "2024-05-01T12:30:00Z"',
  ],
  [
    'card_profile',
    { keys, at: '2026-05-01T12:00:00' },
    'FIELD_VALUE at: at: "2026-05-01T12:00:00" is not an instant; send epoch milliseconds, as 1714566600000, or ISO 8601 with an offset, as "2024-05-01T12:30:00Z"',
  ],
  [
    'card_profile',
    { keys, at: 1_777_000_000 },
    'FIELD_VALUE at: at: 1777000000 is outside the years 2000 to 2100; send epoch milliseconds, as 1714566600000, or ISO 8601 with an offset, as "2024-05-01T12:30:00Z"',
  ],
  [
    'card_profile',
    { keys, at: 1_777_000_000_000.5 },
    'FIELD_VALUE at: at: 1777000000000.5 is not an instant; send epoch milliseconds, as 1714566600000, or ISO 8601 with an offset, as "2024-05-01T12:30:00Z"',
  ],
  [
    'card_profile',
    { keys, at: true },
    'FIELD_VALUE at: at: true is not an instant; send epoch milliseconds, as 1714566600000, or ISO 8601 with an offset, as "2024-05-01T12:30:00Z"',
  ],
]

describe('a wrong request is refused in a sentence', async () => {
  const world = await new World().open()
  it.each(WRONG)('%s %j', async (service, wrong, sentence) => {
    const error: ServingError = await world.vectors.answer(service, wrong).then(
      () => expect.unreachable(),
      (thrown: ServingError) => thrown,
    )
    const field = error.field === null ? '' : ` ${error.field}`
    const cure = error.cure === null ? '' : `; ${error.cure}`
    expect(`${error.code}${field}: ${error.message}${cure}`).toBe(sentence)
    expect(error.retryable).toBe(false)
  })

  it('a request of a schema that contains itself, nested too deep', async () => {
    const tree = z.object({
      get more() {
        return tree.optional()
      },
    })
    const service = featureService('deep', { features: [pairVelocity], request: tree })
    const { vectors } = await new World({ model: modelOf({ service }) }).open()
    const nested = (depth: number) => JSON.parse(`${'{"more":'.repeat(depth)}{}${'}'.repeat(depth)}`) as object
    expect((await vectors.answer('deep', { keys, request: nested(10) })).service).toBe('deep')
    await expect(vectors.answer('deep', { keys, request: nested(50_000) })).rejects.toMatchObject({
      code: 'FIELD_VALUE',
      message: 'request is nested too deep',
      field: 'request',
    })
  })

  it('but keys that say nothing are none', async () => {
    expect((await world.vectors.answer('checkout_risk', { ...good, keys: {} })).status).toEqual({})
  })
})
