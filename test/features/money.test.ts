import { OpenAPIHono } from '@hono/zod-openapi'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { formatMoney, MONEY_SCALE_MAX, money, moneyRule, moneyScale, parseMoney } from '../../src/features/money.ts'

const SEED = 20260

/** Decimal text of a double, without an exponent. */
function decimalText(value: number): string {
  const [digits = '', exponent] = String(value).split('e')
  if (exponent === undefined) return digits
  const [whole = '', decimals = ''] = digits.replace('-', '').split('.')
  const shift = Number(exponent)
  const all = whole + decimals
  const text =
    shift < 0
      ? `0.${'0'.repeat(-shift - 1)}${all}`
      : all.length > shift + 1
        ? `${all.slice(0, shift + 1)}.${all.slice(shift + 1)}`
        : all.padEnd(shift + 1, '0')
  return value < 0 ? `-${text}` : text
}

/** The slow and obvious reading of an amount. */
function exactMinor(text: string, scale: number): number | null {
  const [whole = '', decimals = ''] = text.split('.')
  if (decimals.length > scale) return null
  const minor = Number(BigInt(whole.replace('-', '') + decimals.padEnd(scale, '0')))
  if (minor > Number.MAX_SAFE_INTEGER) return null
  return text.startsWith('-') && minor !== 0 ? -minor : minor
}

describe('an amount', () => {
  it.each<[unknown, number, number | null]>([
    ['12.34', 2, 1234],
    [12.34, 2, 1234],
    ['12.3', 2, 1230],
    ['12', 2, 1200],
    [12, 2, 1200],
    ['-0.05', 2, -5],
    [-0.05, 2, -5],
    ['0', 2, 0],
    ['-0.00', 2, 0],
    [-0, 2, 0],
    [1e3, 2, 100_000],
    [1.2e1, 0, 12],
    [1e-7, 7, 1],
    [4.35, 2, 435],
    [1.005, 2, null],
    [0.1 + 0.2, 2, null],
    ['12.345', 2, null],
    [12.345, 2, null],
    ['12.340', 2, null],
    ['12.0', 0, null],
    [12.5, 0, null],
    ['+1', 2, null],
    [' 1', 2, null],
    ['1 ', 2, null],
    ['1\n', 2, null],
    ['', 2, null],
    ['-', 2, null],
    ['.5', 2, null],
    ['5.', 2, null],
    ['007', 2, null],
    ['1e3', 2, null],
    ['1,000', 2, null],
    ['0x10', 2, null],
    ['٣', 2, null],
    ['90071992547409.91', 2, Number.MAX_SAFE_INTEGER],
    // Twice the same number: neither is taken, so none is rounded.
    [90071992547409.91, 2, null],
    [90071992547409.9, 2, null],
    [11258999068426.23, 2, 2 ** 50 - 1],
    [11258999068426.24, 2, null],
    [Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER],
    ['-90071992547409.91', 2, -Number.MAX_SAFE_INTEGER],
    ['90071992547409.92', 2, null],
    [90071992547409.92, 2, null],
    ['9007199254740992', 0, null],
    [9007199254740992, 0, null],
    [1e300, 2, null],
    [5e-324, 15, null],
    ['9.007199254740991', 15, Number.MAX_SAFE_INTEGER],
    [Number.NaN, 2, null],
    [Number.POSITIVE_INFINITY, 2, null],
    [null, 2, null],
    [undefined, 2, null],
    [true, 2, null],
    [12n, 2, null],
    [{}, 2, null],
    [['12'], 2, null],
  ])('%o at scale %i is %o minor units', (value, scale, minor) => {
    expect(parseMoney(value, scale)).toBe(minor)
  })

  it('is read from a number just as from its decimal text', () => {
    const scales = fc.integer({ min: 0, max: MONEY_SCALE_MAX })
    const minors = fc.maxSafeInteger()
    const doubles = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    )
    const nearMoney = fc.tuple(minors, fc.integer({ min: 0, max: MONEY_SCALE_MAX })).map(([n, s]) => n / 10 ** s)
    fc.assert(
      fc.property(fc.oneof(doubles, nearMoney), scales, (value, scale) => {
        const exact = exactMinor(decimalText(value), scale)
        const tooBig = exact !== null && scale > 0 && Math.abs(exact) >= 2 ** 50
        expect(parseMoney(value, scale)).toBe(tooBig ? null : exact)
      }),
      { seed: SEED, numRuns: 5_000 },
    )
  })

  it('is written so that it is read as the same, as text and, where a double can tell, as a number', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: MONEY_SCALE_MAX }), (minor, scale) => {
        const text = formatMoney(minor, scale)
        expect(parseMoney(text, scale)).toBe(minor)
        if (Math.abs(minor) < 2 ** 50) expect(parseMoney(Number(text), scale)).toBe(minor)
      }),
      { seed: SEED, numRuns: 2_000 },
    )
  })
})

describe('money()', () => {
  const amount = money({ scale: 2 })

  it('takes text and numbers, and gives minor units', () => {
    expect(amount.parse('12.34')).toBe(1234)
    expect(amount.parse(12.34)).toBe(1234)
    expect(z.encode(amount, 1230)).toBe('12.3')
  })

  it.each(['12.345', 12.345, '1e3', null, {}])('refuses %j with what it must be', (value) => {
    expect(amount.safeParse(value).error?.issues).toEqual([expect.objectContaining({ message: moneyRule(2) })])
  })

  it('says what an amount must be', () => {
    expect(moneyRule(2)).toBe(
      'must be an amount with at most 2 decimals, as "12.34" or 12.34, within ±90071992547409.91 (a number within ±11258999068426.23)',
    )
    expect(moneyRule(1)).toBe(
      'must be an amount with at most 1 decimal, as "123.4" or 123.4, within ±900719925474099.1 (a number within ±112589990684262.3)',
    )
    expect(moneyRule(0)).toBe('must be an amount with no decimals, as "1234" or 1234, within ±9007199254740991')
  })

  it('is recognised by its scale, through wrappers and clones, and nothing else is', () => {
    const known = [
      amount,
      amount.nullable(),
      amount.optional(),
      amount.nullish(),
      amount.describe('What was paid.'),
      amount.meta({ title: 'Amount' }).nullable(),
      amount.refine((minor) => minor >= 0).optional(),
    ]
    expect(known.map(moneyScale)).toEqual(known.map(() => 2))
    expect(moneyScale(money({ scale: 0 }))).toBe(0)
    const others = [z.int(), z.string().nullable(), z.array(amount), z.union([z.string(), z.number()])]
    expect(others.map(moneyScale)).toEqual([null, null, null, null])
  })

  it.each([-1, 1.5, MONEY_SCALE_MAX + 1, Number.NaN, '2', undefined])('refuses the scale %j', (scale) => {
    expect(() => money({ scale: scale as number })).toThrow(
      new RangeError(
        `money() needs a whole scale from 0 to 15, as money({ scale: 2 }), not ${typeof scale === 'string' ? `"${scale}"` : scale}`,
      ),
    )
    expect(() => money(undefined as never)).toThrow(RangeError)
  })

  it('describes itself as JSON schema, in and out', () => {
    const pattern = '^-?(0|[1-9][0-9]{0,15})(\\.[0-9]{1,2})?$'
    expect(z.toJSONSchema(z.object({ amount }), { io: 'input' })).toMatchObject({
      properties: { amount: { anyOf: [{ type: 'string', pattern }, { type: 'number' }] } },
      required: ['amount'],
    })
    expect(z.toJSONSchema(z.object({ amount }), { io: 'output' })).toMatchObject({
      properties: { amount: { type: 'integer' } },
    })
    // The pattern takes what the parser takes.
    const regex = new RegExp(pattern)
    for (const text of ['12.34', '0', '-0.5', '12.345', '007', '1e3', '+1', '5.']) {
      expect(regex.test(text)).toBe(parseMoney(text, 2) !== null)
    }
  })

  it('describes itself in OpenAPI', () => {
    const app = new OpenAPIHono()
    app.openAPIRegistry.register('Payment', z.object({ amount, fee: money({ scale: 2 }).nullable().optional() }))
    const { components } = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 't', version: '1' } })
    expect(components?.schemas?.Payment).toMatchObject({
      properties: { amount: { anyOf: [{ type: 'string' }, { type: 'number' }] } },
      required: ['amount'],
    })
  })
})
