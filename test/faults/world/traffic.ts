import { SeededRandom } from '../../stores/seeded-random.ts'
import { type Json, type Payment, paymentJson } from './payment.ts'
import { HISTORY_MS } from './world.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** How late an event may come. */
const LATE_MS_MAX = 6 * DAY_MS

/** Payments that labels, corrections and tombstones may still come for. */
const REMEMBERED_MAX = 4_000

/** Cards that are seen a few times only, one after the other. */
const QUIET_PAYMENTS = 3

export interface TrafficOptions {
  readonly seed: number
  readonly cards?: number
  readonly merchants?: number
}

/** What is sent: a payment, or something that no source takes. */
export interface Sending {
  readonly payment: Payment | null
  readonly text: string
}

interface Due {
  readonly due_ms: number
  readonly sending: Sending
}

/**
 * Payments as they come in life: some twice, some shuffled, some days late, some of the future, some invalid; labels, corrections
 * and tombstones that come later. The same for the same seed, but for the clock.
 */
export class Traffic {
  readonly cards: readonly string[]
  readonly merchants: readonly string[]
  readonly #random: SeededRandom
  readonly #name: string
  #count = 0
  /** The last version of each payment that may still be corrected. */
  readonly #remembered: Payment[] = []
  /** Sorted by nothing: it is short. */
  #later: Due[] = []

  constructor({ seed, cards = 20, merchants = 5 }: TrafficOptions) {
    this.#random = new SeededRandom(seed)
    this.#name = `p${seed}`
    this.cards = Array.from({ length: cards }, (_, i) => `c${i}`)
    // Keys that must not be mistaken for one another.
    this.merchants = Array.from({ length: merchants }, (_, i) => (i === 1 ? 'm|0}' : `m${i}`))
  }

  /** Payments of the past days, some of them labelled, some sent twice, in any order. */
  history(count: number, now_ms: number): Sending[] {
    const sendings: Sending[] = []
    for (let i = 0; i < count; i++) {
      const payment = this.#payment(now_ms - MINUTE_MS - this.#random.below(HISTORY_MS - MINUTE_MS))
      sendings.push(sendingOf(payment))
      if (this.#chance(10)) sendings.push(sendingOf(payment))
      if (this.#chance(15)) sendings.push(...this.#correction(this.#remembered.length - 1))
    }
    return this.#shuffled(sendings)
  }

  /** `fresh` new payments, and what is due of what was held back. */
  live(fresh: number, now_ms: number): Sending[] {
    for (let i = 0; i < fresh; i++) {
      if (this.#chance(2)) this.#at(now_ms, invalid(this.#random.below(4), `${this.#name}-bad-${i}`))
      const payment = this.#payment(this.#time(now_ms))
      this.#at(this.#chance(20) ? now_ms + this.#random.below(3_000) : now_ms, sendingOf(payment))
      if (this.#chance(20)) this.#at(now_ms + this.#random.below(5_000), sendingOf(payment))
      if (this.#chance(15)) {
        for (const sending of this.#correction(this.#random.below(this.#remembered.length))) {
          this.#at(now_ms + this.#random.below(2_000), sending)
        }
      }
    }
    const due = this.#later.filter(({ due_ms }) => due_ms <= now_ms)
    this.#later = this.#later.filter(({ due_ms }) => due_ms > now_ms)
    return due.map(({ sending }) => sending)
  }

  /** All that was held back. */
  rest(): Sending[] {
    const due = this.#later
    this.#later = []
    return due.map(({ sending }) => sending)
  }

  /** A payment that was never sent and never will be, of a card that has others. */
  unsent(now_ms: number): Payment {
    const payment = this.#payment(now_ms)
    this.#remembered.pop()
    return payment
  }

  #at(due_ms: number, sending: Sending): void {
    this.#later.push({ due_ms, sending })
  }

  #chance(percent: number): boolean {
    return this.#random.below(100) < percent
  }

  #time(now_ms: number): number {
    if (this.#chance(5)) return now_ms - this.#random.below(LATE_MS_MAX)
    if (this.#chance(2)) return now_ms + this.#random.below(this.#random.pick([20_000, 60 * MINUTE_MS]))
    return now_ms - this.#random.below(2_000)
  }

  #payment(time_ms: number): Payment {
    const n = this.#count++
    const quiet = this.#chance(5)
    const card_id = this.#chance(20)
      ? this.cards[0]!
      : quiet
        ? `q${Math.floor(n / (20 * QUIET_PAYMENTS))}`
        : this.#random.pick(this.cards)
    const merchant_id = this.#chance(30) ? this.merchants[0]! : this.#random.pick(this.merchants)
    const payment: Payment = {
      id: `${this.#name}-${n}`,
      time_ms,
      version: 1,
      deleted: false,
      card_id,
      merchant_id,
      values: {
        card_id,
        merchant_id,
        amount: this.#random.below(50_000),
        channel: this.#random.pick(['online', 'shop']),
        country: this.#random.pick(['DE', 'FR', 'käse', null]),
        points: this.#chance(20) ? null : this.#random.below(100),
        label: null,
        fraud: null,
      },
    }
    this.#remembered.push(payment)
    if (this.#remembered.length > REMEMBERED_MAX) this.#remembered.splice(0, REMEMBERED_MAX / 4)
    return payment
  }

  /** A label, a tombstone, or another card or time for a payment: the last needs a tombstone in the old place. */
  #correction(place: number): Sending[] {
    const old = this.#remembered[place]!
    const version = old.version + 1
    const kind = this.#random.below(10)
    if (kind < 7) {
      const label = this.#random.pick(['chargeback', 'refund', null])
      const values = { ...old.values, label, fraud: label === 'chargeback' }
      return this.#replaced(place, [{ ...old, version, deleted: false, values }])
    }
    const tombstone: Payment = { ...old, version, deleted: true }
    if (kind < 9) return this.#replaced(place, [tombstone])
    const card_id = this.#random.pick(this.cards)
    const time_ms = old.time_ms - 1 - this.#random.below(30_000)
    const moved: Payment = { ...old, version, deleted: false, card_id, time_ms, values: { ...old.values, card_id } }
    return this.#replaced(place, [tombstone, moved])
  }

  #replaced(place: number, payments: readonly Payment[]): Sending[] {
    this.#remembered[place] = payments.at(-1)!
    return payments.map(sendingOf)
  }

  #shuffled<T>(list: T[]): T[] {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.#random.below(i + 1)
      ;[list[i], list[j]] = [list[j]!, list[i]!]
    }
    return list
  }
}

function sendingOf(payment: Payment): Sending {
  return { payment, text: JSON.stringify(paymentJson(payment)) }
}

function invalid(kind: number, id: string): Sending {
  const wrong: readonly (string | Json)[] = [
    '{"id": "cut o',
    { id },
    { id, occurred_at: 'yesterday', updated_at: 1, gone: false, card_id: 'c0', merchant_id: 'm0', amount: '1.00' },
    { id, occurred_at: new Date(0).toISOString(), updated_at: 1, gone: false, card_id: 'c0', amount: '1.001' },
  ]
  const chosen = wrong[kind]!
  return { payment: null, text: typeof chosen === 'string' ? chosen : JSON.stringify(chosen) }
}
