/** A seeded generator of card payments, as the example definitions describe them: the same seed, the same events. */

const DAY_MS = 86_400_000

export interface Payment {
  readonly id: string
  readonly occurred_at: string
  readonly updated_at: number
  readonly card_id: string
  readonly merchant_id: string
  readonly device_id: string | null
  readonly amount: string
  readonly status: 'approved' | 'declined'
  readonly fraud?: boolean
}

/** mulberry32 by Tommy Ettinger, public domain: 32 bits of state, enough for traffic. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296
  }
}

export class CardTraffic {
  readonly #random: () => number
  readonly #cards: number
  readonly #merchants: number
  #next = 0

  constructor(seed: number, cards = 200, merchants = 50) {
    this.#random = random(seed)
    this.#cards = cards
    this.#merchants = merchants
  }

  /** One payment at an instant (epoch milliseconds); `card` where it must be a certain one. */
  at(time_ms: number, card?: string): Payment {
    const next = this.#random
    // Some cards pay often and most seldom, as in life.
    const card_id = card ?? `card-${Math.floor(next() ** 2 * this.#cards)}`
    const minor = Math.round(Math.exp(2 + next() * 4) * 100)
    const declined = next() < 0.06
    return {
      id: `pay-${time_ms}-${this.#next++}`,
      occurred_at: new Date(time_ms).toISOString(),
      updated_at: time_ms,
      card_id,
      merchant_id: `shop-${Math.floor(next() ** 2 * this.#merchants)}`,
      device_id: next() < 0.1 ? null : `device-${card_id.slice(5)}-${Math.floor(next() * 2)}`,
      amount: (minor / 100).toFixed(2),
      status: declined ? 'declined' : 'approved',
    }
  }

  /** Labelled payments of the days before an instant, oldest first. */
  history(until_ms: number, days: number, perDay: number): Payment[] {
    const times = Array.from({ length: days * perDay }, () => until_ms - Math.floor(this.#random() * days * DAY_MS))
    times.sort((a, b) => a - b)
    return times.map((time_ms) => ({ ...this.at(time_ms), fraud: this.#random() < 0.02 }))
  }
}
