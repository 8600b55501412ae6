import { customerFeatures, DELAY_DAYS, histories, terminalFeatures, WINDOWS_DAYS, within } from './naive.ts'
import { type Published, publishedCustomers, publishedTerminals, readEdges, readTies } from './sample-files.ts'
import type { SeededRandom } from './seeded-random.ts'
import { DAY_S, epochMs, readTransactions, type Transaction } from './transaction.ts'

/** A value that a service must answer. Averages are in major units. */
export interface Expected {
  readonly feature: string
  readonly kind: 'count' | 'average' | 'risk'
  readonly value: number
}

/** What a service is asked, and what it must answer. */
export interface Question {
  readonly service: 'customer_features' | 'terminal_features'
  readonly keys: Readonly<Record<string, number>>
  readonly at_ms: number
  /** What it is about, for people. */
  readonly about: string
  readonly expected: readonly Expected[]
}

/** Instants at which everyone is asked lie so far apart: windows of 30 days then meet, so that every transaction counts. */
const EVERYONE_EVERY_DAYS = 30

/** One question for every published row, without those that do not see another one of their customer and second. */
export function publishedQuestions(sample: string): { questions: Question[]; leftOut: number } {
  const half = new Set(readTies(sample).map(({ first }) => first))
  const customers = publishedCustomers(sample)
  const judged = customers.filter(({ id }) => !half.has(id))
  const questions = [
    ...judged.map((row) =>
      ofCustomer(row.entity_id, epochMs(row.time_s), `transaction ${row.id}`, customerPairs(row.windows)),
    ),
    ...publishedTerminals(sample).map((row) =>
      ofTerminal(row.entity_id, epochMs(row.time_s), `transaction ${row.id}`, terminalPairs(row.windows)),
    ),
  ]
  return { questions, leftOut: customers.length - judged.length }
}

/**
 * Questions beyond the published ones, with answers by the book: windows that begin or end exactly at a transaction, asked
 * also a millisecond before and after; customers with two transactions in a second; and everyone, so that each transaction counts.
 */
export function naiveQuestions(raw: string, sample: string, random: SeededRandom): Question[] {
  const transactions = [...readTransactions(raw)]
  const byCustomer = histories(transactions, 'customer_id')
  const byTerminal = histories(transactions, 'terminal_id')
  const customer = (id: number, at_ms: number, about: string): Question =>
    ofCustomer(id, at_ms, about, customerPairs(naiveCustomer(byCustomer.get(id)!, at_ms)))
  const terminal = (id: number, at_ms: number, about: string): Question =>
    ofTerminal(id, at_ms, about, terminalPairs(naiveTerminal(byTerminal.get(id)!, at_ms)))

  const edges = readEdges(sample).flatMap(({ entity, entity_id, age_days, id, time_s, events }) => {
    const [all, ask] = entity === 'CUSTOMER' ? ([byCustomer, customer] as const) : ([byTerminal, terminal] as const)
    const edge_s = time_s - age_days * DAY_S
    const found = within(all.get(entity_id)!, edge_s - 1, edge_s).length
    if (found !== events)
      throw new Error(`transaction ${id}: ${found} others at an age of ${age_days} days, not ${events}`)
    const about = `transaction ${id} with another one exactly ${age_days} d before`
    return [-1, 0, 1].map((ms) => ask(entity_id, epochMs(time_s) + ms, about))
  })
  const ties = readTies(sample).map(({ customer_id, time_s, first, second }) =>
    customer(customer_id, epochMs(time_s), `transactions ${first} and ${second} of one second`),
  )
  const last_s = transactions.reduce((last, { time_s }) => Math.max(last, time_s), 0)
  const everyone = [
    ...[...byCustomer.keys()].flatMap((id) => instants(last_s, random).map((at_ms) => customer(id, at_ms, 'everyone'))),
    ...[...byTerminal.keys()].flatMap((id) =>
      instants(last_s + DELAY_DAYS * DAY_S, random).map((at_ms) => terminal(id, at_ms, 'everyone')),
    ),
  ]
  return [...edges, ...ties, ...everyone]
}

/** Instants, the first at random, whose longest windows cover all time up to the last transaction. */
function instants(last_s: number, random: SeededRandom): number[] {
  const step_ms = EVERYONE_EVERY_DAYS * DAY_S * 1_000
  const found: number[] = []
  for (let at_ms = epochMs(0) + random.below(step_ms); ; at_ms += step_ms) {
    found.push(at_ms)
    if (at_ms >= epochMs(last_s)) return found
  }
}

function naiveCustomer(history: readonly Transaction[], at_ms: number): Published['windows'] {
  return customerFeatures(history, secondsAt(at_ms)).map(({ count, average }) => ({ count, value: average }))
}

function naiveTerminal(history: readonly Transaction[], at_ms: number): Published['windows'] {
  return terminalFeatures(history, secondsAt(at_ms)).map(({ count, risk }) => ({ count, value: risk }))
}

/** Seconds of the data set, with decimals: windows are cut at the millisecond. */
function secondsAt(at_ms: number): number {
  return (at_ms - epochMs(0)) / 1_000
}

function ofCustomer(customer_id: number, at_ms: number, about: string, expected: Expected[]): Question {
  return { service: 'customer_features', keys: { customer_id }, at_ms, about, expected }
}

function ofTerminal(terminal_id: number, at_ms: number, about: string, expected: Expected[]): Question {
  return { service: 'terminal_features', keys: { terminal_id }, at_ms, about, expected }
}

function customerPairs(windows: Published['windows']): Expected[] {
  return windows.flatMap(({ count, value }, i): Expected[] => [
    { feature: `customer_spending__tx_count_${WINDOWS_DAYS[i]}d`, kind: 'count', value: count },
    { feature: `customer_spending__avg_amount_${WINDOWS_DAYS[i]}d`, kind: 'average', value },
  ])
}

function terminalPairs(windows: Published['windows']): Expected[] {
  return windows.flatMap(({ count, value }, i): Expected[] => [
    { feature: `terminal_risk__tx_count_${WINDOWS_DAYS[i]}d_delayed_7d`, kind: 'count', value: count },
    { feature: `terminal_risk__fraud_rate_${WINDOWS_DAYS[i]}d_delayed_7d`, kind: 'risk', value },
  ])
}
