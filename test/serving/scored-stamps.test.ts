import { describe, expect, it } from 'vitest'
import {
  count,
  debezium,
  entity,
  eq,
  featureGroup,
  featureService,
  last,
  max,
  money,
  source,
  sum,
  z,
} from '../../src/index.ts'
import { modelOf, World } from './world.ts'

// A service that scores an event does not know of which version its row in the log will be: it need not say, and nothing depends on it.

const payments = source('payments', {
  schema: z.object({
    id: z.int(),
    created_at: z.int(),
    card_id: z.string(),
    amount: money({ scale: 2 }),
    status: z.string(),
    version: z.int(),
    deleted: z.boolean(),
  }),
  id: 'id',
  time: 'created_at',
  version: 'version',
  deleted: 'deleted',
  outcome: ['status'],
  compute: { large: { version: 1, type: z.boolean(), of: (row) => row.amount >= 5_000 && !('version' in row) } },
  stream: { topic: 'db.public.payments', decode: debezium() },
  archive: { table: 'payments' },
})
const card = entity('card', { key: { card_id: z.string() } })
const use = featureGroup('card', {
  source: payments,
  entity: card,
  features: {
    n: count().over('24h'),
    kept: count().where(eq(payments.deleted, false)).over('24h'),
    spend: sum(payments.amount).over('24h'),
    large: count().where(eq(payments.large, true)).over('24h'),
    status: last(payments.status).over('24h'),
    newest: max(payments.version).over('24h'),
  },
})
const risk = featureService('risk', {
  event: payments,
  features: [use],
  derive: { seen: ({ event }) => Object.keys(event).join(' ') },
})

const NOW = Date.parse('2026-05-01T12:00:00Z')
const row = { id: 7, created_at: NOW, card_id: 'c', amount: '60.00' }
const before = { ...row, id: 6, created_at: NOW - 60_000, amount: '1.00', status: 'paid', version: 3, deleted: false }

describe('an event that is scored', () => {
  const sent = [{}, { version: 1 }, { version: 99 }, { version: null, deleted: null }, { version: 12, deleted: false }]
  const stored: readonly [what: string, rows: readonly Record<string, unknown>[]][] = [
    ['is not there yet', []],
    ['has arrived', [{ ...row, status: 'paid', version: 10, deleted: false }]],
    ['has arrived with another amount', [{ ...row, amount: '1.00', status: 'paid', version: 10, deleted: false }]],
    [
      'has arrived and was changed',
      [1, 2].map((change) => ({
        ...row,
        status: 'paid',
        amount: String(change),
        version: 10 * change,
        deleted: false,
      })),
    ],
    ['has arrived and was deleted', [{ ...row, status: 'paid', version: 11, deleted: true }]],
  ]

  it.each(stored)('counts once and the same, whatever it says of its version, where it %s', async (_, rows) => {
    const world = await new World({ model: modelOf({ payments, use, risk }) }).open()
    world.now_ms = NOW
    await world.put('payments', before, ...rows)
    for (const stamps of sent) {
      expect(await world.ask('risk', { event: { ...row, ...stamps } })).toEqual({
        features: {
          card__n_24h: 2,
          card__kept_24h: 2,
          card__spend_24h: 6_100,
          card__large_24h: 1,
          card__status_24h: 'paid',
          card__newest_24h: 3,
          seen: 'id created_at card_id amount large',
        },
        status: {},
      })
    }
  })

  it('is refused where it is deleted, or its version is none', async () => {
    const { vectors } = await new World({ model: modelOf({ payments, use, risk }) }).open()
    const ask = (stamps: object) => vectors.answer('risk', { event: { ...row, ...stamps } })
    await expect(ask({ deleted: true })).rejects.toThrow('deleted: an event that is deleted cannot be scored')
    await expect(ask({ version: 'first' })).rejects.toThrow('version: "first" is not a number')
  })
})
