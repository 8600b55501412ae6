import type { Payment } from '../world/payment.ts'
import type { Slot } from './ledger.ts'

/** What may count for one (time, id): a payment, or nothing (null). Never empty; one alone is certain. */
export interface Candidates {
  readonly time_ms: number
  readonly id: string
  readonly payments: readonly (Payment | null)[]
}

/**
 * What may win each slot (L1), where all that was acknowledged before the watermark is counted and anything that was sent may be. A null
 * watermark: nothing is surely counted.
 */
export function candidatesOf(slots: readonly Slot[], watermark_ms: number | null): Candidates[] {
  return slots.map(({ time_ms, id, copies }) => {
    let sure: Payment | null = null
    for (const { payment, acked_ms } of copies) {
      if (watermark_ms === null || acked_ms === null || acked_ms >= watermark_ms) continue
      if (sure === null || payment.version > sure.version) sure = payment
    }
    const payments = new Set<Payment | null>([counted(sure)])
    for (const { payment } of copies) if (payment.version > (sure?.version ?? -1)) payments.add(counted(payment))
    return { time_ms, id, payments: [...payments] }
  })
}

function counted(payment: Payment | null): Payment | null {
  return payment?.deleted === true ? null : payment
}
