import { describe, expect, test } from 'vitest'
import { archiveTypeProblem, columnTypeSql, parseClickHouseType } from '../../src/stores/archive/clickhouse-types.ts'
import type { ColumnType } from '../../src/timeline/column-type.ts'
import { column, int, text, time } from './archive-rows.ts'

const money2: ColumnType = { kind: 'money', scale: 2 }
const double: ColumnType = { kind: 'double' }
const bool: ColumnType = { kind: 'bool' }
const status: ColumnType = { kind: 'enum', values: ['a'] }
const ALL = [text, status, int, money2, double, bool, time]
const MS = { isTime: false, precision: 'ms' } as const

test.each([
  ['String', { inner: 'String', name: 'String', nullable: false, isDictionary: false, args: [] }],
  [
    'LowCardinality(Nullable(String))',
    { inner: 'String', name: 'String', nullable: true, isDictionary: true, args: [] },
  ],
  ['Nullable(Decimal(18, 2))', { inner: 'Decimal(18, 2)', name: 'Decimal', nullable: true, args: [18, 2] }],
  ["DateTime64(3, 'Etc/GMT+12')", { inner: "DateTime64(3, 'Etc/GMT+12')", name: 'DateTime64', nullable: false }],
  ["Enum8('Nullable(1)' = 2)", { name: 'Enum8', nullable: false, args: [] }],
])('reads the type %s', (type, parts) => {
  expect(parseClickHouseType(type)).toMatchObject({ text: type, ...parts })
})

describe('which types carry which values', () => {
  test.each([
    ['String', ['string', 'enum', 'money', 'time']],
    ['Nullable(String)', ['string', 'enum', 'money', 'time']],
    ['LowCardinality(Nullable(String))', ['string', 'enum', 'money', 'time']],
    ['FixedString(3)', ['string', 'enum']],
    ["Enum16('a' = 1)", ['string', 'enum']],
    ['UUID', ['string']],
    ['IPv4', ['string']],
    ['IPv6', []],
    ['Int64', ['string', 'int', 'double', 'time']],
    ['UInt64', ['string', 'int', 'double', 'time']],
    ['Int32', ['string', 'int', 'double']],
    ['UInt8', ['string', 'int', 'double', 'bool']],
    ['Int256', ['string', 'int', 'double']],
    ['Bool', ['bool']],
    ['Float64', ['double', 'money']],
    ['Float32', []],
    ['Decimal(18, 2)', ['double', 'money']],
    ['Decimal(18, 1)', ['double']],
    ['Decimal(76, 40)', ['double', 'money']],
    ["DateTime64(3, 'UTC')", ['time']],
    ['DateTime64(9)', ['time']],
    ['DateTime64(2)', []],
    ['DateTime', []],
    ['Date', []],
    ['Array(String)', []],
    ['Tuple(String)', []],
    ['AggregateFunction(sum, Int64)', []],
  ])('%s carries %j', (clickhouseType, kinds) => {
    const carried = ALL.filter((type) => archiveTypeProblem(column('v', type), clickhouseType, MS) === null)
    expect(carried.map((type) => type.kind).sort()).toEqual([...kinds].sort())
  })

  test('the types of our own tables carry what they were made for', () => {
    for (const type of [...ALL, { kind: 'money', scale: 0 } as const, { kind: 'money', scale: 15 } as const]) {
      for (const nullable of [false, true]) {
        expect(archiveTypeProblem(column('v', type, nullable), columnTypeSql(type, nullable), MS)).toBeNull()
      }
    }
  })

  test('with precision s, whole seconds are enough', () => {
    const seconds = { isTime: true, precision: 's' } as const
    for (const type of ['DateTime', "Nullable(DateTime('UTC'))", 'DateTime64(0)', 'DateTime64(2)', 'DateTime64(3)']) {
      expect(archiveTypeProblem(column('v', time), type, seconds)).toBeNull()
    }
    expect(archiveTypeProblem(column('v', time), 'Date', seconds)).not.toBeNull()
  })
})

test.each([
  [
    time,
    'DateTime',
    true,
    "archive column 'v' is DateTime, which cannot carry the time of the events: it is coarser than the stream, which has milliseconds: make it DateTime64(3, 'UTC'), or say precision: 's' in the source",
  ],
  [
    time,
    'Date',
    false,
    "archive column 'v' is Date, which cannot carry values of type time: make it DateTime64(3, 'UTC'), Int64 of epoch milliseconds, or String of ISO 8601",
  ],
  [
    money2,
    'Decimal(9, 1)',
    false,
    "archive column 'v' is Decimal(9, 1), which cannot carry money with 2 decimals: it is coarser than the stream: make it Decimal(18, 2)",
  ],
  [
    money2,
    'Float32',
    false,
    "archive column 'v' is Float32, which cannot carry money with 2 decimals: it is coarser than the stream, as it rounds after 7 digits: make it Decimal(18, 2)",
  ],
  [
    money2,
    'Int64',
    false,
    "archive column 'v' is Int64, which cannot carry money with 2 decimals: nobody can tell whole units from minor ones in it: make it Decimal(18, 2)",
  ],
  [
    double,
    'Float32',
    false,
    "archive column 'v' is Float32, which cannot carry values of type double: it is coarser than the stream, which has 64-bit doubles: make it Float64",
  ],
  [double, 'String', false, "archive column 'v' is String, which cannot carry values of type double: make it Float64"],
  [
    text,
    'Array(String)',
    false,
    "archive column 'v' is Array(String), which cannot carry values of type string: make it String, FixedString, UUID, Enum, IPv4 or an integer",
  ],
  [
    status,
    'UUID',
    false,
    "archive column 'v' is UUID, which cannot carry values of type enum: make it LowCardinality(String) or an Enum",
  ],
  [int, 'Float64', false, "archive column 'v' is Float64, which cannot carry values of type int: make it Int64"],
  [bool, 'Int8', false, "archive column 'v' is Int8, which cannot carry values of type bool: make it Bool or UInt8"],
])('%j in %s is refused with a cure', (type, clickhouseType, isTime, sentence) => {
  expect(archiveTypeProblem(column('v', type), clickhouseType, { isTime, precision: 'ms' })).toBe(sentence)
})
