import type { Payment } from '../world/payment.ts'
import type { Candidates, Slot } from './ledger.ts'

/**
 * What may win each slot (L1), where all that was acknowledged before the watermark is counted and anything that was sent may be. A null
 * watermark: nothing is surely counted.
 */
export function candidatesOf(slots: readonly Slot[], watermark_ms: number | null): Candidates[] {
  return slots.map((slot) => {
    const { certain, copies } = slot
    // Nearly all slots of a long test are of this kind.
    if (certain !== undefined && certain.copies === copies.length && certain.acked_ms < (watermark_ms ?? 0)) {
      return certain.candidates
    }
    return slotCandidates(slot, watermark_ms)
  })
}

function slotCandidates(slot: Slot, watermark_ms: number | null): Candidates {
  const { time_ms, id, copies } = slot
  let sure: Payment | null = null
  let acked_ms = 0
  for (const copy of copies) {
    acked_ms = Math.max(acked_ms, copy.acked_ms ?? Number.POSITIVE_INFINITY)
    if (watermark_ms === null || copy.acked_ms === null || copy.acked_ms >= watermark_ms) continue
    if (sure === null || copy.payment.version > sure.version) sure = copy.payment
  }
  const payments = new Set<Payment | null>([counted(sure)])
  for (const { payment } of copies) if (payment.version > (sure?.version ?? -1)) payments.add(counted(payment))
  const candidates = { time_ms, id, payments: [...payments] }
  if (acked_ms < (watermark_ms ?? 0)) slot.certain = { copies: copies.length, acked_ms, candidates }
  return candidates
}

function counted(payment: Payment | null): Payment | null {
  return payment?.deleted === true ? null : payment
}
