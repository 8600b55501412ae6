import fc from 'fast-check'
import { ago, ahead, build, clockAt, EventError, NOW } from 'millrace/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { money, source, z } from '../../src/index.ts'
import { parserOf, untyped } from '../features/definition-kit.ts'

const payments = source('payments', {
  schema: z.object({
    id: z.string(),
    occurred_at: z.iso.datetime({ offset: true }),
    updated_at: z.int(),
    card_id: z.string(),
    device_id: z.string().nullable(),
    amount: money({ scale: 2 }),
    settled_at: z.iso.datetime(),
    status: z.enum(['approved', 'declined']),
    fraud: z.boolean().optional(),
  }),
  id: 'id',
  time: 'occurred_at',
  version: 'updated_at',
  outcome: ['status', 'fraud'],
})

const logins = source('logins', {
  schema: z.object({ login: z.int(), at: z.int(), ok: z.boolean(), score: z.number() }),
  id: 'login',
  time: 'at',
})

const minutes = (events: readonly { occurred_at: string }[]) =>
  events.map(({ occurred_at }) => (Date.parse(occurred_at) - Date.parse(NOW)) / 60_000)

describe('build(source, columns)', () => {
  it('fills what is not given', () => {
    const { id, ...event } = build(payments, { card_id: 'c1' })({ amount: '3.00' })
    expect(id).toMatch(/^payments-\d+$/)
    expect(event).toEqual({
      occurred_at: NOW,
      updated_at: 1,
      card_id: 'c1',
      device_id: null,
      amount: '3.00',
      settled_at: NOW,
      status: 'approved',
    })
    expect(build(payments)().card_id).toBe('card_id-1')
    expect(build(payments)().amount).toBe('10.00')
    expect(build(logins)({ login: 7 })).toEqual({ login: 7, at: Date.parse(NOW), ok: false, score: 1 })
  })

  it('gives each event an id of its own, whoever builds it', () => {
    const events = [...build(payments).times(50), ...build(payments, { card_id: 'c2' }).times(50), build(payments)()]
    expect(new Set(events.map(({ id }) => id)).size).toBe(101)
    expect(
      new Set(
        build(logins)
          .times(20)
          .map(({ login }) => login),
      ).size,
    ).toBe(20)
    const taken = build(payments)({ id: `payments-${Number(events.at(-1)!.id.split('-')[1]) + 2}` })
    expect(
      build(payments)
        .times(5)
        .map(({ id }) => id),
    ).not.toContain(taken.id)
  })

  it('undefined is what is not given', () => {
    expect(build(payments, { amount: '5.00' })({ amount: undefined, fraud: undefined })).toMatchObject({
      amount: '10.00',
    })
  })

  it.each<[string, (payment: ReturnType<typeof build<typeof payments>>) => { occurred_at: string }[], number[]]>([
    ['one is now', (payment) => [payment()], [0]],
    ['one of a time is of that time', (payment) => [payment({ occurred_at: ago('5m') })], [-5]],
    ['one some time ago', (payment) => [payment.ago('3d')], [-3 * 1440]],
    ['one at an instant', (payment) => [payment.at(ahead('2h')), payment.at(Date.parse(NOW))], [120, 0]],
    ['a series ends before now', (payment) => payment.times(3), [-3, -2, -1]],
    ['a series by the hour', (payment) => payment.every('1h').times(2), [-120, -60]],
    ['a series from an instant', (payment) => payment.from(ago('1h')).every('10m').times(3), [-60, -50, -40]],
    ['a series between two', (payment) => payment.from(ago('1h')).every('20m').until(NOW), [-60, -40, -20, 0]],
    ['a series that does not reach its end', (payment) => payment.from(ago('1h')).every('40m').until(NOW), [-60, -20]],
    ['none', (payment) => payment.times(0), []],
    ['a builder that begins somewhere', (payment) => [payment.from(ago('1h'))()], [-60]],
  ])('%s', (_, events, expected) => {
    expect(minutes(events(build(payments)))).toEqual(expected)
  })

  it('a series has columns by number, and a builder may be given more of them', () => {
    const declined = build(payments).with({ status: 'declined' })
    expect(declined.times(3, (i) => ({ amount: i + 1 })).map(({ amount, status }) => [amount, status])).toEqual([
      [1, 'declined'],
      [2, 'declined'],
      [3, 'declined'],
    ])
  })

  it('other times of an event are its own', () => {
    expect(build(payments).ago('3d').settled_at).toBe(ago('3d'))
    expect(build(payments)({ occurred_at: ago('1d') }).settled_at).toBe(ago('1d'))
  })

  it('leaves the outcome out of what is scored', () => {
    const payment = build(payments, { status: 'declined' })
    expect(Object.keys(payment.scored())).toEqual(['id', 'occurred_at', 'card_id', 'device_id', 'amount', 'settled_at'])
    const arrived = payment({ fraud: true, amount: '77.00' })
    const { status: _s, fraud: _f, updated_at: _u, ...known } = arrived
    expect(payment.scored(arrived)).toEqual(known)
  })

  it('goes by the clock it is of', () => {
    const clock = clockAt('2026-03-29T00:30:00Z')
    expect(clock.build(payments)().occurred_at).toBe('2026-03-29T00:30:00.000Z')
    expect(clock.build(payments).ago('1d').occurred_at).toBe(clock.ago('1d'))
    expect([clock.ago('30m'), clock.ahead('30m')]).toEqual(['2026-03-29T00:00:00.000Z', '2026-03-29T01:00:00.000Z'])
  })

  it('has the types of the source', () => {
    const payment = build(payments)
    expectTypeOf(payment().status).toEqualTypeOf<'approved' | 'declined'>()
    expectTypeOf(payment.times(1)[0]!.amount).toEqualTypeOf<string | number>()
    // @ts-expect-error there is no such column
    expect(() => build(payments, { cardid: 'c1' })).toThrow("cardid is no column of payments: did you mean 'card_id'?")
    // @ts-expect-error there is no such column
    expect(() => payment({ amont: '1.00' })).toThrow("amont is no column of payments: did you mean 'amount'?")
    // @ts-expect-error there is no such column
    expect(() => payment.times(1, () => ({ card_id: 'c', amont: '1.00' }))).toThrow("did you mean 'amount'?")
    // @ts-expect-error there is no such status
    expect(() => payment.with({ status: 'held' })()).toThrow(EventError)
    // @ts-expect-error it is not known yet
    expect(payment.scored({ status: 'declined' })).not.toHaveProperty('status')
  })

  it.each<[string, () => unknown, string]>([
    ['no source', () => build(untyped({})), "build() needs a source first, as build(payments, { card_id: 'c1' })"],
    ['a wrong value', () => build(payments)({ amount: 1.005 }), 'amount: 1.005 has more than 2 decimals'],
    ['a wrong time', () => build(payments)({ occurred_at: 'noon' }), 'occurred_at: "noon" is not a time in ISO 8601'],
    ['no duration', () => ago(untyped('1w')), "'1w' is not a duration"],
    ['no instant', () => clockAt('noon'), 'at: "noon" is not an instant'],
    ['a series without a start', () => build(payments).until(NOW), "say from when, as .from(ago('3d'))"],
    ['a series backwards', () => build(payments).from(NOW).until(ago('1d')), 'write the earlier instant first'],
    ['a broken number', () => build(payments).times(1.5), '1.5 is no length of a series'],
    ['a series without end', () => build(payments).from(ago('30d')).every('1s').until(NOW), 'is no length of a series'],
  ])('%s is refused', (_, wrong, message) => {
    expect(wrong).toThrow(message)
  })

  it('says which column it finds no value for', () => {
    const base = { id: z.string(), at: z.iso.datetime() }
    const coded = { ...base, code: z.string().regex(/^(.)\1{3}$/) }
    const odd = source('odd', { schema: z.object(coded), id: 'id', time: 'at' })
    expect(() => build(odd)()).toThrow(
      'code: no value was found that the checks of its schema allow; give it, as build(odd, { code: ... })',
    )
    expect(build(odd, { code: 'aaaa' })().code).toBe('aaaa')
    const few = build(
      source('few', { schema: z.object({ ...base, id: z.string().regex(/^[ab]$/) }), id: 'id', time: 'at' }),
    )
    expect(new Set([few().id, few().id])).toEqual(new Set(['a', 'b']))
    expect(() => few()).toThrow('id: no value was found that the checks of its schema allow besides the 2 before it')
  })
})

describe('what is built passes its source', () => {
  /** Columns by what makes them hard, each with checks that some value meets. */
  const texts: Record<string, () => z.ZodType> = {
    plain: () => z.string(),
    min: () => z.string().min(40),
    max: () => z.string().max(2),
    length: () => z.string().length(9),
    uuid: () => z.uuid(),
    uuidv7: () => z.uuidv7(),
    guid: () => z.guid(),
    email: () => z.email(),
    url: () => z.url(),
    https: () => z.url({ protocol: /^https$/, hostname: /\.com$/ }),
    nanoid: () => z.nanoid(),
    cuid: () => z.cuid(),
    cuid2: () => z.cuid2(),
    ulid: () => z.ulid(),
    xid: () => z.xid(),
    ksuid: () => z.ksuid(),
    ipv4: () => z.ipv4(),
    ipv6: () => z.ipv6(),
    mac: () => z.mac(),
    cidrv4: () => z.cidrv4(),
    cidrv6: () => z.cidrv6(),
    base64: () => z.base64(),
    base64url: () => z.base64url(),
    e164: () => z.e164(),
    jwt: () => z.jwt(),
    emoji: () => z.emoji(),
    hostname: () => z.hostname(),
    hex: () => z.hex().length(16),
    sha256: () => z.hash('sha256'),
    date: () => z.iso.date(),
    time: () => z.iso.time(),
    duration: () => z.iso.duration(),
    prefix: () => z.string().startsWith('tx_'),
    suffix: () => z.string().endsWith('_eu').min(20),
    includes: () => z.string().includes('-x-'),
    lowercase: () => z.string().lowercase(),
    uppercase: () => z.string().uppercase().length(3),
    bin: () => z.string().regex(/^\d{6}$/),
    token: () => z.string().regex(/^(tok|key)_(?:live|test)_[0-9A-Za-z]{8,}$/),
    groups: () => z.string().regex(/^(?<country>[A-Z]{2})-[^a-z\s]+(?=\d)\d*$/),
    unicode: () => z.string().regex(/^\p{Script=Greek}{3,5}$/u),
    unanchored: () => z.string().regex(/ab?c/i).min(30),
    exact: () =>
      z
        .string()
        .regex(/^[a-z]+-[0-9]*$/)
        .length(12),
    format: () => z.stringFormat('pan', /^\d{4}(?: \d{4}){3}$/),
  }
  const numbers: Record<string, () => z.ZodType> = {
    int: () => z.int(),
    int32: () => z.int32().max(-5),
    uint32: () => z.uint32(),
    positive: () => z.int().positive(),
    negative: () => z.int().negative(),
    between: () => z.int().min(17).max(18),
    stepped: () => z.int().gt(100).multipleOf(25),
    both: () => z.int().multipleOf(4).multipleOf(6).gte(30),
    number: () => z.number(),
    fraction: () => z.number().gt(0).lt(0.001),
    below: () => z.number().lt(-1e9),
    decimals: () => z.number().gte(0.5).multipleOf(0.25),
  }
  const others: Record<string, () => z.ZodType> = {
    flag: () => z.boolean(),
    status: () => z.enum(['held', 'sent']),
    literal: () => z.literal(['one', 'two']),
    at: () => z.iso.datetime(),
    offset: () => z.iso.datetime({ offset: true, precision: 3 }),
    ...Object.fromEntries([0, 2, 8, 15].map((scale) => [`money${scale}`, () => money({ scale })])),
  }
  const wraps: Record<string, (schema: z.ZodType) => z.ZodType> = {
    required: (schema) => schema,
    nullable: (schema) => schema.nullable(),
    optional: (schema) => schema.optional(),
    nullish: (schema) => schema.nullish(),
    readonly: (schema) => schema.readonly(),
  }
  const columns = { ...texts, ...numbers, ...others }
  const ids: Record<string, () => z.ZodType> = {
    ...texts,
    int: numbers.int!,
    stepped: numbers.stepped!,
    uint32: numbers.uint32!,
  }
  // No series of ids: too few of them, or no room for them.
  const fewIds = ['max', 'emoji', 'uppercase']

  it.each(Object.entries(columns))('%s', (name, column) => {
    const defined = untypedSource({ [name]: column() })
    const event = build(defined)() as Record<string, unknown>
    expect(event[name]).not.toBeNull()
    expect(() => parserOf(defined).parse(event)).not.toThrow()
  })

  it.each(Object.keys(ids).filter((name) => !fewIds.includes(name)))('ids of %s, a hundred of them', (name) => {
    const defined = source('s', untyped({ schema: z.object({ id: ids[name]!(), at: z.int() }), id: 'id', time: 'at' }))
    const events = build(defined).times(100) as Record<string, unknown>[]
    expect(new Set(events.map(({ id }) => id)).size).toBe(100)
  })

  it('whatever the schema', () => {
    const column = fc
      .tuple(fc.constantFrom(...Object.keys(columns)), fc.constantFrom(...Object.keys(wraps)))
      .map(([type, wrap]) => wraps[wrap]!(columns[type]!()))
    const shape = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), column)
    const outcome = fc.subarray(['a', 'b', 'c', 'd', 'e'])
    fc.assert(
      fc.property(shape, outcome, fc.boolean(), fc.constantFrom('ms', 's'), (columns, outcomes, epoch, precision) => {
        const outcomeColumns = outcomes.filter((name) => Object.hasOwn(columns, name))
        const defined = untypedSource(columns, epoch, { outcome: outcomeColumns, archive: { table: 't', precision } })
        const parser = parserOf(defined)
        const builder = build(defined)
        for (const event of [builder(), builder.ago('3d'), ...builder.times(2)]) {
          expect(parser.parse(event).time_ms).toBeLessThanOrEqual(Date.parse(NOW))
        }
        const scored = builder.scored()
        for (const name of outcomeColumns) expect(scored).not.toHaveProperty(name)
        parser.parseScored(scored)
      }),
      { seed: 20_260_115, numRuns: 150 },
    )
  })

  function untypedSource(shape: object, epoch = false, options: object = {}) {
    const schema = z.object({ id: z.string(), at: epoch ? z.int() : z.iso.datetime(), ...shape })
    return source('s', untyped({ schema, id: 'id', time: 'at', ...options }))
  }
})
