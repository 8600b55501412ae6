import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sourceHash, writtenHash } from '../../src/features/fingerprint.ts'
import type { ParsedEvent } from '../../src/features/model.ts'
import { count, countDistinct, entity, featureGroup, money, z } from '../../src/index.ts'
import { modelOf, payments, untyped } from './definition-kit.ts'

const AT = '2024-05-01T12:30:00.250Z'
type Row = Readonly<Record<string, unknown>>

const columns = {
  pan: z.string().nullable(),
  amount: money({ scale: 2 }).optional(),
  settled_at: z.iso.datetime().optional(),
  status: z.enum(['approved', 'declined']).optional(),
}

/** The model of a source with one computed column `c`. */
function computing(type: z.core.$ZodType, of: (row: Row) => unknown, version = 1) {
  const options = { outcome: ['status'], compute: { c: { version, type, of } } }
  return modelOf({ payments: payments(columns, options) }).sources.get('payments')!
}

const EVENT = { id: 'a', at: AT, pan: '4111112222', amount: '12.34', settled_at: '2024-05-02T00:00:00Z' }
const bytes = (event: object) => Buffer.from(JSON.stringify(event))

/** The computed value of an event, and what was told of it. */
function computed(type: z.core.$ZodType, of: (row: Row) => unknown): [value: unknown, told: string[]] {
  const source = computing(type, of)
  const told: string[] = []
  source.computed!.onFailure = (column, why) => told.push(`${column}: ${why}`)
  return [source.parser.parse(EVENT).values.at(-1), told]
}

describe('a computed column', () => {
  const source = computing(z.string(), (row) => String(row.pan).slice(0, 6))

  it('stands behind those that events bring, which have no other on their way', () => {
    expect(source.columns.map(({ name }) => name)).toEqual(['id', 'at', ...Object.keys(columns), 'c'])
    expect(source.raw).toEqual(source.columns.slice(0, -1))
    expect(source.columns.at(-1)).toEqual({
      name: 'c',
      type: { kind: 'string', bytesMax: 4_096, version: 1 },
      nullable: true,
      archiveName: 'c',
    })
  })

  it('is the same however the event comes, whatever the event brings of that name', () => {
    const event = { ...EVENT, c: 'a lie', status: 'declined' }
    const { status: _, ...scored } = event
    const parsed: ParsedEvent[] = [
      source.parser.parse(event),
      source.parser.parseBytes(bytes(event)),
      // An oddity that the scanner of bytes leaves to the plain way.
      source.parser.parseBytes(Buffer.from(JSON.stringify(event).replace('"pan"', '"p\\u0061n"'))),
      source.parser.parseScored(scored),
    ]
    expect(parsed.map(({ values }) => values.length)).toEqual([7, 7, 7, 7])
    expect(parsed.map(({ values }) => values.at(-1))).toEqual(['411111', '411111', '411111', '411111'])
    expect(source.rawParser.parse(event).values).toHaveLength(6)
    expect(source.rawParser.parseBytes(bytes(event)).values).toHaveLength(6)
  })

  it('is computed from canonical values, times as the schema has them, null for what is absent, and no outcome', () => {
    const seen: Row[] = []
    const all = computing(z.string(), (row) => void seen.push(row))
    all.parser.parse({ ...EVENT, status: 'approved' })
    all.parser.parse({ id: 'b', at: AT, status: 'approved' })
    expect(seen).toEqual([
      { id: 'a', at: AT, pan: '4111112222', amount: 1234, settled_at: '2024-05-02T00:00:00.000Z' },
      { id: 'b', at: AT, pan: null, amount: null, settled_at: null },
    ])
  })

  const TAKEN: readonly (readonly [type: z.core.$ZodType, given: unknown, value: unknown])[] = [
    [z.string(), 'x', 'x'],
    [z.string(), null, null],
    [z.string(), undefined, null],
    [z.int(), -0, 0],
    [z.number(), 0.5, 0.5],
    [z.boolean(), false, false],
    [z.enum(['a', 'b']), 'b', 'b'],
    [money({ scale: 2 }), 150, 150],
    [money({ scale: 2 }), -0, 0],
    [z.iso.datetime({ offset: true }), '2024-05-01T02:00:00.1239+02:00', Date.UTC(2024, 4, 1, 0, 0, 0, 123)],
  ]
  it.each(TAKEN)('%#: is put in the form of its type', (type, given, value) => {
    expect(computed(type, () => given)).toStrictEqual([value, []])
  })

  it('takes money as it gives it: in minor units', () => {
    expect(computed(money({ scale: 2 }), (row) => (row.amount as number) - 34)).toStrictEqual([1200, []])
  })

  const REFUSED: readonly (readonly [type: z.core.$ZodType, of: (row: Row) => unknown, told: string])[] = [
    [z.string(), () => 1, 'c: it gave 1, which is not a text'],
    [z.string().max(2), () => 'abc', 'c: it gave "abc", which has 3 characters: the schema wants at most 2'],
    [z.int(), () => 0.5, 'c: it gave 0.5, which is not a whole number'],
    [z.number(), () => Number.NaN, 'c: it gave NaN, which is not a finite number'],
    [z.enum(['a']), () => 'b', 'c: it gave "b", which is not one of "a"'],
    [
      money({ scale: 2 }),
      () => '1.5',
      'c: it gave "1.5", which is no whole number of minor units: money is counted in them here, 1234 for 12.34 at scale 2',
    ],
    [
      money({ scale: 2 }),
      (row) => (row.amount as number) / 100,
      'c: it gave 12.34, which is no whole number of minor units: money is counted in them here, 1234 for 12.34 at scale 2',
    ],
    [
      money({ scale: 2 }),
      () => 2 ** 53,
      'c: it gave 9007199254740992, which is past 2^53, from where on minor units are not exact',
    ],
    [
      z.string(),
      (row) => (row.nothing as string).length,
      "c: it threw TypeError: Cannot read properties of undefined (reading 'length')",
    ],
    [
      z.string(),
      () => {
        throw 'a text'
      },
      'c: it threw "a text"',
    ],
    [z.string(), async () => 'x', 'c: it gave a Promise: it must answer at once'],
    [z.string(), () => Promise.reject(new Error('late')), 'c: it gave a Promise: it must answer at once'],
    [
      z.string(),
      (row) => {
        ;(row as { pan: string }).pan = 'changed'
        return 'x'
      },
      "c: it threw TypeError: Cannot assign to read only property 'pan' of object '#<Object>'",
    ],
  ]
  it.each(REFUSED)('%#: is null where its function fails, which is told', async (type, of, told) => {
    expect(computed(type, of)).toEqual([null, [told]])
    // A Promise that nobody waits for must not end the process.
    await new Promise((resolve) => setImmediate(resolve))
  })

  it('sees nothing of another', () => {
    const compute = {
      a: { version: 1, type: z.string(), of: (row: Row) => JSON.stringify(Object.keys(row)) },
      b: { version: 1, type: z.string(), of: (row: Row) => JSON.stringify(Object.keys(row)) },
    }
    const model = modelOf({ payments: payments({}, { compute }) }).sources.get('payments')!
    expect(model.parser.parse({ id: 'a', at: AT }).values.slice(2)).toEqual(['["id","at"]', '["id","at"]'])
  })

  it('by bytes is as by JSON, for any event', () => {
    const one = computing(z.string(), (row) =>
      row.amount === 13 ? undefined : `${row.pan}/${row.amount}/${row.settled_at}`,
    )
    const event = fc.record({
      id: fc.string({ unit: 'grapheme' }),
      at: fc.constantFrom(AT, '2024-05-01T12:30Z'),
      pan: fc.option(fc.string({ unit: 'grapheme' })),
      amount: fc.constantFrom('0.13', 5, 1e3, null),
      settled_at: fc.option(fc.constant(AT)),
    })
    fc.assert(
      fc.property(event, (given) => {
        expect(one.parser.parseBytes(bytes(given))).toStrictEqual(one.parser.parse(given))
      }),
      { seed: 71 },
    )
  })
})

describe('a new version of a computed column', () => {
  const card = entity('card', { key: { pan: z.string() } })
  const bin = entity('bin', { key: { c: z.string() } })
  const model = (version: number) => {
    const source = payments(columns, {
      compute: { c: { version, type: z.string(), of: (row: Row) => row.pan } },
    }) as Row
    const group = (name: string, about: object, features: object) =>
      featureGroup(name, untyped({ source, entity: about, features }))
    return modelOf({
      by_card: group('by_card', card, { kinds: countDistinct(source.c as never).over('7d') }),
      by_bin: group('by_bin', bin, { tx_count: count().over('7d') }),
    })
  }
  const fingerprints = (version: number) =>
    ['by_card', 'by_bin'].map((name) => model(version).groups.get(name)!.timeline.fingerprint)

  it('is another column of the same timeline, and other entities where it is their key', () => {
    const [cards, bins] = fingerprints(1)
    expect(fingerprints(1)).toEqual([cards, bins])
    expect(fingerprints(2)).toEqual([cards, expect.not.stringMatching(bins!)])
  })

  it('is written otherwise (L13)', () => {
    expect(writtenHash(model(1))).toBe(writtenHash(model(1)))
    expect(writtenHash(model(1))).not.toBe(writtenHash(model(2)))
    const sources = [1, 1, 2].map((version) => sourceHash(model(version).sources.get('payments')!))
    expect(sources[0]).toBe(sources[1])
    expect(sources[0]).not.toBe(sources[2])
  })
})
