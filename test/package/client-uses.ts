/** What a service that scores would write: it compiles, and it runs. */
export const CLIENT_FILE = `import { createClient, MillraceError } from 'millrace/client'
import type * as payments from 'risk-definitions/payments'
import type * as profile from 'risk-definitions/profile'
import { url } from './server.ts'

export const client = createClient<typeof payments & typeof profile>({ url, apiKey: 'not-asked-for-yet', timeout_ms: 5_000 })

const now_ms = Date.now()
const at = (ago_ms: number): string => new Date(now_ms - ago_ms).toISOString()
const paid = { updated_at: 1, card_id: 'c1', merchant_id: 'm1' }

export const event = { ...paid, id: 'p-3', occurred_at: at(0), amount: '50.00' }

if (!url.endsWith(':8080')) {
  const taken = await client.send('payments', [
    { ...paid, id: 'p-1', occurred_at: at(60_000), amount: '12.34', status: 'approved' },
    { ...paid, id: 'p-2', occurred_at: at(30_000), amount: 20, status: 'declined', fraud: true },
  ])

  // Until the stream has brought both.
  let answer = await client.get('checkout_risk', { event })
  for (let i = 0; i < 200 && answer.features.card_velocity__tx_count_24h < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    answer = await client.get('checkout_risk', { event }, { signal: AbortSignal.timeout(10_000) })
  }

  const rows = await client.batch('checkout_risk', [{ event }, { event: { ...event, amount: '1.005' } }])
  const { fingerprint, names } = await client.vectorForm('checkout_risk')
  const vector = await client.vector('checkout_risk', { event }, { fingerprint })
  const refused: string = await createClient({ url }).get('card_profil', { keys: { card_id: 'c1' } }).then(
    () => 'answered',
    (error: MillraceError) => \`\${error.code} \${error.status} \${error.cure}\`,
  )
  const said = {
    taken,
    service: answer.service,
    spend: answer.features.card_velocity__spend_24h,
    status: Object.keys(answer.status),
    rows: rows.map((row) => (row.error === undefined ? 'ok' : \`\${row.error.code} \${row.error.field}\`)),
    names: names.length,
    vector: names.every((name, i) => vector.values[i] === answer.features[name]),
    refused,
  }
  console.log(JSON.stringify(said))
}
`

export interface WrongUse {
  /** One line. */
  readonly code: string
  /** Part of what the compiler says of it. */
  readonly message: string
}

/** What must not compile, with \`client\` and \`event\` from above. */
export const WRONG_USES: readonly WrongUse[] = [
  {
    code: "await client.get('checkout_rsk', { event })",
    message: `'"checkout_rsk"' is not assignable to parameter of type`,
  },
  { code: "await client.get('checkout_risk', {})", message: "Property 'event' is missing" },
  { code: "await client.get('checkout_risk', { event: { id: 'p' } })", message: 'missing the following properties' },
  { code: "await client.get('card_profile', {})", message: "Property 'keys' is missing" },
  { code: "await client.get('card_profile', { keys: {} })", message: "Property 'card_id' is missing" },
  {
    code: "await client.get('card_profile', { keys: { card_id: 7 } })",
    message: "Type 'number' is not assignable to type 'string'",
  },
  {
    code: "await client.get('card_profile', { event, keys: { card_id: 'c' } })",
    message: "'event' does not exist in type",
  },
  {
    code: "await client.get('checkout_risk', { event: { ...event, amount: true } })",
    message: "Type 'boolean' is not assignable to type 'string | number'",
  },
  {
    code: "await client.get('checkout_risk', { event: { ...event, status: 'approved' } })",
    message: 'status is an outcome: it is not known while the event is scored',
  },
  {
    code: "export const v = (await client.get('checkout_risk', { event })).features.card_velocity__spend_8d",
    message: "Property 'card_velocity__spend_8d' does not exist",
  },
  {
    code: "export const v: number = (await client.get('checkout_risk', { event })).features.amount_vs_usual",
    message: "Type 'number | null' is not assignable to type 'number'",
  },
  {
    code: "export const v = (await client.get('checkout_risk', { event })).status.amount_vs_usal",
    message: "Property 'amount_vs_usal' does not exist",
  },
  {
    code: "export const v = (await client.batch('checkout_risk', [{ event }])).map((row) => row.features.amount_vs_usual)",
    message: "'row.features' is possibly 'undefined'",
  },
  {
    code: "await client.send('payment', [])",
    message: `'"payment"' is not assignable to parameter of type '"payments"'`,
  },
  { code: "await client.send('payments', [event])", message: "Property 'status' is missing" },
  {
    code: "await client.send('payments', [{ ...event, status: 'lost' }])",
    message: `'"lost"' is not assignable to type '"approved" | "declined"'`,
  },
  {
    code: "await client.get('checkout_risk', { event }, { timeout: 5 })",
    message: "'timeout' does not exist in type 'CallOptions'",
  },
]
