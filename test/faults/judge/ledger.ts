import type { Payment } from '../world/payment.ts'

/** One version of a payment, and what is known of its way into the log. */
export interface Copy {
  readonly payment: Payment
  /** When it was first sent, epoch milliseconds: from then on it may count. */
  readonly begun_ms: number
  /** When it was first acknowledged: the log had it before. Null: not yet, or never. */
  acked_ms: number | null
  /** Where in the log the first acknowledged one is, as `partition/offset`; null: it is not known. */
  place: string | null
}

/** What an entity of the world is called here: its entity's name, and its key. */
export type EntityKey = string

export function entityKeyOf(entity: string, card_id: string, merchant_id: string): EntityKey {
  if (entity === 'card') return JSON.stringify([entity, card_id])
  if (entity === 'merchant') return JSON.stringify([entity, merchant_id])
  return JSON.stringify([entity, card_id, merchant_id])
}

/** The copies of one (time, id) of an entity: at most one of them counts. */
export interface Slot {
  readonly time_ms: number
  readonly id: string
  readonly copies: Copy[]
  /** What was worked out of it while all its copies were acknowledged: see `candidatesOf`. */
  certain?: { readonly copies: number; readonly acked_ms: number; readonly candidates: Candidates }
}

/** What may count for one (time, id): a payment, or nothing (null). Never empty; one alone is certain. */
export interface Candidates {
  readonly time_ms: number
  readonly id: string
  readonly payments: readonly (Payment | null)[]
}

/** All that was sent, by entity. */
export class Ledger {
  readonly #copies = new Map<Payment, Copy>()
  readonly #slots = new Map<EntityKey, Map<string, Slot>>()
  /** Every card and merchant that was seen together. */
  readonly pairs = new Map<EntityKey, { readonly card_id: string; readonly merchant_id: string }>()
  #ackedLast_ms = 0

  /** To be called before the first byte of it leaves. */
  begin(payment: Payment, now_ms: number): void {
    if (this.#copies.has(payment)) return
    const copy: Copy = { payment, begun_ms: now_ms, acked_ms: null, place: null }
    this.#copies.set(payment, copy)
    const { id, time_ms, card_id, merchant_id } = payment
    for (const entity of ['card', 'merchant', 'card_merchant']) {
      const key = entityKeyOf(entity, card_id, merchant_id)
      const slots = this.#slots.get(key) ?? new Map<string, Slot>()
      this.#slots.set(key, slots)
      const place = `${time_ms} ${id}`
      const slot = slots.get(place)
      if (slot === undefined) slots.set(place, { time_ms, id, copies: [copy] })
      else slot.copies.push(copy)
    }
    this.pairs.set(entityKeyOf('card_merchant', card_id, merchant_id), { card_id, merchant_id })
  }

  /** To be called after the answer came that the log has it, at `partition/offset` where that is known. */
  ack(payment: Payment, now_ms: number, place: string | null = null): void {
    const copy = this.#copies.get(payment)!
    if (copy.acked_ms === null) {
      copy.acked_ms = now_ms
      copy.place = place
    }
    this.#ackedLast_ms = Math.max(this.#ackedLast_ms, now_ms)
  }

  get size(): number {
    return this.#copies.size
  }

  get ackedLast_ms(): number {
    return this.#ackedLast_ms
  }

  get unacknowledged(): Payment[] {
    return [...this.#copies.values()].filter(({ acked_ms }) => acked_ms === null).map(({ payment }) => payment)
  }

  get payments(): Payment[] {
    return [...this.#copies.keys()]
  }

  slots(key: EntityKey): readonly Slot[] {
    return [...(this.#slots.get(key)?.values() ?? [])]
  }
}
