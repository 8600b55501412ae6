import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byteScanner, type ScannedColumn } from '../../src/features/byte-scanner.ts'
import { eventParser, type ParserColumn, type ParserSpec } from '../../src/features/event-parser.ts'
import type { EventParser } from '../../src/features/model.ts'
import { money, z } from '../../src/index.ts'
import type { ColumnType } from '../../src/timeline/column-type.ts'

const SEED = 20_261_124
const RUNS = 8_000

const STRING: ColumnType = { kind: 'string', bytesMax: 4_096 }
const MANY = Array.from({ length: 40 }, (_, i) => `value-${i}`)

/** Column types with the schema that says them. */
const KINDS: readonly Pick<ParserColumn, 'type' | 'leaf' | 'epoch'>[] = [
  { type: STRING, leaf: z.string() },
  { type: STRING, leaf: z.string().min(2).max(5) },
  { type: STRING, leaf: z.string().startsWith('p') },
  { type: { kind: 'int' }, leaf: z.int() },
  { type: { kind: 'int' }, leaf: z.int().gte(-5).lt(100) },
  { type: { kind: 'double' }, leaf: z.number() },
  { type: { kind: 'money', scale: 2 }, leaf: money({ scale: 2 }) },
  { type: { kind: 'money', scale: 0 }, leaf: money({ scale: 0 }) },
  { type: { kind: 'money', scale: 15 }, leaf: money({ scale: 15 }) },
  { type: { kind: 'bool' }, leaf: z.boolean() },
  { type: { kind: 'enum', values: ['a', 'ab', 'é', 'q"', '\ud800'] }, leaf: z.enum(['a', 'ab', 'é', 'q"', '\ud800']) },
  { type: { kind: 'enum', values: MANY }, leaf: z.enum(MANY) },
  { type: { kind: 'time' }, leaf: z.iso.datetime({ offset: true }) },
  { type: { kind: 'time' }, leaf: z.int(), epoch: true },
]

const NAMES = [
  'a',
  'ab',
  'é',
  '😀',
  'with space',
  'q"',
  'back\\',
  '',
  'a\0',
  'constructor',
  '__proto__',
  '\ud800',
  '\ufffd',
]

const spec: fc.Arbitrary<ParserSpec> = fc
  .record({
    kinds: fc.array(fc.constantFrom(...KINDS), { maxLength: 6 }),
    names: fc.shuffledSubarray(NAMES, { minLength: 6 }),
    plainNames: fc.integer({ min: 0, max: 3 }).map((odds) => odds > 0),
    nullable: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    idKind: fc.constantFrom(KINDS[0]!, KINDS[3]!),
    timeKind: fc.constantFrom(KINDS[12]!, KINDS[13]!),
    precision: fc.constantFrom('ms', 's'),
    versioned: fc.boolean(),
    deletable: fc.boolean(),
  })
  .map(({ kinds, names, plainNames, nullable, idKind, timeKind, precision, versioned, deletable }) => {
    const columns: ParserColumn[] = [
      { ...idKind, name: 'id', nullable: false },
      { ...timeKind, name: 'at', nullable: false },
      ...kinds.map((kind, i) => ({ ...kind, name: plainNames ? `c${i}` : names[i]!, nullable: nullable[i]! })),
    ]
    const version = versioned ? columns.push({ ...KINDS[3]!, name: 'version', nullable: false }) - 1 : null
    const deleted = deletable ? columns.push({ ...KINDS[9]!, name: 'deleted', nullable: true }) - 1 : null
    return { source: 'payments', columns, id: 0, time: 1, version, deleted, outcome: [], precision }
  })

const digits = (max: number) =>
  fc.array(fc.constantFrom(...'0123456789'), { minLength: 1, maxLength: max }).map((all) => all.join(''))

/** A number as JSON writes it, or nearly so. */
const numberText = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -1000, max: 1000 }).map(String) },
  { weight: 2, arbitrary: fc.maxSafeInteger().map(String) },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: fc.integer().map((minor) => (minor / 100).toFixed(2)) },
  fc.tuple(fc.constantFrom('', '-'), digits(25), fc.constantFrom('', '.'), digits(25)).map((parts) => parts.join('')),
  fc.constantFrom(
    '-0',
    '0',
    '-0.0',
    '00',
    '01',
    '-',
    '1.',
    '.5',
    '1e3',
    '1E-2',
    '0e0',
    '9007199254740993',
    '1e400',
    '+1',
  ),
)

const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 8 }) },
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constantFrom(
    '',
    'p-1',
    'é'.repeat(2048),
    'é'.repeat(2049),
    'x'.repeat(4097),
    'a\u2028',
    '\x7f',
    'a',
    'ab',
    'value-7',
  ),
)

const anyValue: fc.Arbitrary<string> = fc.oneof(
  numberText,
  text.map((value) => JSON.stringify(value)),
  fc.constantFrom(
    'null',
    'true',
    'false',
    '[]',
    '{}',
    '{"a":[1,{"b":"\\u00e9\\n"}]}',
    '[1 , 2,"\\x"]',
    '[1,]',
    'nul',
    '{"a":1,"a":2}',
  ),
  fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)),
  fc.integer({ min: 30, max: 40 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
)

const moment = fc.date({ min: new Date('1999-12-01'), max: new Date('2100-02-01'), noInvalidDate: true })

/** A value of a type, as JSON; it may yet break the schema's checks. */
function rightOf({ type, epoch }: ParserColumn): fc.Arbitrary<string> {
  switch (type.kind) {
    case 'string':
      return fc.oneof(
        fc.constantFrom('"p-1"', '"pé"'),
        fc.string({ maxLength: 5 }).map((value) => JSON.stringify(`p${value}`)),
      )
    case 'int':
      return fc.oneof(fc.integer({ min: -5, max: 99 }).map(String), fc.maxSafeInteger().map(String))
    case 'double':
      return fc.double({ noNaN: true, min: -1e9, max: 1e9 }).map((value) => JSON.stringify(value))
    case 'money': {
      const amount = fc
        .tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.nat({ max: Math.min(3, type.scale) }))
        .map(([minor, decimals]) => (minor / 10 ** decimals).toFixed(decimals))
      return fc.oneof(
        amount,
        amount.map((value) => `"${value}"`),
      )
    }
    case 'bool':
      return fc.constantFrom('true', 'false')
    case 'enum':
      return fc.constantFrom(...type.values).map((value) => JSON.stringify(value))
    case 'time': {
      const at = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
      if (epoch === true) return at.map((time) => String(time.getTime()))
      return fc
        .tuple(at, fc.constantFrom('Z', '+02:00', '9Z'))
        .map(([time, end]) => `"${time.toISOString().slice(0, -1)}${end}"`)
    }
  }
}

/** What a type's value looks like, right or wrong. */
function nearOf({ type, epoch }: ParserColumn): fc.Arbitrary<string> {
  const quotedNumber = numberText.map((value) => `"${value}"`)
  switch (type.kind) {
    case 'string':
      return text.map((value) => JSON.stringify(value))
    case 'enum':
      return fc.constantFrom(...type.values).map((value) => `"${value}"`)
    case 'time': {
      if (epoch === true) return moment.map((at) => String(at.getTime()))
      const more = fc.constantFrom('', '9', '99999', 'x', '0'.repeat(60))
      const zone = fc.constantFrom('Z', '-23:59', '', '+2:00', '+24:00')
      return fc.tuple(moment, more, zone).map(([at, digit, end]) => `"${at.toISOString().slice(0, -1)}${digit}${end}"`)
    }
    default:
      return fc.oneof(numberText, quotedNumber)
  }
}

/** Mostly a right value of a column, as JSON. */
function jsonOf(column: ParserColumn): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 24, arbitrary: rightOf(column) },
    { weight: 4, arbitrary: nearOf(column) },
    { weight: 1, arbitrary: anyValue },
  )
}

const blanks = fc.oneof({ weight: 40, arbitrary: fc.constantFrom('', ' ', '\n\t', '\r') }, fc.constant('\f'))

interface Written {
  readonly names: readonly string[]
  readonly values: readonly string[]
  readonly blanks: readonly string[]
}

/** Fields of an event: most columns, some others, mostly in order, with blanks or without. */
function written({ columns }: ParserSpec): fc.Arbitrary<Written> {
  const own = columns.map((column) =>
    fc.record({
      name: fc.oneof(
        { weight: 80, arbitrary: fc.constant(JSON.stringify(column.name)) },
        fc.constant(`"${column.name}"`),
        fc.constant(`"\\u0061${column.name.slice(1)}"`),
      ),
      value: jsonOf(column),
      there: fc.integer({ min: 0, max: 40 }).map((odds) => odds > 0),
    }),
  )
  const more = fc.record({
    name: fc.oneof(
      fc.constantFrom(...NAMES, 'note').map((name) => JSON.stringify(name)),
      fc.string({ unit: 'binary', maxLength: 4 }).map((name) => JSON.stringify(name)),
    ),
    value: anyValue,
    there: fc.constant(true),
  })
  const fields = fc.tuple(fc.tuple(...own), fc.array(more, { maxLength: 2 })).chain(([first, others]) => {
    const all = [...first, ...others].filter(({ there }) => there)
    const inOrder = fc.constant(all)
    const mixed = fc.shuffledSubarray(all, { minLength: all.length })
    const twice = fc.nat({ max: Math.max(0, all.length - 1) }).map((i) => [...all, ...all.slice(i, i + 1)])
    return fc.oneof({ weight: 5, arbitrary: inOrder }, mixed, twice)
  })
  const spaces = fc.oneof({ weight: 3, arbitrary: fc.constant(['']) }, fc.array(blanks, { minLength: 1, maxLength: 7 }))
  return fc
    .tuple(fields, spaces)
    .map(([all, gaps]) => ({ names: all.map(({ name }) => name), values: all.map(({ value }) => value), blanks: gaps }))
}

function textOf({ names, values, blanks: gaps }: Written): string {
  let next = 0
  const gap = () => gaps[next++ % gaps.length]!
  const fields = names.map((name, i) => `${gap()}${name}${gap()}:${gap()}${values[i]}${gap()}`)
  return `${gap().replace('\f', '')}{${fields.join(',')}}${gap()}`
}

/** One wound of a message's bytes. */
type Wound = (bytes: Buffer) => Buffer
const wound: fc.Arbitrary<Wound> = fc.oneof(
  fc
    .double({ min: 0, max: 1, noNaN: true })
    .map((share) => (bytes: Buffer) => bytes.subarray(0, Math.floor(share * bytes.length))),
  fc
    .tuple(fc.nat(), fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(...Buffer.from('"\\{}[],:0-.eE \n'))))
    .map(([at, byte]) => (bytes: Buffer) => {
      const copy = Buffer.from(bytes)
      if (copy.length > 0) copy[at % copy.length] = byte
      return copy
    }),
  fc
    .tuple(
      fc.nat(),
      fc.oneof(
        fc.uint8Array({ maxLength: 3 }),
        fc
          .constantFrom('\\u00e9', '\\n', '\\', '"', ',', '\u2028', '0', '{', '}', ' ', '\ufeff')
          .map((part) => Buffer.from(part)),
      ),
    )
    .map(([at, part]) => (bytes: Buffer) => {
      const place = at % (bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, place), part, bytes.subarray(place)])
    }),
  fc.tuple(fc.nat(), fc.nat()).map(([one, two]) => (bytes: Buffer) => {
    const copy = Buffer.from(bytes)
    if (copy.length === 0) return copy
    const [a, b] = [one % copy.length, two % copy.length]
    ;[copy[a], copy[b]] = [copy[b]!, copy[a]!]
    return copy
  }),
  fc.constantFrom<Wound[]>(
    (bytes: Buffer) => Buffer.concat([Buffer.from('\ufeff'), bytes]),
    (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0xff])]),
    (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('}')]),
    (bytes: Buffer) => Buffer.concat([bytes, bytes]),
  ),
)

function message(of: ParserSpec): fc.Arbitrary<Buffer> {
  const whole = written(of).map((event) => Buffer.from(textOf(event)))
  const wounded = fc
    .tuple(whole, fc.array(wound, { minLength: 1, maxLength: 2 }))
    .map(([bytes, wounds]) => wounds.reduce<Buffer>((now, hurt) => hurt(now), bytes))
  return fc.oneof({ weight: 2, arbitrary: whole }, wounded)
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** All that a caller can see of a call. */
function outcome(act: () => unknown): unknown {
  try {
    return { is: act() }
  } catch (error) {
    const { name, message: says, code, column, value, problems } = error as Record<string, unknown>
    return { name, says, code, column, value, problems, type: Object.getPrototypeOf(error) }
  }
}

function expectSame(parser: EventParser, bytes: Uint8Array): void {
  const plain = outcome(() => parser.parse(JSON.parse(decoder.decode(bytes))))
  expect(outcome(() => parser.parseBytes(bytes))).toStrictEqual(plain)
}

describe('an event from bytes', () => {
  it('is what it is from JSON, or the same error, whatever comes before it', () => {
    let good = 0
    fc.assert(
      fc.property(
        spec.chain((one) => fc.tuple(fc.constant(one), fc.array(message(one), { minLength: 1, maxLength: 5 }))),
        ([one, messages]) => {
          const parser = eventParser(one)
          for (const bytes of messages) {
            expectSame(parser, bytes)
            if ('is' in (outcome(() => parser.parseBytes(bytes)) as object)) good++
          }
        },
      ),
      { seed: SEED, numRuns: RUNS },
    )
    // Else the test tests errors only.
    expect(good).toBeGreaterThan(RUNS / 4)
  }, 300_000)

  const parser = eventParser({
    source: 'payments',
    columns: [
      { ...KINDS[0]!, name: 'id', nullable: false },
      { ...KINDS[12]!, name: 'at', nullable: false },
      { ...KINDS[6]!, name: 'amount', nullable: true },
      { ...KINDS[10]!, name: 'kind', nullable: true },
      { ...KINDS[5]!, name: 'weight', nullable: true },
      { ...KINDS[3]!, name: 'count', nullable: true },
    ],
    id: 0,
    time: 1,
    version: null,
    deleted: null,
    outcome: [],
    precision: 'ms',
  })
  const AT = '"at":"2024-05-01T12:30:00.250Z"'

  it.each([
    ['nothing', ''],
    ['no object', '[]'],
    ['an object without fields', '{}'],
    ['a byte order mark', `\ufeff{"id":"a",${AT}}`],
    ['blanks around', `\n {"id" : "a" ,\t${AT} }\r\n`],
    ['something behind', `{"id":"a",${AT}}x`],
    ['a comma behind the last field', `{"id":"a",${AT},}`],
    ['an escaped name', `{"\\u0069d":"a",${AT}}`],
    ['an escaped value', `{"id":"\\u0061",${AT}}`],
    ['a column twice', `{"id":"a","id":"b",${AT}}`],
    ['a wrong value that a right one follows', `{"id":7,"id":"b",${AT}}`],
    ['another field twice', `{"id":"a","x":1,"x":2,${AT}}`],
    ['a prototype', `{"id":"a","__proto__":{"id":"b"},${AT}}`],
    ['a negative zero', `{"id":"a",${AT},"weight":-0,"amount":-0}`],
    ['a number with a zero in front', `{"id":"a",${AT},"weight":01}`],
    ['an integer with a zero in front', `{"id":"a",${AT},"count":01}`],
    ['an amount with a zero in front', `{"id":"a",${AT},"amount":"01"}`],
    ['an integer with a point', `{"id":"a",${AT},"count":1.0}`],
    ['an integer past 2^53', `{"id":"a",${AT},"count":9007199254740993}`],
    ['an exponent', `{"id":"a",${AT},"weight":1e2}`],
    ['a number of 16 digits', `{"id":"a",${AT},"weight":0.1234567890123456}`],
    ['amounts in texts', `{"id":"a",${AT},"amount":"-0.00"}`],
    ['an amount with too many decimals', `{"id":"a",${AT},"amount":"1.234"}`],
    ['an amount with no end', `{"id":"a",${AT},"amount":"1.2`],
    ['a value of an enum that begins as another', `{"id":"a",${AT},"kind":"ab"}`],
    ['a control character', `{"id":"a\u0001",${AT}}`],
    ['an unknown list that is broken', `{"id":"a",${AT},"x":[1,]}`],
    ['an unknown text with a wrong escape', `{"id":"a",${AT},"x":"\\x"}`],
    ['an unknown word', `{"id":"a",${AT},"x":nope}`],
    ['null for what is required', `{"id":null,${AT}}`],
  ])('%s', (_, json) => {
    expectSame(parser, Buffer.from(json))
  })

  it.each([
    ['in a column', [0xc3, 0x28]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a long form', [0xc0, 0xaf]],
  ])('bytes that are no UTF-8: %s', (_, wrong) => {
    for (const name of ['id', 'x']) {
      const json = Buffer.concat([Buffer.from(`{${AT},"id":"a","${name}":"`), Buffer.from(wrong), Buffer.from('"}')])
      expectSame(parser, json)
      expect(() => parser.parseBytes(json)).toThrow(TypeError)
    }
  })

  it('may be any view of memory', () => {
    const json = Buffer.from(`{"id":"é","x":"é",${AT}}`)
    const memory = new Uint8Array(json.length + 2)
    memory.set(json, 1)
    expect(parser.parseBytes(memory.subarray(1, -1))).toMatchObject({ id: 'é' })
  })

  it('may be large', () => {
    expectSame(parser, Buffer.from(`{"id":"a","x":"${'é'.repeat(9_000)}",${AT},"kind":"a"}`))
  })

  it('may have more unknown names than are remembered', () => {
    for (let i = 0; i < 3_000; i++) expectSame(parser, Buffer.from(`{"x${i}":${i},"id":"${i}","é${i}":null,${AT}}`))
    expectSame(parser, Buffer.from(`{"${'x'.repeat(300)}":1,"id":"a",${AT}}`))
    expectSame(parser, Buffer.concat([Buffer.from('{"y'), Buffer.of(0xff), Buffer.from(`":1,"id":"a",${AT}}`)]))
  })
})

describe('the scanner', () => {
  const columns = KINDS.map(
    ({ type, epoch = false }, i): ScannedColumn => ({ name: `c${i}`, type, epoch, nullable: true, holds: null }),
  )
  const scan = byteScanner(columns, 'ms')
  const nulls = columns.map(() => null)
  const values = (column: number, value: unknown) => nulls.map((none, i) => (i === column ? value : none))

  it.each([
    [0, '"a é 😀"', 'a é 😀'],
    [3, '-17', -17],
    [3, '999999999999999', 999_999_999_999_999],
    [5, '0.1', 0.1],
    [5, '-12.50', -12.5],
    [6, '"12.3"', 1230],
    [6, '12.34', 1234],
    [6, '"-7"', -700],
    [7, '"7"', 7],
    [9, 'true', true],
    [9, 'false', false],
    [10, '"ab"', 'ab'],
    [10, '"é"', 'é'],
    [11, '"value-39"', 'value-39'],
    [12, '"2024-05-01T12:30:00.25+02:00"', Date.UTC(2024, 4, 1, 10, 30, 0, 250)],
    [13, '1714566600250', 1_714_566_600_250],
    [13, 'null', null],
  ])('reads column %i by itself from %s', (column, json, value) => {
    expect(scan(Buffer.from(`{"c${column}":${json}}`))).toEqual(values(column, value))
    expect(scan(Buffer.from(`{ "x": [1.5e3, {"y": "\\u00e9"}, true, null], "c${column}": ${json} }\n`))).toEqual(
      values(column, value),
    )
  })

  it.each([
    ['{"c0":"\\n"}'],
    ['{"c3":1e2}'],
    ['{"c3":9007199254740993}'],
    ['{"c0":"a","c0":"b"}'],
    ['{"c0":"a"'],
    ['{"c0":"a"}}'],
    ['{"c9":tru}'],
    ['{"c12":"2024-05-01"}'],
    [' {}'],
  ])('leaves %s to the plain way', (json) => {
    expect(scan(Buffer.from(json))).toBeNull()
  })
})
