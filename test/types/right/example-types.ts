import type { EventIn, EventSeen, InputOf, Services, VectorOf } from 'millrace'
import type * as example from './example.ts'
import { type Equal, expectType } from './expect-type.ts'

interface Scored {
  readonly id: string
  readonly occurred_at: string
  readonly card_id: string
  readonly merchant_id: string
  readonly device_id: string | null
}

// What the caller sends: money as text or number, no outcome, a version if he likes, no keys, as the event gives them all.
type Flat<X> = { [N in keyof X]: X[N] }
type Sent = Flat<Scored & { readonly amount: string | number; readonly updated_at?: number }>
expectType<Equal<Flat<EventIn<typeof example.payments>>, Sent>>()
type Input = InputOf<typeof example.checkoutRisk>
expectType<Equal<keyof Input, 'at' | 'event' | 'request'>>()
expectType<Equal<Input['event'], EventIn<typeof example.payments>>>()
expectType<Equal<Input['request'], { cart_items: number }>>()
expectType<Equal<Input['at'], number | string | undefined>>()

// What derive sees: money in minor units.
expectType<Equal<Flat<EventSeen<typeof example.payments>>, Flat<Scored & { readonly amount: number }>>>()

// What is answered.
expectType<
  Equal<
    VectorOf<typeof example.checkoutRisk>,
    {
      readonly card_velocity__tx_count_5m: number
      readonly card_velocity__tx_count_1h: number
      readonly card_velocity__tx_count_24h: number
      readonly card_velocity__tx_count_7d: number
      readonly card_velocity__tx_count_30d: number
      readonly card_velocity__declines_1h: number
      readonly card_velocity__declines_24h: number
      readonly card_velocity__spend_24h: number | string
      readonly card_velocity__spend_7d: number | string
      readonly card_velocity__avg_amount_7d: number | null
      readonly card_velocity__avg_amount_30d: number | null
      readonly card_velocity__merchants_24h: number
      readonly card_velocity__merchants_7d: number
      readonly card_velocity__last_merchants_7d: string[]
      readonly card_velocity__idle_30d: number | null
      readonly merchant_risk__fraud_rate_7d_delayed_7d: number | null
      readonly amount_vs_usual: number | null
    }
  >
>()

// A client finds the services of a module by their names.
expectType<Equal<keyof Services<typeof example>, 'checkout_risk'>>()
expectType<Equal<Services<typeof example>['checkout_risk'], typeof example.checkoutRisk>>()
