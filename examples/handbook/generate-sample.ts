import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeCsv } from './csv-file.ts'
import { customerFeatures, histories, terminalFeatures, WINDOWS_DAYS } from './naive.ts'
import { CUSTOMER_EDGES_DAYS, EDGE_COLUMNS, TERMINAL_EDGES_DAYS, TIE_COLUMNS } from './sample-files.ts'
import type { SeededRandom } from './seeded-random.ts'
import { DAY_S, RAW_COLUMNS, type Transaction } from './transaction.ts'

/** Writes the features of the first customers and terminals as a naive loop computes them, and the lists of edges and ties. */
export function writeSample(
  folder: string,
  transactions: readonly Transaction[],
  sampled: number,
  random: SeededRandom,
): void {
  mkdirSync(folder, { recursive: true })
  const byCustomer = histories(transactions, 'customer_id')
  const byTerminal = histories(transactions, 'terminal_id')
  const customerEnd = Math.min(sampled, byCustomer.size)
  const terminalEnd = Math.min(sampled, byTerminal.size)
  const ties = [...byCustomer.values()].flatMap((history) => tiesOf(history, random))

  const unseenBy = unseen(ties)
  const customers = transactions.flatMap((tx) => {
    if (tx.customer_id >= customerEnd) return []
    const seen = byCustomer.get(tx.customer_id)!.filter(({ id }) => !unseenBy.get(tx.id)?.has(id))
    const features = customerFeatures(seen, tx.time_s)
    return [[...rawRow(tx), ...features.flatMap(({ count, average }) => [count, average])]]
  })
  const terminals = transactions.flatMap((tx) => {
    if (tx.terminal_id >= terminalEnd) return []
    const features = terminalFeatures(byTerminal.get(tx.terminal_id)!, tx.time_s)
    return [[...rawRow(tx), ...features.flatMap(({ count, risk }) => [count, risk])]]
  })
  writeCsv(
    join(folder, `customers_0-${customerEnd - 1}.csv.gz`),
    featureColumns('CUSTOMER_ID', 'AVG_AMOUNT'),
    customers,
  )
  writeCsv(join(folder, `terminals_0-${terminalEnd - 1}.csv.gz`), featureColumns('TERMINAL_ID', 'RISK'), terminals)

  writeCsv(
    join(folder, 'customer_ties.csv'),
    TIE_COLUMNS,
    ties.map(([first, second]) => [first.customer_id, first.time_s, first.id, second.id]),
  )
  writeCsv(join(folder, 'edge_events.csv'), EDGE_COLUMNS, [
    ...edges('CUSTOMER', byCustomer, CUSTOMER_EDGES_DAYS),
    ...edges('TERMINAL', byTerminal, TERMINAL_EDGES_DAYS),
  ])
}

/** The names of the published columns. */
function featureColumns(entity: string, value: string): string[] {
  return [
    ...RAW_COLUMNS,
    ...WINDOWS_DAYS.flatMap((days) => [`${entity}_NB_TX_${days}DAY_WINDOW`, `${entity}_${value}_${days}DAY_WINDOW`]),
  ]
}

function rawRow(tx: Transaction): (string | number)[] {
  return [tx.id, tx.time_s, tx.customer_id, tx.terminal_id, tx.amount, Number(tx.fraud)]
}

/** Pairs of transactions of one second, in a random order of evaluation: those of a second make a chain of pairs. */
function tiesOf(history: readonly Transaction[], random: SeededRandom): [Transaction, Transaction][] {
  const order = random.shuffle([...history]).sort((a, b) => a.time_s - b.time_s)
  return order.flatMap((tx, i): [Transaction, Transaction][] => {
    const next = order[i + 1]
    return next?.time_s === tx.time_s ? [[tx, next]] : []
  })
}

/** By transaction: those of its second that the published features of it do not see, as they were evaluated later. */
function unseen(ties: readonly [Transaction, Transaction][]): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>()
  for (const [first, second] of [...ties].reverse()) {
    found.set(first.id, new Set([second.id, ...(found.get(second.id) ?? [])]))
  }
  return found
}

/** Transactions that have others of their customer or terminal exactly at the age where a window begins or ends. */
function edges(entity: string, all: ReadonlyMap<number, readonly Transaction[]>, ages: readonly number[]) {
  return [...all].flatMap(([entityId, history]) =>
    ages.flatMap((age) =>
      history.flatMap((tx) => {
        const count = history.filter((other) => other.time_s === tx.time_s - age * DAY_S).length
        return count === 0 ? [] : [[entity, entityId, age, tx.id, tx.time_s, count]]
      }),
    ),
  )
}
