import { describe, expect, test } from 'vitest'
import type { ColumnType, Value } from '../../src/timeline/column-type.ts'
import { hash64 } from '../../src/timeline/id-hash.ts'
import { column, int, readColumn, readRows, scanOf, T0, text, time } from './archive-rows.ts'
import { bool, double, enumAB, foreignTables, money2 } from './foreign-tables.ts'

const INF = Number.POSITIVE_INFINITY
const SAFE_MAX = Number.MAX_SAFE_INTEGER
const foreign = foreignTables()

describe('columns of tables that somebody else made are read in canonical form', () => {
  /** What each SQL expression comes back as. */
  const cases: readonly (readonly [ColumnType, string, Readonly<Record<string, Value>>])[] = [
    [text, 'Nullable(String)', { "'a'": 'a', NULL: null, "''": '' }],
    [text, 'LowCardinality(String)', { "'a'": 'a', "''": '' }],
    [text, 'LowCardinality(Nullable(String))', { "'a'": 'a', NULL: null, "''": '' }],
    [text, 'FixedString(5)', { "'abcde'": 'abcde', "'a'": 'a', "'a\\0b'": 'a\0b', "''": '' }],
    [text, 'Nullable(FixedString(3))', { "'ab'": 'ab', NULL: null }],
    [text, "Enum8('o\\'k' = 1, '' = 2)", { "'o\\'k'": "o'k", "''": '' }],
    [text, 'UUID', { "'61F0C404-5CB3-11E7-907B-A6006AD3DBA0'": '61f0c404-5cb3-11e7-907b-a6006ad3dba0' }],
    [text, 'IPv4', { "'10.0.0.1'": '10.0.0.1' }],
    [text, 'UInt64', { '18446744073709551615': '18446744073709551615', '0': '0' }],
    [
      text,
      'Nullable(Int128)',
      { "'-170141183460469231731687303715884'": '-170141183460469231731687303715884', NULL: null },
    ],
    [text, 'LowCardinality(UInt32)', { '7': '7' }],
    [enumAB, "Enum16('a' = -5, 'b' = 300)", { "'b'": 'b', "'a'": 'a' }],
    [enumAB, "Nullable(Enum8('a' = 1))", { "'a'": 'a', NULL: null }],
    [int, 'Int8', { '-128': -128 }],
    [int, 'Nullable(UInt32)', { '4294967295': 2 ** 32 - 1, NULL: null }],
    [int, 'Int64', { '9007199254740991': SAFE_MAX, '9007199254740992': INF }],
    [int, 'Int64', { '-9007199254740991': -SAFE_MAX, '-9007199254740992': INF }],
    [int, 'UInt64', { '18446744073709551615': INF, '9007199254740991': SAFE_MAX, '0': 0 }],
    [int, 'Nullable(Int256)', { "'9007199254740993'": INF, "'-7'": -7, NULL: null }],
    [int, 'LowCardinality(Nullable(Int64))', { '7': 7, NULL: null }],
    [money2, 'Decimal(9, 2)', { "'12.34'": 1234, "'-0.01'": -1 }],
    [money2, 'Nullable(Decimal(18, 4))', { "'12.34'": 1234, "'12.3401'": INF, "'-12.3400'": -1234, NULL: null }],
    [money2, 'Decimal(38, 2)', { "'90071992547409.91'": SAFE_MAX, "'90071992547409.92'": INF, "'-0.5'": -50 }],
    [money2, 'Decimal(76, 40)', { "'12.34'": 1234, "'0.0000000001'": INF, "'1'": 100 }],
    [{ kind: 'money', scale: 0 }, 'Decimal(18, 6)', { "'12'": 12, "'12.5'": INF }],
    [money2, 'Float64', { '12.34': 1234, '0.1 + 0.2': INF, '-0.0': 0, nan: INF, inf: INF, '1e300': INF, '0.001': INF }],
    [money2, 'Nullable(Float64)', { '-0.29': -29, NULL: null }],
    [money2, 'String', { "'12.34'": 1234, "'12'": 1200, "'-0.5'": -50, "'-0'": 0, "'90071992547409.91'": SAFE_MAX }],
    [
      money2,
      'String',
      { "'1.234'": INF, "'1e3'": INF, "' 1'": INF, "''": INF, "'1,5'": INF, "'.5'": INF, "'1.'": INF },
    ],
    [money2, 'String', { "'01'": INF, "'90071992547409.92'": INF, "'9999999999999999'": INF, "'1\\n'": INF }],
    [money2, 'Nullable(String)', { "'12.3'": 1230, NULL: null }],
    [double, 'Float64', { '0.1': 0.1, '-0.0': 0, nan: INF, inf: INF, '-inf': INF, '5e-324': 5e-324 }],
    [double, 'Nullable(Float64)', { '1.5': 1.5, NULL: null }],
    [double, 'Int32', { '-5': -5 }],
    [double, 'UInt64', { '9007199254740993': 2 ** 53 }],
    [double, 'Decimal(38, 20)', { "'0.1'": 0.1, "'123456789.1234567891'": Number('123456789.1234567891') }],
    [bool, 'UInt8', { '0': false, '1': true, '2': INF }],
    [bool, 'Nullable(Bool)', { true: true, NULL: null }],
    [time, 'Int64', { [T0]: T0, '9223372036854775807': INF }],
    [time, 'Nullable(UInt64)', { [T0]: T0, NULL: null }],
    [time, 'DateTime64(9)', { "toDateTime64('2023-11-14 22:13:20.123999999', 9, 'UTC')": T0 + 123 }],
    [time, "DateTime64(6, 'Asia/Tokyo')", { "toDateTime64('2023-11-14 22:13:20.000001', 6, 'UTC')": T0 }],
    [time, 'String', { "'2023-11-14T22:13:20.1239Z'": T0 + 123, "'2023-11-15T07:13:20+09:00'": T0 }],
    [time, 'String', { "'2023-11-14 22:13:20'": INF, "''": INF, "'2023-02-29T00:00:00Z'": INF, [`'${T0}'`]: INF }],
  ]
  test.each(cases)('%j from %s gives %j', async (type, clickhouseType, values) => {
    const table = await foreign.table(clickhouseType, Object.keys(values))
    const read = await readColumn(foreign.archive, table, column('v', type, true))
    expect(read).toEqual(Object.values(values))
    expect(read.some((value) => Object.is(value, -0))).toBe(false)
  })

  test('whole seconds, where the source says so', async () => {
    for (const [type, value] of [
      ['DateTime', "toDateTime('2023-11-14 22:13:20', 'UTC')"],
      ['LowCardinality(DateTime)', "toDateTime('2023-11-14 22:13:20', 'UTC')"],
      ["DateTime('Europe/Berlin')", "toDateTime('2023-11-14 22:13:20', 'UTC')"],
      ['DateTime64(1)', "toDateTime64('2023-11-14 22:13:20.9', 1, 'UTC')"],
      ['Int64', `${T0 + 999}`],
      ['String', "'2023-11-14T22:13:20.999Z'"],
    ] as const) {
      const table = await foreign.table(type, [value])
      const v = column('v', time)
      const scan = scanOf(table, { key: [], time: v, columns: [v], precision: 's' })
      for (const [from_ms, to_ms, rows] of [
        [null, null, 1],
        [T0, T0 + 1, 1],
        [T0 - 5, T0, 0],
        [T0 + 1, null, 0],
      ] as const) {
        const read = await readRows(foreign.archive, { ...scan, from_ms, to_ms })
        expect(
          read.map((row) => [row.time_ms, row.values[0]]),
          type,
        ).toEqual(Array(rows).fill([T0, T0]))
      }
    }
  })

  test.each([
    ['String', ["'a'", "'жук🦀'", "''"], ['a', 'жук🦀', '']],
    ['FixedString(4)', ["'ab'"], ['ab']],
    ['UInt64', ['18446744073709551615'], ['18446744073709551615']],
    ['LowCardinality(Nullable(String))', ["'a'", 'NULL'], ['a']],
    ['UUID', ["'61F0C404-5CB3-11E7-907B-A6006AD3DBA0'"], ['61f0c404-5cb3-11e7-907b-a6006ad3dba0']],
  ])('an id of type %s is hashed as its text; a row without one is left out', async (type, values, texts) => {
    const table = await foreign.table(type, values)
    const rows = await readRows(foreign.archive, scanOf(table, { key: [], id: column('v', text) }))
    expect(rows.map((row) => row.id)).toEqual(texts.map(hash64))
  })

  test('a time that is null or unreadable is in every range, so that it can be refused', async () => {
    const v = column('v', time)
    for (const [type, bad] of [
      ['Nullable(DateTime64(3))', 'NULL'],
      ['Nullable(String)', 'NULL'],
      ['String', "'yesterday'"],
      ['UInt64', '18446744073709551615'],
    ] as const) {
      const table = await foreign.table(type, [bad])
      for (const [from_ms, to_ms] of [
        [null, null],
        [T0, null],
        [null, T0],
        [T0, T0 + 1],
      ] as const) {
        const rows = await readRows(foreign.archive, scanOf(table, { key: [], time: v, from_ms, to_ms }))
        expect(
          rows.map((row) => Number.isFinite(row.time_ms)),
          type,
        ).toEqual([false])
      }
      expect(await foreign.archive.stats(table, v, [], null)).toMatchObject({
        rows: 1,
        time_ms_min: null,
        time_ms_max: null,
      })
    }
  })
})
