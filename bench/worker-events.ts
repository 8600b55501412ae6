import type { LogAppend } from '../src/stores/event-log.ts'
import { CARDS, cardPayment } from './card-model.ts'

/**
 * A payment as a topic holds it, some 190 bytes: with fields that the source does not name, one of which is the instant it was
 * made, to a fraction of a millisecond.
 */
export function paymentMessage(n: number, made_ms: number, cards = CARDS): LogAppend {
  const payment = cardPayment(n, Math.floor(made_ms), cards)
  const message = { ...payment, currency: 'EUR', made_ms }
  return { key: payment.card_id, value: Buffer.from(JSON.stringify(message)) }
}

/** When a message was made, epoch milliseconds. */
export function madeMs(value: Uint8Array): number {
  return JSON.parse(Buffer.from(value).toString()).made_ms
}
