import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readCsv } from './csv-file.ts'
import { WINDOWS_DAYS } from './naive.ts'

/** The ages, in days, at which windows of customers and of terminals begin or end. */
export const CUSTOMER_EDGES_DAYS = [1, 7, 30]
export const TERMINAL_EDGES_DAYS = [7, 8, 14, 37]

export const TIE_COLUMNS = ['CUSTOMER_ID', 'TX_TIME_SECONDS', 'EVALUATED_FIRST', 'EVALUATED_SECOND']

export const EDGE_COLUMNS = [
  'ENTITY',
  'ENTITY_ID',
  'AGE_DAYS',
  'TRANSACTION_ID',
  'TX_TIME_SECONDS',
  'EVENTS_EXACTLY_AT_AGE',
]

/** A transaction with the features that were published for its customer or its terminal. */
export interface Published {
  readonly id: number
  readonly time_s: number
  /** Of the customer or the terminal. */
  readonly entity_id: number
  /** By window, shortest first: the count, and the average amount in major units or the risk. */
  readonly windows: readonly { readonly count: number; readonly value: number }[]
}

/** A transaction with `events` others of its customer or terminal exactly `age_days` before it. */
export interface Edge {
  readonly entity: 'CUSTOMER' | 'TERMINAL'
  readonly entity_id: number
  readonly age_days: number
  readonly id: number
  readonly time_s: number
  readonly events: number
}

/** Two transactions of one customer in the same second. */
export interface Tie {
  readonly customer_id: number
  readonly time_s: number
  /** Its published features do not see the other one. */
  readonly first: number
  readonly second: number
}

export function publishedCustomers(sample: string): Published[] {
  return published(sample, 'customers', 'CUSTOMER_ID', 'AVG_AMOUNT')
}

export function publishedTerminals(sample: string): Published[] {
  return published(sample, 'terminals', 'TERMINAL_ID', 'RISK')
}

export function readTies(sample: string): Tie[] {
  return [...readCsv(join(sample, 'customer_ties.csv'), TIE_COLUMNS)].map((fields) => {
    const [customer_id, time_s, first, second] = fields.map(Number) as [number, number, number, number]
    return { customer_id, time_s, first, second }
  })
}

export function readEdges(sample: string): Edge[] {
  return [...readCsv(join(sample, 'edge_events.csv'), EDGE_COLUMNS)].map(([entity, ...fields]) => {
    const [entity_id, age_days, id, time_s, events] = fields.map(Number) as [number, number, number, number, number]
    return { entity: entity as Edge['entity'], entity_id, age_days, id, time_s, events }
  })
}

/** The published rows of files such as `customers_0-99.csv.gz`. */
function published(sample: string, prefix: string, entity: string, value: string): Published[] {
  const files = readdirSync(sample).filter((file) => file.startsWith(`${prefix}_`))
  if (files.length === 0) throw new Error(`${sample} has no file ${prefix}_*.csv.gz`)
  const windows = WINDOWS_DAYS.flatMap((days) => [
    `${entity}_NB_TX_${days}DAY_WINDOW`,
    `${entity}_${value}_${days}DAY_WINDOW`,
  ])
  const columns = ['TRANSACTION_ID', 'TX_TIME_SECONDS', entity, ...windows]
  return files.flatMap((file) =>
    [...readCsv(join(sample, file), columns)].map((fields) => {
      const [id, time_s, entity_id, ...values] = fields.map(Number) as [number, number, number, ...number[]]
      return {
        id,
        time_s,
        entity_id,
        windows: WINDOWS_DAYS.map((_, i) => ({ count: values[2 * i]!, value: values[2 * i + 1]! })),
      }
    }),
  )
}
