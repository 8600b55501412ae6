import { describe, expect, it } from 'vitest'
import type { ParsedEvent, SourceModel } from '../../src/features/model.ts'
import { count, type DebeziumOptions, debezium, entity, featureGroup, money, source, z } from '../../src/index.ts'
import { modelOf } from './definition-kit.ts'

const MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

/** A table whose time is as the schema says, keyed by its account. */
function paymentsWith(options: DebeziumOptions = {}, at: z.core.$ZodType = z.int()): SourceModel {
  const schema = z.object({
    id: z.int(),
    at,
    account: z.string(),
    shop: z.string().optional(),
    amount: money({ scale: 2 }),
    v: z.int(),
    gone: z.boolean(),
    seen_at: z.iso.datetime({ offset: true }).optional(),
  })
  const payments = source('payments', {
    schema: schema as never,
    id: 'id' as never,
    time: 'at' as never,
    version: 'v' as never,
    deleted: 'gone' as never,
    stream: { topic: 'db.public.payments', decode: debezium(options) },
  })
  const account = entity('account', { key: { account: z.string() } })
  const byAccount = featureGroup('by_account', {
    source: payments as never,
    entity: account as never,
    features: { n: count().over('7d') },
  })
  return modelOf({ payments, byAccount }).sources.get('payments')!
}

const row = (more: object = {}) => ({ id: 7, at: MS, account: 'a', shop: 's', amount: '12.34', ...more })
const envelope = (op: string, before: object | null, after: object | null, lsn = 100) => ({
  op,
  before,
  after,
  source: { connector: 'postgresql', lsn, ts_ms: MS, ts_us: MS * 1000 },
  ts_ms: MS + 5,
})
const bytes = (message: unknown) => Buffer.from(message === undefined ? '' : JSON.stringify(message))
const shown = (of: SourceModel) => (event: ParsedEvent) => [
  Number(event.id),
  event.time_ms - MS,
  event.values[of.columns.findIndex(({ name }) => name === 'account')],
  event.version,
  event.deleted,
]
const read = (message: unknown, of = paymentsWith()) => of.messages.read(bytes(message)).map(shown(of))
const field = (field: string, type: string, name?: string) => ({ field, type, ...(name !== undefined && { name }) })
const wrapped = (payload: unknown, ...columns: object[]) => ({
  schema: {
    type: 'struct',
    fields: [
      { field: 'before', type: 'struct', optional: true, fields: columns },
      { field: 'after', type: 'struct', optional: true, fields: columns },
      field('op', 'string'),
    ],
  },
  payload,
})

describe('change events of Debezium', () => {
  it.each<[string, unknown, unknown]>([
    ['a row that was created', envelope('c', null, row()), [[7, 0, 'a', 201, false]]],
    ['a row of a snapshot', envelope('r', null, row()), [[7, 0, 'a', 201, false]]],
    ['with its schema', wrapped(envelope('c', null, row()), field('id', 'int64')), [[7, 0, 'a', 201, false]]],
    ['an update in its place', envelope('u', row(), row({ amount: '1.00' })), [[7, 0, 'a', 201, false]]],
    [
      'an update of its key',
      envelope('u', row(), row({ account: 'b' })),
      [
        [7, 0, 'a', 200, true],
        [7, 0, 'b', 201, false],
      ],
    ],
    [
      'an update of its time',
      envelope('u', row(), row({ at: MS + 1 })),
      [
        [7, 0, 'a', 200, true],
        [7, 1, 'a', 201, false],
      ],
    ],
    [
      'an update of its id',
      envelope('u', row(), row({ id: 8 })),
      [
        [7, 0, 'a', 200, true],
        [8, 0, 'a', 201, false],
      ],
    ],
    ['a delete', envelope('d', row(), null), [[7, 0, 'a', 200, true]]],
    ['a message of the program', envelope('m', null, null), []],
    ['a tombstone of the topic', undefined, []],
    ['a tombstone as JSON', null, []],
    ['a tombstone with a schema', { schema: null, payload: null }, []],
    ['a row that the table itself calls deleted', envelope('c', null, row({ gone: true })), [[7, 0, 'a', 201, true]]],
    ['the same as a number', envelope('c', null, row({ gone: 1 })), [[7, 0, 'a', 201, true]]],
    [
      'a column of the table that is called as the version',
      envelope('c', null, row({ v: 5 })),
      [[7, 0, 'a', 201, false]],
    ],
    [
      'a large value that was not touched',
      envelope('u', row({ shop: 'long' }), row({ shop: '__debezium_unavailable_value' })),
      [[7, 0, 'a', 201, false]],
    ],
  ])('%s', (_, message, events) => {
    expect(read(message)).toEqual(events)
  })

  it('finds in a row no column that it lacks, whatever its name is', () => {
    const columns = {
      constructor: z.string().optional(),
      valueOf: z.int(),
      toString: z.iso.datetime({ offset: true }).optional(),
    }
    const odd = source('odd', {
      schema: z.object({ id: z.string(), at: z.int(), v: z.int(), gone: z.boolean(), ...columns }),
      id: 'id',
      time: 'at',
      version: 'v',
      deleted: 'gone',
      stream: { topic: 'odd', decode: debezium() },
    })
    const { messages } = modelOf({ odd }).sources.get('odd')!
    const given = { id: 'a', at: MS, valueOf: 7 }
    const [gone, now] = messages.read(bytes(envelope('u', given, { ...given, id: 'b' })))
    expect([gone!.values, now!.values]).toEqual([
      ['a', MS, 200, true, null, 7, null],
      ['b', MS, 201, false, null, 7, null],
    ])
    const without = envelope('c', null, { id: 'a', at: MS })
    expect(() => messages.read(bytes(without))).toThrow('valueOf is missing')
  })

  it('takes what an update did not touch from the row before', () => {
    const of = paymentsWith()
    const message = envelope('u', row({ shop: 'long' }), row({ shop: '__debezium_unavailable_value' }))
    expect(of.messages.read(bytes(message))[0]!.values).toContain('long')
  })

  const FULL =
    'let the database log whole rows (PostgreSQL: ALTER TABLE ... REPLICA IDENTITY FULL; MySQL: binlog_row_image=FULL)'
  it.each<[string, unknown, string]>([
    [
      'a truncated table',
      envelope('t', null, null),
      'op "t": the table was truncated, which names no row that is gone: delete its rows, or load the source anew',
    ],
    ['another op', envelope('x', null, null), 'op: "x" is none of c, r, u, d, t and m: the message is no change event'],
    [
      'an update without the row before',
      envelope('u', null, row()),
      `op "u": "before", the row as it was, is missing: ${FULL}`,
    ],
    [
      'a delete with the key only',
      envelope('d', { id: 7, at: null, account: null, shop: null, amount: null }, null),
      `op "d": "before", the row as it was, lacks at: ${FULL}`,
    ],
    [
      'a delete with id and time only',
      envelope('d', { id: 7, at: MS }, null),
      `op "d": "before", the row as it was, lacks account, shop, amount, seen_at: ${FULL}`,
    ],
    ['no row after', envelope('c', null, null), 'op "c": the message has no "after", the row as it is now'],
    [
      'a large value that nobody logged',
      envelope('u', row({ shop: '__debezium_unavailable_value' }), row({ shop: '__debezium_unavailable_value' })),
      `shop was not logged, as the update did not touch it: ${FULL}`,
    ],
    [
      'a flat row',
      row(),
      'the message is no change event: it has no "op". Leave the transform ExtractNewRecordState out of the connector',
    ],
    [
      'a version past 2^52',
      envelope('c', null, row(), 2 ** 52),
      'the version 4503599627370496 of the change is no whole number from 0 to 2^52: debezium({ version: (envelope) => ... }) gives another',
    ],
    [
      'PostgreSQL without a position',
      { ...envelope('c', null, row()), source: { connector: 'postgresql', ts_us: MS * 1000 } },
      'source.lsn is no number, though the change is from PostgreSQL',
    ],
    [
      'a source that says nothing',
      { op: 'c', after: row() },
      'source has none of lsn, ts_us and ts_ms, so nobody knows which change is the later one: debezium({ version: (envelope) => ... })',
    ],
    [
      'decimals that are no texts',
      envelope('c', null, row({ amount: 'BNI=' })),
      'amount: "BNI=" must be an amount with at most 2 decimals',
    ],
    [
      'nanoseconds',
      wrapped(envelope('c', null, row({ at: MS * 1e6 })), field('at', 'int64', 'io.debezium.time.NanoTimestamp')),
      'at counts nanoseconds, past 2^53: set time.precision.mode=adaptive_time_microseconds, or a coarser type of the column',
    ],
  ])('refuses %s', (_, message, says) => {
    expect(() => read(message)).toThrow(says)
  })

  it('numbers the largest version that is safe', () => {
    expect(read(envelope('c', null, row(), 2 ** 52 - 1))).toEqual([[7, 0, 'a', 2 ** 53 - 1, false]])
  })

  it.each<[string, object, number]>([
    [
      'microseconds',
      { connector: 'mysql', ts_us: 1_700_000_000_000_123, ts_ms: 1_700_000_000_000 },
      1_700_000_000_000_123,
    ],
    ['milliseconds', { connector: 'mysql', ts_ms: 1_700_000_000_000 }, 1_700_000_000_000_000],
  ])('takes the version of %s where there is no position in a log', (_, from, version) => {
    expect(read({ ...envelope('c', null, row()), source: from })).toEqual([[7, 0, 'a', 2 * version + 1, false]])
  })

  it('takes the version that a function gives', () => {
    const of = paymentsWith({ version: ({ source }) => Number(source.scn) })
    expect(read({ ...envelope('c', null, row()), source: { scn: '41' } }, of)).toEqual([[7, 0, 'a', 83, false]])
  })

  const iso = z.iso.datetime({ offset: true })
  const text = new Date(MS).toISOString()
  const micros = MS * 1000 + 999
  it.each<[string, SourceModel, unknown]>([
    ['milliseconds for z.int()', paymentsWith(), envelope('c', null, row())],
    ['milliseconds for ISO 8601', paymentsWith({}, iso), envelope('c', null, row())],
    ['a text for z.int()', paymentsWith(), envelope('c', null, row({ at: text.replace('Z', '999Z') }))],
    ['a text for ISO 8601', paymentsWith({}, iso), envelope('c', null, row({ at: text }))],
    [
      'microseconds, as an option says',
      paymentsWith({ times: { at: 'us' } }),
      envelope('c', null, row({ at: micros })),
    ],
    [
      'microseconds, as the schema says',
      paymentsWith({}, iso),
      wrapped(envelope('c', null, row({ at: micros })), field('at', 'int64', 'io.debezium.time.MicroTimestamp')),
    ],
    [
      'milliseconds, as the schema says',
      paymentsWith(),
      wrapped(envelope('c', null, row()), field('at', 'int64', 'io.debezium.time.Timestamp')),
    ],
  ])('reads times that are %s', (_, of, message) => {
    expect(read(message, of)).toEqual([[7, 0, 'a', 201, false]])
  })

  it('refuses microseconds that nobody says are such', () => {
    expect(() => read(envelope('c', null, row({ at: micros })))).toThrow('the unit is wrong')
  })

  it('gives a tombstone also where a column changes that is to be a key later', () => {
    const change = envelope('u', row(), row({ shop: 't' }))
    expect(read(change)).toHaveLength(1)
    expect(read(change, paymentsWith({ keys: ['shop'] }))).toHaveLength(2)
  })

  it('reads other columns of time by their own units', () => {
    const of = paymentsWith({ times: { seen_at: 'us' } })
    const [event] = of.messages.read(bytes(envelope('c', null, row({ seen_at: micros }))))
    expect(event!.values[of.columns.findIndex(({ name }) => name === 'seen_at')]).toBe(MS)
  })
})
