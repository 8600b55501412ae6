import { describe, expect, test } from 'vitest'
import type { ColumnType, Value } from '../../src/timeline/column-type.ts'
import { AT, column, ID, insertRows, int, readRows, scanOf, T0, text, time } from './archive-rows.ts'
import { bool, double, enumAB, foreignTables, money2 } from './foreign-tables.ts'

const SAFE_MAX = Number.MAX_SAFE_INTEGER
const foreign = foreignTables()

describe('tables that somebody else made take events', () => {
  const cases: readonly (readonly [ColumnType, string, readonly Value[]])[] = [
    [text, 'FixedString(4)', ['abcd', 'a', '']],
    [text, 'UUID', ['61f0c404-5cb3-11e7-907b-a6006ad3dba0']],
    [text, 'UInt64', ['18446744073709551615', '0']],
    [text, "Enum8('a' = 1, 'b' = 2)", ['a', 'b']],
    [text, 'LowCardinality(Nullable(String))', ['a', null, '']],
    [enumAB, "Nullable(Enum8('a' = 1, 'b' = 2))", ['a', null]],
    [int, 'Nullable(UInt8)', [0, 255, null]],
    [int, 'Int128', [SAFE_MAX, -SAFE_MAX]],
    [money2, 'Decimal(9, 2)', [1234, -1]],
    [money2, 'Nullable(Decimal(38, 10))', [SAFE_MAX, null, -1]],
    [money2, 'Float64', [1234, -29, 2 ** 50 - 1]],
    [money2, 'Nullable(String)', [1230, -5, 0, null, SAFE_MAX]],
    [double, 'Nullable(Decimal(38, 10))', [0.1, null, -12.5]],
    [bool, 'UInt8', [true, false]],
    [time, 'Int64', [T0 + 1]],
    [time, 'Nullable(UInt64)', [T0 + 1, null]],
    [time, 'String', [T0 + 1, T0]],
    [time, 'Nullable(String)', [T0 + 120, null]],
    [time, "DateTime('Asia/Tokyo')", [T0]],
    [time, 'DateTime64(9)', [T0 + 123]],
    [time, 'Nullable(DateTime64(1))', [T0 + 100, null]],
  ]
  test.each(cases)('%j into %s', async (type, clickhouseType, values) => {
    const table = await foreign.table(clickhouseType)
    const v = column('v', type, values.includes(null))
    await insertRows(
      foreign.archive,
      table,
      [ID, AT, v],
      values.map((value, i) => [`e${i}`, T0 + i, value]),
    )
    const precision = clickhouseType.startsWith('DateTime') || clickhouseType.includes('DateTime64(1)') ? 's' : 'ms'
    const rows = await readRows(foreign.archive, scanOf(table, { key: [], columns: [v], precision }))
    const floor = (value: Value) =>
      type.kind === 'time' && precision === 's' && value !== null ? Math.floor(Number(value) / 1_000) * 1_000 : value
    expect(rows.map((row) => row.values[0]).sort()).toEqual(values.map(floor).sort())
    expect(await foreign.archive.lastSequence(table, 'file/test')).toBeNull()
    expect(await foreign.archive.sequences([{ table }], 'file/test', 5)).toBe(0)
  })

  test.each([
    [text, 'FixedString(2)', 'abc'],
    [text, 'UUID', '61F0C404-5CB3-11E7-907B-A6006AD3DBA0'],
    [text, 'UUID', 'no uuid'],
    [text, 'UInt64', '007'],
    [text, 'UInt64', '18446744073709551616'],
    [text, "Enum8('a' = 1)", 'b'],
    [int, 'UInt8', 256],
    [int, 'UInt64', -1],
    [money2, 'Decimal(38, 38)', 1234],
    [double, 'Decimal(18, 2)', 0.125],
    [double, 'Int64', 0.5],
    [money2, 'Float64', 2 ** 50],
    [time, 'DateTime', T0 + 1],
    [time, 'DateTime64(2)', T0 + 1],
    [int, 'Int64', null],
    [money2, 'Int64', 1234],
  ] as const)('%j into %s refuses %j, which would not come back', async (type, clickhouseType, value) => {
    const table = await foreign.table(clickhouseType)
    const v = column('v', type, value === null)
    const rows = [['e0', T0, value]]
    await expect(insertRows(foreign.archive, table, [ID, AT, v], rows)).rejects.toMatchObject({
      code: 'ARCHIVE_TYPE',
      retryable: false,
    })
    expect(await foreign.archive.stats(table, AT, [], null)).toMatchObject({ rows: 0 })
  })
})
