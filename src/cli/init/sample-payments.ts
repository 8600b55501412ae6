/** Payments that are made up: few enough to read, and enough that no value of the example is empty. */
export const SAMPLE_PAYMENTS = 240

const CARDS = 12
const MERCHANTS = 5
const DAYS = 8
const DAY_MS = 86_400_000

/** Some days of payments that end at `now_ms`, as NDJSON: the same ones for the same instant. */
export function samplePayments(now_ms: number): string {
  const lines = Array.from({ length: SAMPLE_PAYMENTS }, (_, i) => JSON.stringify(payment(i, now_ms)))
  return `${lines.join('\n')}\n`
}

/** The next payment of a card that has paid before, as it is sent to be scored: neither its outcome nor its version is known. */
export function scoredPayment(now_ms: number): string {
  const { status: _status, fraud: _fraud, updated_at: _version, ...event } = payment(SAMPLE_PAYMENTS, now_ms)
  return `${JSON.stringify({ ...event, id: 'p-scored', card_id: 'c1', merchant_id: 'm1' }, null, 2)}\n`
}

function payment(i: number, now_ms: number) {
  const at_ms = now_ms - Math.round(((SAMPLE_PAYMENTS - i) / SAMPLE_PAYMENTS) * DAYS * DAY_MS)
  return {
    id: `p${i}`,
    occurred_at: new Date(at_ms).toISOString(),
    updated_at: at_ms,
    card_id: `c${1 + spread(i, CARDS)}`,
    merchant_id: `m${1 + spread(i * 7 + 1, MERCHANTS)}`,
    amount: ((100 + spread(i * 5 + 2, 20_000)) / 100).toFixed(2),
    status: spread(i * 11 + 3, 9) === 0 ? 'declined' : 'approved',
    fraud: spread(i * 13 + 4, 15) === 0,
  }
}

/** Spreads numbers over `0 <= n < over`, without chance (D. Knuth's multiplicative hash). */
function spread(i: number, over: number): number {
  return Math.floor((((i * 2_654_435_761) >>> 0) / 2 ** 32) * over)
}
