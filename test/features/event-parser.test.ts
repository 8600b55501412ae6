import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventError } from '../../src/features/event-error.ts'
import { parseMoney } from '../../src/features/money.ts'
import { money, z } from '../../src/index.ts'
import { TIME_MS_MAX, TIME_MS_MIN } from '../../src/timeline/column-type.ts'
import { parserOf, payments } from './definition-kit.ts'

const SEED = 20_261_123
const AT = '2024-05-01T12:30:00.250Z'
const AT_MS = Date.parse(AT)

/** The canonical value that a column of this type gets from a value. */
function canonical(schema: z.core.$ZodType, value: unknown, options: object = {}): unknown {
  return parserOf(payments({ column: schema }, options)).parse({ id: 'a', at: AT, column: value }).values[2]
}

describe('a parsed event', () => {
  const parser = parserOf(
    payments(
      { updated_at: z.int(), status: z.enum(['approved', 'declined']), gone: z.boolean(), note: z.string().nullish() },
      { version: 'updated_at', deleted: 'gone', outcome: ['status', 'gone'] },
    ),
  )

  it('has its values by column, and its id, time, version and whether it is deleted', () => {
    const event = { note: 'x', gone: true, status: 'declined', updated_at: 7, at: AT, id: 'a', more: 'is ignored' }
    expect(parser.parse(event)).toEqual({
      values: ['a', AT_MS, 7, 'declined', true, 'x'],
      id: 'a',
      time_ms: AT_MS,
      version: 7,
      deleted: true,
    })
  })

  it('is null in its outcomes when it is scored, required or not', () => {
    expect(parser.parseScored({ id: 'a', at: AT, updated_at: 7, status: null })).toEqual({
      values: ['a', AT_MS, null, null, null, null],
      id: 'a',
      time_ms: AT_MS,
      version: 0,
      deleted: false,
    })
  })

  it.each([{}, { v: 7 }, { v: null, gone: null }, { gone: false }])(
    'has no version and is not deleted when it is scored, whether it says so or not: %j',
    (said) => {
      const stamped = parserOf(payments({ v: z.int(), gone: z.boolean() }, { version: 'v', deleted: 'gone' }))
      expect(stamped.parseScored({ id: 'a', at: AT, ...said })).toEqual({
        values: ['a', AT_MS, null, false],
        id: 'a',
        time_ms: AT_MS,
        version: 0,
        deleted: false,
      })
    },
  )

  it('is of version 0 where its source has none', () => {
    expect(parserOf(payments()).parse({ id: 'a', at: AT })).toMatchObject({ version: 0, deleted: false })
  })

  it('has the text of an integer id as its id', () => {
    expect(parserOf(payments({ id: z.int() })).parse({ id: -0, at: AT })).toMatchObject({ id: '0', values: [0, AT_MS] })
  })

  it('can be ordered by a time', () => {
    const timed = parserOf(payments({ seen: z.iso.datetime() }, { version: 'seen' }))
    expect(timed.parse({ id: 'a', at: AT, seen: '2024-05-01T14:30:00.251+02:00' }).version).toBe(AT_MS + 1)
  })

  it('may have columns named as what every object has', () => {
    const odd = parserOf(payments({ constructor: z.string().optional(), toString: z.string().optional() }))
    expect(odd.parse({ id: 'a', at: AT }).values).toEqual(['a', AT_MS, null, null])
    expect(odd.parse({ id: 'a', at: AT, constructor: 'x', toString: 'y' }).values).toEqual(['a', AT_MS, 'x', 'y'])
    expect(odd.fromText({ id: 'a' })).toEqual({ id: 'a' })
  })
})

describe('canonical values', () => {
  it.each<[string, z.core.$ZodType, unknown, unknown]>([
    ['any text', z.string(), 'a\0b | } 😀', 'a\0b | } 😀'],
    ['an empty text', z.string(), '', ''],
    ['a text of the most bytes', z.string(), 'é'.repeat(2048), 'é'.repeat(2048)],
    [
      'a checked text',
      z
        .string()
        .min(2)
        .max(3)
        .regex(/^[a-z]+$/),
      'abc',
      'abc',
    ],
    ['an email', z.email(), 'a@example.com', 'a@example.com'],
    ['an integer', z.int(), 5, 5],
    ['the largest integer', z.number().int(), Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ['a negative zero', z.int(), -0, 0],
    ['a double', z.number(), 0.1, 0.1],
    ['a negative zero double', z.number(), -0, 0],
    ['a small integer', z.int32(), -5, -5],
    ['money as text', money({ scale: 2 }), '-0.1', -10],
    ['money as a number', money({ scale: 2 }), 12.34, 1234],
    ['money of nothing', money({ scale: 0 }), -0, 0],
    ['a flag', z.boolean(), false, false],
    ['a value of an enum', z.enum(['a', 'b']), 'b', 'b'],
    ['a literal', z.literal(['a', 'b']), 'a', 'a'],
    ['a time', z.iso.datetime(), '2024-05-01T12:30:00Z', Date.UTC(2024, 4, 1, 12, 30)],
    ['a time with an offset', z.iso.datetime({ offset: true }), '2024-05-01T12:30:00-05:30', Date.UTC(2024, 4, 1, 18)],
    ['a time finer than a millisecond', z.iso.datetime(), '2024-05-01T00:00:00.1239Z', Date.UTC(2024, 4, 1) + 123],
    ['what is readonly', z.string().readonly(), 'x', 'x'],
    ['what is described', z.string().nullable().describe('x').meta({ title: 'y' }), 'x', 'x'],
    ['null', z.string().nullable(), null, null],
    ['what is absent', z.string().nullish(), undefined, null],
    ['absent money', money({ scale: 2 }).optional(), undefined, null],
    ['null where it may be absent', z.int().optional(), null, null],
  ])('%s', (_, schema, given, wanted) => {
    expect(canonical(schema, given)).toBe(wanted)
  })

  it('floor times of every column to the second where the source says so', () => {
    const coarse = { archive: { table: 't', precision: 's' } }
    const seen = canonical(z.iso.datetime(), '2024-05-01T12:30:00.999Z', coarse)
    expect(seen).toBe(Date.UTC(2024, 4, 1, 12, 30))
    const epoch = parserOf(payments({ at: z.int() }, coarse))
    expect(epoch.parse({ id: 'a', at: AT_MS }).time_ms).toBe(AT_MS - 250)
  })

  it('are judged by zod where the schema has other checks', () => {
    const reference = z.string().startsWith('p-').max(5)
    expect(canonical(reference, 'p-123')).toBe('p-123')
    expect(() => canonical(reference, 'q-123')).toThrow('Invalid string: must start with "p-"')
    expect(() => canonical(reference, 'p-1234')).toThrow('Too big')
  })

  it('agree with zod on texts and numbers within our limits', () => {
    const schemas = [
      z.string().min(1).max(3),
      z.int().gt(-5).lt(5),
      z.number().gte(-1).lte(1),
      z.boolean(),
      z.enum(['a']),
    ]
    const parsers = schemas.map((column) => parserOf(payments({ column })))
    const anything = fc.oneof(
      fc.string({ maxLength: 5 }),
      fc.integer({ min: -9, max: 9 }),
      fc.double({ min: -2, max: 2, noNaN: true }),
      fc.boolean(),
      fc.constantFrom('a', [], {}),
    )
    fc.assert(
      fc.property(anything, fc.nat({ max: schemas.length - 1 }), (column, i) => {
        const result = schemas[i]!.safeParse(column)
        const parse = () => parsers[i]!.parse({ id: 'a', at: AT, column }).values[2]
        if (result.success) expect(parse()).toBe(typeof result.data === 'number' ? result.data + 0 : result.data)
        else expect(parse).toThrow(EventError)
      }),
      { seed: SEED, numRuns: 500 },
    )
  })
})

describe('a line of CSV', () => {
  const parser = parserOf(
    payments({
      count: z.int().nullable(),
      weight: z.number().nullable(),
      amount: money({ scale: 2 }).nullable(),
      gone: z.boolean().nullable(),
      kind: z.enum(['a', 'b']).nullable(),
      note: z.string().nullable(),
    }),
  )

  it.each([
    ['count', '7', 7],
    ['count', '-0', -0],
    ['count', '7.0', 7],
    ['count', '', null],
    ['count', ' 7', ' 7'],
    ['count', '0x7', '0x7'],
    ['count', '007', '007'],
    ['count', 'NaN', 'NaN'],
    ['weight', '1e3', 1000],
    ['weight', '.5', '.5'],
    ['amount', '12.30', '12.30'],
    ['amount', '', null],
    ['gone', 'TRUE', true],
    ['gone', 'false', false],
    ['gone', '1', true],
    ['gone', '0', false],
    ['gone', 'yes', 'yes'],
    ['kind', 'a', 'a'],
    ['kind', '', null],
    ['note', '', ''],
    ['note', 'null', 'null'],
    ['at', AT, AT],
  ])('%s %j is %j in JSON', (column, text, value) => {
    expect(parser.fromText({ [column]: text })).toEqual({ [column]: value })
  })

  it('has epoch milliseconds as a number', () => {
    const epoch = parserOf(payments({ at: z.int() }))
    expect(epoch.fromText({ id: '7', at: String(AT_MS), other: 'x' })).toEqual({ id: '7', at: AT_MS })
  })

  it('is the same event as its JSON', () => {
    const values = fc.record({
      count: fc.option(fc.maxSafeInteger()),
      weight: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e290, max: 1e290 })),
      amount: fc.option(fc.integer({ min: -99_999, max: 99_999 }).map((minor) => (minor / 100).toFixed(2))),
      gone: fc.option(fc.boolean()),
      kind: fc.option(fc.constantFrom('a', 'b')),
      note: fc.string({ unit: 'grapheme' }),
    })
    fc.assert(
      fc.property(values, (event) => {
        const json = { id: 'a', at: AT, ...event }
        const cells = Object.entries(json).map(([name, value]) => [name, value === null ? '' : String(value)])
        const parsed = parser.parse(parser.fromText(Object.fromEntries(cells)))
        expect(parsed).toEqual(parser.parse(JSON.parse(JSON.stringify(json))))
      }),
      { seed: SEED, numRuns: 300 },
    )
  })
})

describe('a value of the archive', () => {
  const parser = parserOf(
    payments({
      count: z.int().max(10),
      weight: z.number(),
      amount: money({ scale: 2 }),
      gone: z.boolean(),
      kind: z.enum(['a', 'b']),
      note: z.string().max(3).nullable(),
      reference: z.uuid().nullable(),
    }),
  )
  const [AT_COLUMN, COUNT, WEIGHT, AMOUNT, GONE, KIND, NOTE, REFERENCE] = [1, 2, 3, 4, 5, 6, 7, 8] as const

  it.each([
    [AT_COLUMN, AT_MS, null],
    [AT_COLUMN, null, 'is null, but it is required'],
    [AT_COLUMN, 0, '0 is outside the years 2000 to 2100: the unit is wrong, times are epoch milliseconds'],
    [COUNT, 10, null],
    [COUNT, 11, '11 is above 10'],
    [
      COUNT,
      Number.POSITIVE_INFINITY,
      'Infinity is past 2^53, from where on integers are not exact: keep it in a z.string() column',
    ],
    [WEIGHT, Number.POSITIVE_INFINITY, 'Infinity is not a finite number'],
    [AMOUNT, 1234, null],
    [AMOUNT, 12.5, '12.5 is not a whole number'],
    [GONE, true, null],
    [GONE, null, 'is null, but it is required'],
    [KIND, 'a', null],
    [KIND, 'c', '"c" is not one of "a", "b"'],
    [NOTE, null, null],
    [NOTE, 'abc', null],
    [NOTE, 'abcd', '"abcd" has 4 characters: the schema wants at most 3'],
    [REFERENCE, 'x', '"x" is refused by the schema: Invalid UUID'],
  ])('in column %i, %j: %j', (column, value, problem) => {
    expect(parser.problem(column, value)).toBe(problem)
  })

  it('is fine wherever the stream gave it', () => {
    const all = parserOf(
      payments({ count: z.int(), weight: z.number(), amount: money({ scale: 3 }), note: z.string() }),
    )
    const event = fc.record({
      id: fc.string({ unit: 'binary' }),
      at: fc
        .date({ min: new Date(TIME_MS_MIN), max: new Date(TIME_MS_MAX), noInvalidDate: true })
        .map((at) => at.toISOString()),
      count: fc.maxSafeInteger(),
      weight: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e290, max: 1e290 }),
      amount: fc.integer().filter((amount) => parseMoney(amount, 3) !== null),
      note: fc.string({ unit: 'binary' }),
    })
    fc.assert(
      fc.property(event, (given) => {
        const { values } = all.parse(given)
        expect(values.map((value, column) => all.problem(column, value))).toEqual(values.map(() => null))
      }),
      { seed: SEED, numRuns: 300 },
    )
  })
})
