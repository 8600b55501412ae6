import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventError } from '../../src/features/event-error.ts'
import { parser } from './payment-parser.ts'

const GOOD = {
  id: 'a',
  at: '2024-05-01T12:30:00Z',
  updated_at: 1,
  card_id: 'c1',
  device_id: null,
  amount: '12.34',
  status: 'approved',
  fraud: false,
  items: 1,
  weight: 0.5,
  country: 'DE',
  site: 'https://shop.example',
  step: 1.5,
  reference: '7a1b9e5e-6f0a-4c1e-9d2b-0c4f4b1d7a11',
  seen_at: '2024-05-01T12:30:00.5+02:00',
  gone: false,
}

/** What a producer may send where another value is expected. */
const VALUE: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    ' ',
    '0',
    '-0',
    '1e3',
    '12.345',
    '99999999999999999999',
    'NaN',
    '\ud800',
    '\u0000',
    'é'.repeat(3_000),
  ),
  fc.constantFrom<unknown>(0, -0, -1, 1.5, 2 ** 53, 1e300, 5e-324, -1e21, 1_714_566_600, 1_714_566_600_000),
  fc.constantFrom<unknown>(
    '2024-02-30T00:00:00Z',
    '2024-05-01',
    '2024-05-01T24:00:00Z',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '2024-05-01T12:30:00+25:00',
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
)
const KEY = fc.constantFrom(...Object.keys(GOOD), '__proto__', 'constructor', 'unknown', '')

/** A good event with some values changed and some left out. */
const EVENT: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(fc.array(fc.tuple(KEY, VALUE), { maxLength: 3 }), fc.array(KEY, { maxLength: 1 }))
  .map(([changes, absent]) => {
    const event: Record<string, unknown> = { ...GOOD }
    for (const [key, value] of changes)
      Object.defineProperty(event, key, { value, enumerable: true, configurable: true })
    for (const key of absent) delete event[key]
    return event
  })

/** Whether it was taken. Any error but an EventError, and those of `others`, is a crash. */
function taken(read: () => unknown, ...others: readonly (new () => Error)[]): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (error instanceof EventError) {
      expect(error.message).not.toMatch(/\[object /)
      expect(error.problems.length).toBeGreaterThan(0)
      for (const { code, message } of error.problems)
        expect([code, message]).toEqual([expect.stringMatching(/^EVENT_/), expect.stringMatching(/./)])
      return false
    }
    expect(
      others.some((kind) => error instanceof kind),
      String((error as Error).stack),
    ).toBe(true)
    return false
  }
}

describe('random events are taken, or refused by an EventError', () => {
  const tally = (read: (event: Record<string, unknown>) => boolean) => {
    const seen = { taken: 0, refused: 0 }
    fc.assert(
      fc.property(EVENT, (event) => {
        if (read(event)) seen.taken++
        else seen.refused++
      }),
      { seed: 5, numRuns: 3_000 },
    )
    // Both were seen often: the events are near those that are valid.
    expect([seen.taken > 300, seen.refused > 300]).toEqual([true, true])
  }

  it('as objects', () => tally((event) => taken(() => parser.parse(event))))

  it('as JSON, with the same verdict', () =>
    tally((event) => {
      const text = JSON.stringify(event)
      const verdict = taken(() => parser.parseBytes(Buffer.from(text)))
      expect(verdict).toBe(taken(() => parser.parse(JSON.parse(text))))
      return verdict
    }))

  it('to be scored', () =>
    tally(({ status: _status, fraud: _fraud, ...event }) => taken(() => parser.parseScored(event))))

  it('as texts of a CSV file', () =>
    tally((event) => {
      const cells = Object.entries(event).map(([key, value]) => [
        key,
        value === null ? '' : String(JSON.stringify(value)).replace(/^"|"$/g, ''),
      ])
      return taken(() => parser.parse(parser.fromText(Object.fromEntries(cells))))
    }))

  it.each<[string, fc.Arbitrary<unknown>]>([
    ['any value', fc.anything()],
    ['any JSON', fc.jsonValue()],
  ])('as %s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        taken(() => parser.parse(value))
        taken(() => parser.parseScored(value))
      }),
      { seed: 5, numRuns: 2_000 },
    )
  })
})

describe('random bytes', () => {
  /** JSON of an event with bytes changed, cut and put in. */
  const BROKEN = fc
    .tuple(EVENT, fc.array(fc.tuple(fc.nat(600), fc.nat(255), fc.constantFrom('set', 'cut', 'add')), { maxLength: 3 }))
    .map(([event, changes]) => {
      let bytes = Buffer.from(JSON.stringify(event))
      for (const [at, byte, how] of changes) {
        const place = at % (bytes.length + 1)
        const rest = bytes.subarray(how === 'add' ? place : how === 'set' ? place + 1 : place + byte)
        bytes = Buffer.concat([bytes.subarray(0, place), how === 'cut' ? Buffer.alloc(0) : Buffer.from([byte]), rest])
      }
      return bytes
    })

  it('are an event, or refused as no event, no JSON or no UTF-8', () => {
    fc.assert(
      fc.property(BROKEN, (bytes) => {
        taken(() => parser.parseBytes(bytes), SyntaxError, TypeError)
        // What JSON itself says is no other verdict.
        const text = new TextDecoder('utf-8', { ignoreBOM: true })
        try {
          JSON.parse(text.decode(bytes))
        } catch {
          expect(taken(() => parser.parseBytes(bytes), SyntaxError, TypeError)).toBe(false)
        }
      }),
      { seed: 5, numRuns: 4_000 },
    )
  })
})
