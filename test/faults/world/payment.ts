import { formatMoney } from '../../../src/features/money.ts'
import type { OracleEvent } from '../../oracle.ts'

/**
 * One version of one payment. Copies that are sent twice are the same object, and no two objects have the same id, time, card,
 * merchant and version.
 */
export interface Payment extends OracleEvent {
  readonly card_id: string
  readonly merchant_id: string
}

export type Json = Readonly<Record<string, unknown>>

/** The payment as a producer sends it. */
export function paymentJson(payment: Payment): Json {
  const { id, time_ms, version, deleted, values } = payment
  const { amount, fraud, ...others } = values
  const minor = amount as number
  return {
    ...others,
    id,
    // Both ways of writing a time and an amount.
    occurred_at: minor % 2 === 0 ? new Date(time_ms).toISOString() : withOffset(time_ms),
    updated_at: version,
    gone: deleted,
    amount: minor % 3 === 0 ? minor / 100 : formatMoney(minor, 2),
    ...(fraud === null ? {} : { fraud }),
  }
}

/** The payment as it is known while it is scored. */
export function scoredJson(payment: Payment): Json {
  const { label: _, fraud: __, ...known } = paymentJson(payment)
  return { ...known, gone: false }
}

/** The payment as it counts while it is scored: its outcome is not known. */
export function scoredForm(payment: Payment): Payment {
  return { ...payment, deleted: false, values: { ...payment.values, label: null, fraud: null } }
}

function withOffset(time_ms: number): string {
  return `${new Date(time_ms + 3_600_000).toISOString().slice(0, -1)}+01:00`
}
