import { setTimeout as sleep } from 'node:timers/promises'
import { CardTraffic } from './card-traffic.ts'

/** Days of labelled payments that the demo begins with: more than its longest window. */
const HISTORY_DAYS = 40
const HISTORY_PER_DAY = 500
const SEED = 20_260

/** Live payments a second, and how often the card that is shown pays. */
const LIVE_PER_SECOND = 20
const SHOWN_CARD = 'card-7'
const SHOWN_EVERY_MS = 2_000

const CHUNK_LINES = 5_000

type Ask = (path: string, init?: RequestInit) => Promise<Response>

async function send(ask: Ask, path: string, body: string): Promise<void> {
  const answer = await ask(path, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
}

/** Fills the archive with seeded payments of the last weeks, unless an earlier run did. Answers how many there are. */
export async function loadDemoHistory(ask: Ask, now_ms: number): Promise<number> {
  const load = '/admin/v1/sources/payments/archive'
  const origin = 'file/demo'
  const { sequence } = (await (await ask(`${load}/position?origin=${origin}`)).json()) as { sequence: number | null }
  if (sequence !== null) return sequence + 1
  const payments = new CardTraffic(SEED).history(now_ms, HISTORY_DAYS, HISTORY_PER_DAY)
  await send(ask, `${load}/begin`, '')
  for (let at = 0; at < payments.length; at += CHUNK_LINES) {
    const lines = payments.slice(at, at + CHUNK_LINES).map((e, i) => JSON.stringify({ n: at + i, e }))
    await send(ask, `${load}?origin=${origin}`, lines.join('\n'))
  }
  await send(ask, `${load}/end`, '')
  return payments.length
}

/** The body of a request that can be copied: a payment being scored now. */
export function demoRequest(now_ms: number): string {
  const event = {
    id: 'try-1',
    occurred_at: new Date(now_ms).toISOString(),
    card_id: SHOWN_CARD,
    merchant_id: 'shop-3',
    device_id: null,
    amount: '49.90',
  }
  return JSON.stringify({ event, request: { cart_items: 2 } })
}

/** Sends live traffic until the signal, and tells how a 7-day feature of one card moves. */
export async function runDemoTraffic(ask: Ask, tell: (line: string) => void, signal: AbortSignal): Promise<void> {
  const traffic = new CardTraffic(Date.now())
  let shown_ms = 0
  let line = ''
  while (!signal.aborted) {
    const now_ms = Date.now()
    const payments = [traffic.at(now_ms)]
    if (now_ms - shown_ms >= SHOWN_EVERY_MS) {
      shown_ms = now_ms
      payments.push(traffic.at(now_ms, SHOWN_CARD))
    }
    try {
      await send(ask, '/v1/sources/payments/events', payments.map((payment) => JSON.stringify(payment)).join('\n'))
      if (shown_ms === now_ms) {
        const answer = await ask('/v1/services/checkout_risk', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: demoRequest(Date.now()),
        })
        const next = show((await answer.json()) as DemoAnswer)
        if (next !== line) tell(next)
        line = next
      }
    } catch (error) {
      if (!signal.aborted) tell(`demo: ${error instanceof Error ? error.message : String(error)}`)
    }
    await sleep(1_000 / LIVE_PER_SECOND, undefined, { signal }).catch(() => {})
  }
}

interface DemoAnswer {
  readonly features: Readonly<Record<string, unknown>>
  readonly status: Readonly<Record<string, string>>
}

function show({ features, status }: DemoAnswer): string {
  const names = ['card_velocity__tx_count_7d', 'card_velocity__spend_7d', 'card_velocity__tx_count_5m']
  const shown = names.map((name) => `${name} ${String(features[name])}${status[name] ? ` (${status[name]})` : ''}`)
  return `${SHOWN_CARD}: ${shown.join('   ')}`
}
