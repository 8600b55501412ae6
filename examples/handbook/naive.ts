import { DAY_S, type Transaction } from './transaction.ts'

/** The windows of the published features, in days. */
export const WINDOWS_DAYS = [1, 7, 30] as const

/** A terminal's windows end so many days before the transaction: so long it takes to learn of a fraud. */
export const DELAY_DAYS = 7

/** The transactions with `after_s < time <= until_s`, of those of one customer or terminal. */
export function within(history: readonly Transaction[], after_s: number, until_s: number): Transaction[] {
  return history.filter((tx) => tx.time_s > after_s && tx.time_s <= until_s)
}

/** A customer at an instant, by the book: for each window the count and the average amount, in major units. */
export function customerFeatures(history: readonly Transaction[], at_s: number): { count: number; average: number }[] {
  return WINDOWS_DAYS.map((days) => {
    const found = within(history, at_s - days * DAY_S, at_s)
    const cents = found.reduce((sum, tx) => sum + Math.round(Number(tx.amount) * 100), 0)
    return { count: found.length, average: found.length === 0 ? 0 : cents / found.length / 100 }
  })
}

/** A terminal at an instant, by the book: for each window the count and the share of frauds, 0 over nothing. */
export function terminalFeatures(history: readonly Transaction[], at_s: number): { count: number; risk: number }[] {
  const until_s = at_s - DELAY_DAYS * DAY_S
  return WINDOWS_DAYS.map((days) => {
    const found = within(history, until_s - days * DAY_S, until_s)
    const frauds = found.filter((tx) => tx.fraud).length
    return { count: found.length, risk: found.length === 0 ? 0 : frauds / found.length }
  })
}

/** Transactions by customer or terminal. */
export function histories(
  transactions: Iterable<Transaction>,
  key: 'customer_id' | 'terminal_id',
): Map<number, Transaction[]> {
  const found = new Map<number, Transaction[]>()
  for (const tx of transactions) {
    const history = found.get(tx[key])
    if (history === undefined) found.set(tx[key], [tx])
    else history.push(tx)
  }
  return found
}
