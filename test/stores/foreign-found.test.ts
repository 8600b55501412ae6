import { describe, expect, test } from 'vitest'
import type { ColumnType } from '../../src/timeline/column-type.ts'
import { AT, column, ID, int, T0, text, time } from './archive-rows.ts'
import { foreignTables } from './foreign-tables.ts'

const foreign = foreignTables()

describe('events are found in tables that somebody else made', () => {
  /** What each SQL expression has as its canonical text. */
  const ids: readonly (readonly [ColumnType, string, Readonly<Record<string, string>>])[] = [
    [text, 'FixedString(5)', { "'ab'": 'ab', "'a\\0b'": 'a\0b' }],
    [text, 'Nullable(String)', { "'a'": 'a', NULL: '' }],
    [text, 'LowCardinality(Nullable(String))', { "'a'": 'a', NULL: '' }],
    [text, 'UUID', { "'61F0C404-5CB3-11E7-907B-A6006AD3DBA0'": '61f0c404-5cb3-11e7-907b-a6006ad3dba0' }],
    [text, 'UInt64', { '18446744073709551615': '18446744073709551615' }],
    [
      text,
      'Nullable(Int128)',
      { "'-170141183460469231731687303715884'": '-170141183460469231731687303715884', NULL: '0' },
    ],
    [text, 'LowCardinality(UInt32)', { '7': '7' }],
    [text, "Enum8('o\\'k' = 1)", { "'o\\'k'": "o'k" }],
    [int, 'Int64', { '-5': '-5' }],
  ]
  test.each(ids)('%j kept as %s', async (type, clickhouseType, values) => {
    const table = await foreign.table(clickhouseType, Object.keys(values))
    const events = Object.values(values).map((id, i) => ({ id, time_ms: T0 + i }))
    const there = Object.keys(values).map((expression) => expression !== 'NULL')
    const found = (of: typeof events) => foreign.archive.found(table, column('v', type, true), AT, 'ms', of)
    expect(await found(events)).toEqual(there)
    expect(await found(events.map(({ id, time_ms }) => ({ id: `${id}x`, time_ms })))).toEqual(there.map(() => false))
    expect(await found(events.map(({ id, time_ms }) => ({ id, time_ms: time_ms - 1 })))).toEqual(there.map(() => false))
  })

  test.each([
    ['ms', 'Int64', `${T0 + 7}`, 7],
    ['ms', 'Nullable(UInt64)', `${T0 + 7}`, 7],
    ['ms', 'DateTime64(9)', "toDateTime64('2023-11-14 22:13:20.007999999', 9, 'UTC')", 7],
    ['ms', "DateTime64(6, 'Asia/Tokyo')", "toDateTime64('2023-11-14 22:13:20.007001', 6, 'UTC')", 7],
    ['ms', 'String', "'2023-11-15T07:13:20.0079+09:00'", 7],
    ['ms', 'Nullable(String)', "'2023-11-14T22:13:20.007Z'", 7],
    ['s', 'DateTime', "toDateTime('2023-11-14 22:13:20', 'UTC')", 0],
    ['s', "LowCardinality(DateTime('Europe/Berlin'))", "toDateTime('2023-11-14 22:13:20', 'UTC')", 0],
    ['s', 'DateTime64(1)', "toDateTime64('2023-11-14 22:13:20.9', 1, 'UTC')", 0],
    ['s', 'Int64', `${T0 + 999}`, 0],
    ['s', 'String', "'2023-11-14T22:13:20.999Z'", 0],
  ] as const)('with precision %s at a time kept as %s', async (precision, type, value, offset) => {
    const table = await foreign.table(type, [value])
    const unit = precision === 's' ? 1_000 : 1
    const found = await foreign.archive.found(
      table,
      ID,
      column('v', time),
      precision,
      [0, unit, -unit].map((more) => ({ id: 'e0', time_ms: T0 + offset + more })),
    )
    expect(found).toEqual([true, false, false])
  })

  test('not by a time that is null or unreadable', async () => {
    for (const [type, bad] of [
      ['Nullable(DateTime64(3))', 'NULL'],
      ['Nullable(String)', 'NULL'],
      ['String', "'yesterday'"],
      ['UInt64', '18446744073709551615'],
    ] as const) {
      const table = await foreign.table(type, [bad])
      const found = await foreign.archive.found(table, ID, column('v', time), 'ms', [
        { id: 'e0', time_ms: T0 },
        { id: 'e0', time_ms: 0 },
      ])
      expect(found, type).toEqual([false, false])
    }
  })
})
