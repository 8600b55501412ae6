import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseIsoTime } from '../../src/features/iso-time.ts'
import { parseMoney } from '../../src/features/money.ts'
import type { ColumnType } from '../../src/timeline/column-type.ts'
import { column, readColumn, time } from './archive-rows.ts'
import { double, foreignTables } from './foreign-tables.ts'

const foreign = foreignTables()

describe('every road gives the same value', () => {
  const orInfinity = (value: number | null) => value ?? Number.POSITIVE_INFINITY

  test('times as text', async () => {
    const two = (max: number) => fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, '0'))
    const day = fc.tuple(fc.integer({ min: 2000, max: 2099 }), two(13), two(32)).map((parts) => parts.join('-'))
    const decimals = fc
      .string({ unit: fc.constantFrom('0', '1', '9'), minLength: 0, maxLength: 12 })
      .map((text) => (text === '' ? '' : `.${text}`))
    const clock = fc.tuple(two(25), two(61)).map((parts) => parts.join(':'))
    const seconds = fc.oneof(
      fc.constant(''),
      fc.tuple(two(61), decimals).map(([second, rest]) => `:${second}${rest}`),
    )
    const offset = fc.oneof(
      fc.constant('Z'),
      fc.constant(''),
      fc.tuple(fc.constantFrom('+', '-'), two(24), fc.constant(':'), two(61)).map((parts) => parts.join('')),
    )
    const texts = fc.sample(
      fc.tuple(day, fc.constantFrom('T', 'T', 'T', ' ', 't'), clock, seconds, offset).map((parts) => parts.join('')),
      { seed: 11, numRuns: 6_000 },
    )
    const expected = texts.map((value) => orInfinity(parseIsoTime(value)))
    expect(expected.filter(Number.isFinite).length).toBeGreaterThan(1_000)
    const table = await foreign.view(
      'String',
      texts.map((value) => `'${value}'`),
    )
    expect(await readColumn(foreign.archive, table, column('v', time))).toEqual(expected)
  })

  test.each([0, 2, 3, 8])('amounts at scale %i as doubles and as text', async (scale) => {
    const amount: ColumnType = { kind: 'money', scale }
    const minor = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1_000_000, max: 1_000_000 }))
    const doubles = fc.sample(
      fc.oneof(
        minor.map((value) => value / 10 ** scale),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      ),
      { seed: 3, numRuns: 4_000 },
    )
    const ofDoubles = await foreign.view(
      'Float64',
      doubles.map((value) => `reinterpretAsFloat64(toUInt64('${bits(value)}'))`),
    )
    expect(await readColumn(foreign.archive, ofDoubles, column('v', amount))).toEqual(
      doubles.map((value) => orInfinity(parseMoney(value, scale))),
    )

    const digits = (max: number) => fc.string({ unit: fc.constantFrom('0', '1', '5', '9'), maxLength: max })
    const texts = fc.sample(
      fc
        .tuple(fc.constantFrom('', '-', '+'), digits(17), fc.constantFrom('', '.'), digits(9))
        .map((parts) => parts.join('')),
      { seed: 5, numRuns: 4_000 },
    )
    const expected = texts.map((value) => orInfinity(parseMoney(value, scale)))
    expect(expected.filter(Number.isFinite).length).toBeGreaterThan(200)
    const ofTexts = await foreign.view(
      'String',
      texts.map((value) => `'${value}'`),
    )
    expect(await readColumn(foreign.archive, ofTexts, column('v', amount))).toEqual(expected)
  })

  test('decimals as doubles', async () => {
    const digits = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.bigInt({ min: 0n, max: 10n ** 12n - 1n }))
    const texts = fc.sample(
      digits.map(([whole, rest]) => `${whole}.${String(rest).padStart(12, '0')}`),
      { seed: 9, numRuns: 2_000 },
    )
    const table = await foreign.view(
      'Decimal(60, 12)',
      texts.map((value) => `toDecimal256('${value}', 12)`),
    )
    expect(await readColumn(foreign.archive, table, column('v', double))).toEqual(texts.map(Number))
  })
})

function bits(value: number): bigint {
  return new BigUint64Array(new Float64Array([value]).buffer)[0]!
}
