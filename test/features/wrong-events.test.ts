import { describe, expect, it } from 'vitest'
import { EventError, showValue } from '../../src/features/event-error.ts'
import type { EventParser } from '../../src/features/model.ts'
import { z } from '../../src/index.ts'
import { parserOf, payments } from './definition-kit.ts'
import { parser } from './payment-parser.ts'

const GOOD = {
  id: 'a',
  at: '2024-05-01T12:30:00Z',
  updated_at: 1,
  amount: '12.34',
  status: 'approved',
  items: 1,
  gone: false,
}
const SCORED = { id: 'a', at: '2024-05-01T12:30:00Z', updated_at: 1, amount: 12.34, items: 1, gone: false }

function refusal(read: () => unknown): EventError {
  try {
    read()
  } catch (error) {
    if (error instanceof EventError) return error
    throw error
  }
  throw new Error('the event was taken')
}

/** What differs from a good event, the code, what the parser says, and what it says to send. */
const WRONG: readonly (readonly [change: object, code: string, says: string, cure: string])[] = [
  [{ id: undefined }, 'EVENT_MISSING', 'id is missing', 'send it'],
  [{ id: null }, 'EVENT_MISSING', 'id is null, but it is required', 'send it'],
  [{ id: 7 }, 'EVENT_TYPE', 'id: 7 is not a text', 'send a text'],
  [
    { id: '\ud800' },
    'EVENT_VALUE',
    'id: "\\ud800" is not Unicode: half of a surrogate pair is missing',
    'send Unicode',
  ],
  [
    { id: 'é'.repeat(2049) },
    'EVENT_VALUE',
    `id: "${'é'.repeat(36)}... has 4098 bytes of UTF-8: a text here has at most 4096`,
    "send at most 4096 bytes, as the text's beginning or its hash",
  ],
  [
    { at: '2024-05-01T12:30:00' },
    'EVENT_VALUE',
    'at: "2024-05-01T12:30:00" names no instant: end it with Z or its offset',
    'end it with Z or its offset',
  ],
  [
    { at: '2024-05-01 12:30:00Z' },
    'EVENT_VALUE',
    'at: "2024-05-01 12:30:00Z" is not a time in ISO 8601, as "2024-05-01T12:30:00Z"',
    'send a time in ISO 8601, as "2024-05-01T12:30:00Z"',
  ],
  [
    { at: '2016-12-31T23:59:60Z' },
    'EVENT_VALUE',
    'at: "2016-12-31T23:59:60Z" is not a time in ISO 8601, as "2024-05-01T12:30:00Z"',
    'send a time in ISO 8601, as "2024-05-01T12:30:00Z"',
  ],
  [
    { at: 1_714_566_600_000 },
    'EVENT_TYPE',
    'at: 1714566600000 is not a time in ISO 8601, as "2024-05-01T12:30:00Z"',
    'send a time in ISO 8601, as "2024-05-01T12:30:00Z"',
  ],
  [
    { at: '1999-12-31T23:59:59Z' },
    'EVENT_VALUE',
    'at: "1999-12-31T23:59:59Z" is outside the years 2000 to 2100',
    'send a time of the years 2000 to 2100',
  ],
  [
    { updated_at: '7' },
    'EVENT_TYPE',
    'updated_at: "7" is a text, not a number: send it without quotes',
    'send it without quotes',
  ],
  [{ updated_at: 'now' }, 'EVENT_TYPE', 'updated_at: "now" is not a number', 'send a whole number'],
  [
    { updated_at: '007' },
    'EVENT_TYPE',
    'updated_at: "007" is not written as JSON writes a number',
    'write it as 7, -0.5 or 1e3',
  ],
  [
    { updated_at: ' 5' },
    'EVENT_TYPE',
    'updated_at: " 5" is not written as JSON writes a number',
    'write it as 7, -0.5 or 1e3',
  ],
  [
    { updated_at: '0x1F' },
    'EVENT_TYPE',
    'updated_at: "0x1F" is not written as JSON writes a number',
    'write it as 7, -0.5 or 1e3',
  ],
  [{ updated_at: 1.5 }, 'EVENT_TYPE', 'updated_at: 1.5 is not a whole number', 'send a whole number'],
  [
    { updated_at: 2 ** 53 },
    'EVENT_VALUE',
    'updated_at: 9007199254740992 is past 2^53, from where on integers are not exact: keep it in a z.string() column',
    'keep it in a z.string() column',
  ],
  [{ device_id: ['a'] }, 'EVENT_TYPE', 'device_id: an array is not a text', 'send a text'],
  [
    { amount: 12.345 },
    'EVENT_VALUE',
    'amount: 12.345 has more than 2 decimals: money at scale 2 is never rounded',
    'send an amount with at most 2 decimals',
  ],
  [
    { amount: '12.340' },
    'EVENT_VALUE',
    'amount: "12.340" has more than 2 decimals: money at scale 2 is never rounded',
    'send an amount with at most 2 decimals',
  ],
  [
    { amount: '12,34' },
    'EVENT_VALUE',
    'amount: "12,34" must be an amount with at most 2 decimals, as "12.34" or 12.34, within ±90071992547409.91 (a number within ±11258999068426.23)',
    'send an amount with at most 2 decimals',
  ],
  [
    { amount: true },
    'EVENT_TYPE',
    'amount: true must be an amount with at most 2 decimals, as "12.34" or 12.34, within ±90071992547409.91 (a number within ±11258999068426.23)',
    'send an amount with at most 2 decimals',
  ],
  [
    { status: 'denied' },
    'EVENT_VALUE',
    'status: "denied" is not one of "approved", "declined"',
    'send one of "approved", "declined"',
  ],
  [{ status: 1 }, 'EVENT_TYPE', 'status: 1 is not one of "approved", "declined"', 'send one of "approved", "declined"'],
  [{ fraud: 'true' }, 'EVENT_TYPE', 'fraud: "true" is not true or false', 'send it without quotes'],
  [{ items: 0 }, 'EVENT_VALUE', 'items: 0 is below 1', 'send at least 1'],
  [{ items: 100 }, 'EVENT_VALUE', 'items: 100 is above 99', 'send at most 99'],
  [{ weight: 1e300 }, 'EVENT_VALUE', 'weight: 1e+300 is past ±1e+290', 'send a number within ±1e+290'],
  [{ weight: Number.NaN }, 'EVENT_VALUE', 'weight: NaN is not a finite number', 'send a finite number'],
  [{ weight: {} }, 'EVENT_TYPE', 'weight: an object is not a number', 'send a number'],
  [
    { country: 'DEU' },
    'EVENT_VALUE',
    'country: "DEU" has 3 characters: the schema wants exactly 2',
    'send a text of exactly 2 characters',
  ],
  [
    { reference: 'x' },
    'EVENT_VALUE',
    'reference: "x" is refused by the schema: Invalid UUID',
    'send a value that the schema of the column allows',
  ],
  [
    { site: ' https://a.example ' },
    'EVENT_VALUE',
    'site: " https://a.example " is refused by the schema: blanks around it',
    'send a value that the schema of the column allows',
  ],
  [
    { step: 0.3 },
    'EVENT_VALUE',
    'step: 0.3 is refused by the schema: Invalid number: must be a multiple of 0.5',
    'send a value that the schema of the column allows',
  ],
]

/** The same for the event of a scoring request. */
const WRONG_SCORED: readonly (readonly [change: object, code: string, says: string])[] = [
  [
    { status: 'approved' },
    'EVENT_OUTCOME',
    'status is an outcome: it is not known while the event is scored, so leave it out (it is null until the event itself arrives)',
  ],
  [
    { fraud: 'maybe' },
    'EVENT_OUTCOME',
    'fraud is an outcome: it is not known while the event is scored, so leave it out (it is null until the event itself arrives)',
  ],
  [{ updated_at: {} }, 'EVENT_TYPE', 'updated_at: an object is not a number'],
  [{ gone: true }, 'EVENT_VALUE', 'gone: an event that is deleted cannot be scored'],
  [{ amount: undefined }, 'EVENT_MISSING', 'amount is missing'],
]

describe('wrong events', () => {
  it.each(WRONG)('%j', (change, code, says, cure) => {
    const error = refusal(() => parser.parse({ ...GOOD, ...change }))
    expect(error.message).toBe(says)
    const [column] = Object.keys(change)
    const [given] = Object.values(change)
    const value = given === undefined ? null : showValue(given)
    expect(error).toMatchObject({ code, column, value, cure, name: 'EventError' })
    expect(error.problems).toEqual([{ code, column, value, message: says, cure }])
  })

  it.each(WRONG_SCORED)('scored: %j', (change, code, says) => {
    const error = refusal(() => parser.parseScored({ ...SCORED, ...change }))
    expect(error.message).toBe(says)
    expect(error.code).toBe(code)
  })

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [[], 'an array'],
    ['{}', '"{}"'],
    [7, '7'],
  ] as const)('%j is no event', (event, shown) => {
    const read = (parse: EventParser['parse']) => refusal(() => parse(event))
    for (const error of [read(parser.parse), read(parser.parseScored)]) {
      expect(error.message).toBe(
        `${shown} is not an event of payments: send a JSON object with a field for each column`,
      )
      expect(error).toMatchObject({ code: 'EVENT_SHAPE', column: null })
    }
  })

  it('tell of all that is wrong, five by name, in the order of the columns', () => {
    const error = refusal(() => parser.parse({ gone: 1, at: 'noon', items: 0, status: 'x' }))
    expect(error.message).toBe(
      'id is missing; at: "noon" is not a time in ISO 8601, as "2024-05-01T12:30:00Z"; updated_at is missing; ' +
        'amount is missing; status: "x" is not one of "approved", "declined"; and 2 more',
    )
    expect(error.problems.map(({ column }) => column)).toEqual([
      'id',
      'at',
      'updated_at',
      'amount',
      'status',
      'items',
      'gone',
    ])
  })

  it('never show a long value whole', () => {
    const error = refusal(() => parser.parse({ ...GOOD, country: '😀'.repeat(500) }))
    expect(error.value!.length).toBeLessThan(45)
    expect(error.value!.isWellFormed()).toBe(true)
  })
})

describe('wrong epoch milliseconds', () => {
  const epoch = parserOf(payments({ at: z.int() }))
  it.each([
    [
      1_714_566_600,
      'at: 1714566600 is outside the years 2000 to 2100: the unit is wrong, times are epoch milliseconds',
    ],
    [
      1_714_566_600_000_000,
      'at: 1714566600000000 is outside the years 2000 to 2100: the unit is wrong, times are epoch milliseconds',
    ],
    [1_714_566_600_000.5, 'at: 1714566600000.5 is not a whole number'],
    ['2024-05-01T12:30:00Z', 'at: "2024-05-01T12:30:00Z" is not a number'],
  ])('%j', (at, says) => {
    expect(refusal(() => epoch.parse({ id: 'a', at })).message).toBe(says)
  })
})
