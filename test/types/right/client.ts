import type { EventOf, InputOf, VectorOf } from 'millrace'
import { type Answer, type AnyVector, createClient, type FeatureStatus, MillraceError } from 'millrace/client'
import type { FeatureStatus as ServedStatus } from '../../../src/serving/feature-status.ts'
import type * as example from './example.ts'
import { type Equal, expectType } from './expect-type.ts'
import type * as services from './services.ts'

// From the definitions to the answer.
const client = createClient<typeof example>({ url: 'http://127.0.0.1:8080', apiKey: 'k', timeout_ms: 50, retries: 1 })
const event: InputOf<typeof example.checkoutRisk>['event'] = {
  id: 'p',
  occurred_at: '2026-01-01T00:00:00Z',
  updated_at: 1,
  card_id: 'c',
  merchant_id: 'm',
  device_id: null,
  amount: '12.34',
}
const { signal } = new AbortController()
const answer = await client.get('checkout_risk', { event, request: { cart_items: 1 }, at: 1 }, { signal, retries: 0 })
expectType<Equal<typeof answer, Answer<VectorOf<typeof example.checkoutRisk>, 'checkout_risk'>>>()
expectType<Equal<typeof answer.features.card_velocity__spend_7d, number | string>>()
expectType<Equal<typeof answer.status.card_velocity__spend_7d, FeatureStatus | undefined>>()
expectType<Equal<FeatureStatus, ServedStatus>>()

// A row of a batch is one or the other.
for (const row of await client.batch('checkout_risk', [{ event, request: { cart_items: 1 } }])) {
  if (row.error === undefined) expectType<Equal<typeof row.features.amount_vs_usual, number | null>>()
  else expectType<Equal<typeof row.error, MillraceError>>()
}

// Numbers alone, and what they are.
const form = await client.vectorForm('checkout_risk')
expectType<Equal<(typeof form.names)[0], keyof VectorOf<typeof example.checkoutRisk>>>()
const vector = await client.vector('checkout_risk', { event, request: { cart_items: 1 } }, form)
expectType<Equal<(typeof vector.values)[0], number | null>>()

// Events of a source, with their outcome.
const paid: EventOf<typeof example.payments> = { ...event, updated_at: 1, status: 'approved', fraud: true }
const { accepted, rejected } = await client.send('payments', [paid])
expectType<Equal<[typeof accepted, (typeof rejected)[0]['index']], [number, number]>>()

// Definitions in several files, and names that are the services' own and not those of the exports.
const both = createClient<typeof example & typeof services>({ url: 'http://127.0.0.1:8080' })
expectType<Equal<Parameters<typeof both.get>[0], 'checkout_risk' | 'derived'>>()
expectType<Equal<Parameters<typeof both.send>[0], 'payments' | 'logins'>>()
const derived = await both.get('derived', { keys: { card_id: 'c' }, request: { weight: 1 } })
expectType<Equal<typeof derived.features.busy, boolean | null>>()

// Without definitions every name goes, and a value may be anything.
const untyped = await createClient({ url: 'http://127.0.0.1:8080' }).get('any', { keys: { a: 1 } })
expectType<Equal<typeof untyped, Answer<AnyVector, 'any'>>>()

try {
  await client.send('logins', [{ id: 1, at: 1, cardNo: 'c', seconds: 0.5, gone: false }])
} catch (error) {
  if (error instanceof MillraceError && error.code === 'TIMEOUT') expectType<Equal<typeof error.cure, string | null>>()
}
