import { describe, expect, it } from 'vitest'
import { BackfillReport } from '../../src/cli/commands/backfill.ts'
import { eventsText } from '../../src/cli/commands/events.ts'
import { vectorText } from '../../src/cli/commands/get.ts'
import { statusText } from '../../src/cli/commands/status.ts'
import { bytes, counted, table } from '../../src/cli/output.ts'
import { atFlag, keysFlag } from '../../src/cli/request-flags.ts'

const AT = Date.UTC(2026, 0, 1)

it('tables stand in columns, numbers to the right', () => {
  expect(
    table(
      ['NAME', 'ROWS', 'WHY'],
      [
        ['a', '1,000', ''],
        ['long', '5', 'é so'],
      ],
      ['left', 'right', 'left'],
    ),
  ).toBe(['NAME   ROWS  WHY', 'a     1,000', 'long      5  é so'].join('\n'))
})

it('a vector', () => {
  const answer = {
    service: 'profile',
    version: 'v1',
    as_of: AT,
    features: { n: 3, total: '9007199254740993', list: ['a'], none: null },
    status: { none: 'missing' },
    watermarks: { payments: AT, logins: null },
  }
  expect(vectorText(answer)).toBe(
    [
      'profile v1 at 2026-01-01T00:00:00.000Z; counted: payments up to 2026-01-01T00:00:00.000Z, logins up to -',
      'FEATURE             VALUE  STATUS',
      'n                       3',
      'total    9007199254740993',
      'list                ["a"]',
      'none                 null  missing',
    ].join('\n'),
  )
})

it('the events behind a value', () => {
  const event = (id: string | null, columns: Record<string, string | number | null>, version: number) => ({
    id,
    time: new Date(AT).toISOString(),
    time_ms: AT,
    id_hash: '00ff00ff00ff00ff',
    version,
    columns,
  })
  const answer = {
    feature: 'a__n_1d',
    as_of: AT,
    window: { after_ms: AT - 86_400_000, until_ms: AT },
    value: 3,
    status: 'incomplete' as const,
    total: 3,
    events: [event('p1', { id: 'p1', amount: 5, shop: null }, 2), event(null, { amount: 7, shop: 's' }, 0)],
  }
  expect(eventsText(answer, 'id')).toBe(
    [
      'a__n_1d = 3 (incomplete) at 2026-01-01T00:00:00.000Z',
      'window: after 2025-12-31T00:00:00.000Z, up to and with 2026-01-01T00:00:00.000Z: 3 events, of which the newest 2 are shown',
      'TIME                      ID                       AMOUNT  SHOP  VERSION',
      '2026-01-01T00:00:00.000Z  p1                       5       -     2',
      '2026-01-01T00:00:00.000Z  00ff00ff00ff00ff (hash)  7       s',
    ].join('\n'),
  )
  expect(eventsText({ ...answer, value: 0, status: 'ok', total: 0, events: [] }).split('\n')).toEqual([
    'a__n_1d = 0 at 2026-01-01T00:00:00.000Z',
    'window: after 2025-12-31T00:00:00.000Z, up to and with 2026-01-01T00:00:00.000Z: 0 events',
  ])
})

it('how everything stands', () => {
  const timeline = {
    fingerprint: 'f',
    name: 'payments by card',
    source: 'payments',
    entity: 'card',
    key: ['card_id'],
    columns: ['amount'],
    retention_ms: 9 * 86_400_000,
    since_ms: 0,
    complete: true,
    reason: null,
    backfill: { parts: 4, done: 1, rows: 1_500, running: false },
  }
  const partition = { partition: 0, start: 10, end: 1_010, streamed: 1_000, archived: 510 }
  const text = statusText(
    {
      pid: 7,
      url: 'http://127.0.0.1:1',
      defs: 'defs',
      data: 'data',
      clock: 'wall',
      group: 'g',
      sources: {
        payments: {
          topic: 'p',
          partitions: [partition, { ...partition, partition: 1 }],
          watermark_ms: AT,
          trouble: 'the disk is full',
          archive: { table: 'p', rows: 5_000, time_ms_min: AT, time_ms_max: null },
          holes: [{ partition: 1, from: 3, to: 7, missing: 4, text: 'p lacks 4 of the events' }],
          quarantined: 2,
        },
      },
      timelines: [
        timeline,
        {
          ...timeline,
          name: 'payments by shop',
          entity: 'shop',
          columns: [],
          since_ms: null,
          complete: false,
          reason: 'it is new',
          backfill: null,
        },
      ],
      store: { timelines: 12, bytes: 123_456 },
      live: [],
    },
    'http://127.0.0.1:1',
  )
  expect(text).toBe(
    [
      'dev is process 7, http://127.0.0.1:1; data in data, definitions in defs, clock wall',
      '',
      'SOURCE    IN THE LOG  TO STREAM  TO ARCHIVE  WATERMARK                 ARCHIVE ROWS  ARCHIVE FROM              TO  KEPT ASIDE',
      'payments       2,000         20       1,000  2026-01-01T00:00:00.000Z         5,000  2026-01-01T00:00:00.000Z  -            2',
      '',
      'TIMELINE          COLUMNS  KEPT  STATE       SINCE  BACKFILL                              WHY',
      'payments by card  amount   9d    complete    ever   broken off, 1 of 4 parts, 1,500 rows',
      'payments by shop  (none)   9d    incomplete  -      -                                     it is new',
      '',
      'Online store: 12 timelines, 123 kB',
      '',
      'Trouble with payments: the disk is full',
      '',
      'The archive of payments has a hole: p lacks 4 of the events',
    ].join('\n'),
  )
})

describe('a backfill', () => {
  const timeline = {
    fingerprint: 'f',
    name: 'payments by card',
    source: 'payments',
    entity: 'card',
    groups: ['a', 'b'],
  }
  const done = { type: 'done', timeline, rows: 1_000, refused: 0, refusals: [], since_ms: 0 } as const
  const failed = { type: 'failed', timeline, code: 'NO_ARCHIVE', message: 'there is none' } as const
  const end = { type: 'end', ok: true } as const

  it.each<[string, Parameters<BackfillReport['take']>[0][], boolean, string]>([
    ['with nothing to do', [end], true, 'every timeline is complete: nothing to fill'],
    ['that filled all', [done, end], true, 'payments by card (a, b): complete, 1,000 rows'],
    [
      'that some rows were refused of',
      [{ ...done, refused: 1, refusals: ['x is null'], since_ms: AT }, end],
      false,
      'payments by card (a, b): complete since 2026-01-01T00:00:00.000Z, 1,000 rows; 1 row was refused: x is null',
    ],
    [
      'that failed',
      [done, failed, { ...end, ok: false }],
      false,
      'payments by card (a, b): complete, 1,000 rows\npayments by card (a, b) failed: there is none',
    ],
    ['that was broken off', [], false, 'no timeline was finished'],
  ])('%s', (_, lines, ok, text) => {
    const report = new BackfillReport()
    for (const line of lines) report.take(line)
    expect([report.ok, report.text()]).toEqual([ok, text])
    expect(report.result()).toMatchObject({ ok })
  })
})

describe('flags that hold values', () => {
  const types = new Map([
    ['account', { kind: 'int' }],
    ['card', { kind: 'string', bytesMax: 10 }],
  ] as const)
  it.each([
    ['account=5,card=5', { account: 5, card: '5' }],
    ['card=a=b', { card: 'a=b' }],
    ['account=x', { account: 'x' }],
    ['{"card": "a,b"}', { card: 'a,b' }],
  ])('--keys %s', (text, keys) => {
    expect(keysFlag(text, types)).toEqual(keys)
  })

  it('--keys that name a key twice are refused', () => {
    expect(() => keysFlag('card=a,card=b', types)).toThrow(`--keys names 'card' twice`)
  })

  it.each([
    ['1714566600000', 1_714_566_600_000],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
  ])('--at %s', (text, at) => {
    expect(atFlag(text)).toBe(at)
  })
})

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_200, '1.2 kB'],
  [12_345_678, '12 MB'],
  [5e12, '5.0 TB'],
])('%d bytes are %s', (value, text) => {
  expect(bytes(value)).toBe(text)
})

it('one or many', () => {
  expect([counted(1, 'line'), counted(1_000, 'line'), counted(2, 'entity', 'entities')]).toEqual([
    '1 line',
    '1,000 lines',
    '2 entities',
  ])
})
