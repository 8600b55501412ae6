import { avg, count, entity, eq, featureGroup, featureService, money, rate, source, z } from 'millrace'

export const transactions = source('transactions', {
  description: 'Card transactions of the simulated data set, each with its fraud label.',
  owner: 'fraud-features',
  schema: z.object({
    id: z.int(),
    // Epoch milliseconds.
    occurred_at: z.int(),
    customer_id: z.int(),
    terminal_id: z.int(),
    amount: money({ scale: 2 }),
    fraud: z.boolean(),
  }),
  id: 'id',
  time: 'occurred_at',
  // Not known while a transaction is scored; terminal_risk waits 7 days for it. `check` warns that there is no version: here each
  // transaction comes with its label at once, and no second form of it ever does.
  outcome: ['fraud'],
  stream: { topic: 'handbook.transactions' },
  archive: { table: 'handbook_transactions' },
})

export const customer = entity('customer', {
  description: 'Who pays.',
  owner: 'fraud-features',
  key: { customer_id: z.int() },
})

export const terminal = entity('terminal', {
  description: 'Where a transaction is made.',
  owner: 'fraud-features',
  key: { terminal_id: z.int() },
})

export const customerSpending = featureGroup('customer_spending', {
  description: 'How a customer spends, the transaction itself included.',
  owner: 'fraud-features',
  source: transactions,
  entity: customer,
  features: {
    tx_count: count().over('1d', '7d', '30d'),
    avg_amount: avg(transactions.amount).over('1d', '7d', '30d'),
  },
})

export const terminalRisk = featureGroup('terminal_risk', {
  description: 'How much fraud there was at a terminal, as far as it is known: it takes 7 days to find out.',
  owner: 'fraud-features',
  source: transactions,
  entity: terminal,
  features: {
    tx_count: count().over('1d', '7d', '30d').delayed('7d'),
    fraud_rate: rate(eq(transactions.fraud, true)).over('1d', '7d', '30d').delayed('7d'),
  },
})

export const customerFeatures = featureService('customer_features', {
  description: 'What the published data says of customers, for any customer at any instant.',
  owner: 'fraud-features',
  features: [customerSpending],
})

export const terminalFeatures = featureService('terminal_features', {
  description: 'What the published data says of terminals, for any terminal at any instant.',
  owner: 'fraud-features',
  features: [terminalRisk],
})
