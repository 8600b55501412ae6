import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readCsv } from './csv-file.ts'

/** What `TX_TIME_SECONDS` counts from. */
export const ORIGIN_MS = Date.UTC(2018, 3, 1)

export const DAY_S = 86_400

/** A transaction as the data set has it. */
export interface Transaction {
  readonly id: number
  /** Seconds since {@link ORIGIN_MS}. */
  readonly time_s: number
  readonly customer_id: number
  readonly terminal_id: number
  /** In major units, with two decimals, as text: `57.16`. */
  readonly amount: string
  readonly fraud: boolean
}

export const RAW_COLUMNS = ['TRANSACTION_ID', 'TX_TIME_SECONDS', 'CUSTOMER_ID', 'TERMINAL_ID', 'TX_AMOUNT', 'TX_FRAUD']

/** Epoch milliseconds of a time of the data set. */
export function epochMs(time_s: number): number {
  return ORIGIN_MS + time_s * 1_000
}

/** All transactions of a folder `raw`, month by month, in the order of the files. */
export function* readTransactions(raw: string): Generator<Transaction> {
  for (const file of readdirSync(raw).sort()) {
    if (!file.endsWith('.csv.gz')) continue
    for (const [id, time, customer, terminal, amount, fraud] of readCsv(join(raw, file), RAW_COLUMNS)) {
      yield {
        id: Number(id),
        time_s: Number(time),
        customer_id: Number(customer),
        terminal_id: Number(terminal),
        amount: amount!,
        fraud: fraud === '1',
      }
    }
  }
}
