import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ColumnMapping, NO_MAPPING } from '../../src/cli/ingest/column-mapping.ts'
import { LOG_LIMITS } from '../../src/cli/ingest/event-chunk.ts'
import { openInput } from '../../src/cli/ingest/input.ts'
import { inputChunks } from '../../src/cli/ingest/input-chunks.ts'
import { BEGINNING } from '../../src/cli/ingest/record-splitter.ts'
import { collect } from '../../src/features/collect.ts'
import type { SourceModel } from '../../src/features/model.ts'
import { formatMoney } from '../../src/features/money.ts'
import { resolveModel } from '../../src/features/resolve.ts'
import { money, source, z } from '../../src/index.ts'
import type { Value } from '../../src/timeline/column-type.ts'
import { SeededRandom } from '../stores/seeded-random.ts'
import {
  BOOLEAN,
  DOUBLE,
  decimal,
  INT64,
  parquetBytes,
  TEXT,
  timestamp,
  type WrittenColumn,
} from './parquet-writing.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A source with a column of every kind. */
const kinds = source('kinds', {
  schema: z.object({
    id: z.string(),
    at: z.iso.datetime({ offset: true }),
    text: z.string().nullable(),
    whole: z.int().nullable(),
    amount: money({ scale: 2 }).nullable(),
    number: z.number().nullable(),
    flag: z.boolean().nullable(),
    list: z.enum(['a', 'b', '1']).nullable(),
  }),
  id: 'id',
  time: 'at',
  stream: { topic: 'kinds' },
})
const counted = source('counted', {
  schema: z.object({ id: z.string(), at: z.int() }),
  id: 'id',
  time: 'at',
  stream: { topic: 'counted' },
})
const model = resolveModel(collect([{ file: 'definitions.ts', exports: { kinds, counted } }]))
const KINDS = model.sources.get('kinds')!
const COUNTED = model.sources.get('counted')!

let files = 0
function write(content: string | Buffer, extension = 'parquet'): string {
  const path = join(folder, `file-${files++}.${extension}`)
  writeFileSync(path, content)
  return path
}

interface Read {
  readonly values: (readonly Value[])[]
  readonly reasons: string[]
}

interface ReadOptions {
  readonly of?: SourceModel
  readonly assumeUtc?: boolean
  readonly mapping?: ColumnMapping
}

/** The canonical values of all events of a file, and why others are none. */
async function read(path: string, { of = KINDS, assumeUtc = false, mapping = NO_MAPPING }: ReadOptions = {}) {
  const result: Read = { values: [], reasons: [] }
  const reading = { source: of, input: openInput(path, null), delimiter: ',', mapping, assumeUtc }
  const options = {
    limits: LOG_LIMITS,
    from: BEGINNING,
    archivedThrough: null,
    signal: new AbortController().signal,
    onNote: () => {},
  }
  for await (const chunk of inputChunks(reading, options)) {
    result.reasons.push(...chunk.refused.map(({ reason }) => reason))
    for (const line of chunk.lines.length === 0 ? [] : Buffer.from(chunk.body).toString().split('\n')) {
      try {
        result.values.push(of.parser.parseBytes(Buffer.from(line)).values)
      } catch (error) {
        result.reasons.push((error as Error).message)
      }
    }
  }
  return result
}

const AT_MS = Date.UTC(2025, 0, 1)
const ID: WrittenColumn = { name: 'id', element: TEXT, data: ['e'] }
const AT: WrittenColumn = { name: 'at', element: timestamp('MILLIS'), data: [BigInt(AT_MS)] }

/** What a value of one column becomes. */
async function value(name: string, element: WrittenColumn['element'], stored: unknown, assumeUtc = false) {
  const column = { name, element, data: [stored] }
  const others = [ID, AT].filter((one) => one.name !== name)
  const { values, reasons } = await read(write(parquetBytes([...others, column])), { assumeUtc })
  return reasons[0] ?? values[0]![KINDS.columns.findIndex((one) => one.name === name)]
}

const UINT64 = { type: 'INT64', converted_type: 'UINT_64' } as const
const UINT32 = { type: 'INT32', converted_type: 'UINT_32' } as const
const INT32 = { type: 'INT32' } as const
const FLOAT = { type: 'FLOAT' } as const
const UUID = { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } } as const
const DATE = { type: 'INT32', converted_type: 'DATE' } as const
const WIDE = { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, converted_type: 'DECIMAL', precision: 38 } as const
const BINARY = { type: 'BYTE_ARRAY' } as const
const MAX = Number.MAX_SAFE_INTEGER

describe('a stored value becomes the canonical one, exactly, or is refused', () => {
  it.each<[string, WrittenColumn['element'], unknown, unknown]>([
    ['whole', INT64, BigInt(MAX), MAX],
    ['whole', INT64, -BigInt(MAX), -MAX],
    ['whole', INT64, 2n ** 53n + 1n, `whole: 9007199254740993 is beyond ±${MAX}, and would be rounded`],
    ['whole', UINT64, 2n ** 63n, `whole: 9223372036854775808 is beyond ±${MAX}, and would be rounded`],
    ['whole', UINT32, 4_000_000_000, 4_000_000_000],
    ['whole', INT32, -7, -7],
    ['whole', DOUBLE, 5, 5],
    ['whole', DOUBLE, 5.5, 'whole: 5.5 is not a whole number'],
    ['whole', decimal(18, 2), 500n, 5],
    ['whole', decimal(18, 1), 45035996273704963n, /^whole: "4503599627370496.3" /],
    ['whole', TEXT, '12', 12],
    ['whole', TEXT, '', null],
    ['whole', TEXT, 'x', /^whole: "x" /],
    ['number', INT64, 2n ** 60n, 2 ** 60],
    ['number', INT64, 2n ** 60n + 1n, `number: 1152921504606846977 is beyond ±${MAX}, and would be rounded`],
    ['number', DOUBLE, 0.1, 0.1],
    ['number', DOUBLE, -0, 0],
    ['number', DOUBLE, Number.NaN, 'number: NaN is no number that an event can hold'],
    ['number', DOUBLE, Number.POSITIVE_INFINITY, 'number: Infinity is no number that an event can hold'],
    ['number', FLOAT, 0.5, 0.5],
    ['number', decimal(18, 2), -10n, -0.1],
    ['number', TEXT, '1e999', /^number: "1e999" /],
    ['amount', decimal(18, 2), 1234n, 1234],
    ['amount', decimal(18, 4), 123400n, 1234],
    ['amount', decimal(18, 4), 123456n, /^amount: "12.3456" has more than 2 decimals/],
    ['amount', decimal(18, 0), -7n, -700],
    // Both are the same double: 90071992547409.90 and .91 in cents are not.
    ['amount', decimal(18, 2), BigInt(MAX), MAX],
    ['amount', decimal(18, 2), BigInt(MAX) - 1n, MAX - 1],
    ['amount', { ...WIDE, scale: 10 }, -1_230_000_000_000n, -12300],
    ['amount', { ...WIDE, scale: 2 }, 10n ** 30n, /^amount: "1000000000/],
    ['amount', INT64, 5n, 500],
    ['amount', DOUBLE, 12.34, 1234],
    ['amount', TEXT, '12.34', 1234],
    ['text', TEXT, 'é "x"\n', 'é "x"\n'],
    ['text', TEXT, '', ''],
    ['text', TEXT, '\ufeff\ufffd', '\ufeff\ufffd'],
    ['text', BINARY, Buffer.from('plain'), 'plain'],
    ['text', BINARY, Buffer.from([0x66, 0xff]), 'text: its bytes are not UTF-8'],
    ['text', { ...TEXT, converted_type: 'ENUM' }, Buffer.from('A'), 'A'],
    ['text', INT64, 12345678901234567890n % 2n ** 63n, String(12345678901234567890n % 2n ** 63n)],
    ['text', decimal(18, 4), 123400n, '12.3400'],
    ['text', UUID, '0F8FAD5B-D9CB-469F-A165-70867728950E', '0f8fad5b-d9cb-469f-a165-70867728950e'],
    ['text', DATE, 20_000, '2024-10-04'],
    ['flag', BOOLEAN, true, true],
    ['flag', INT32, 0, false],
    ['flag', INT32, 2, /^flag: 2 /],
    ['flag', TEXT, 'TRUE', true],
    ['list', TEXT, 'b', 'b'],
    ['list', TEXT, 'c', /^list: "c" /],
    ['list', INT32, 1, '1'],
    ['at', timestamp('MICROS'), BigInt(AT_MS) * 1_000n + 999n, AT_MS],
    ['at', timestamp('NANOS'), BigInt(AT_MS) * 1_000_000n + 1_999_999n, AT_MS + 1],
    ['at', timestamp('MICROS'), -1n, 'at: "1969-12-31T23:59:59.999Z" is outside the years 2000 to 2100'],
    ['at', timestamp('MILLIS'), 2n ** 62n, 'at: 4611686018427388000 ms since 1970 is no time: its unit is wrong'],
    ['at', { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' }, BigInt(AT_MS), AT_MS],
    ['at', TEXT, '2025-01-01T01:00:00+01:00', AT_MS],
  ])('%s of %o: %o', async (name, element, stored, expected) => {
    const found = await value(name, element, stored)
    if (expected instanceof RegExp) expect(found).toMatch(expected)
    else expect(found).toEqual(expected)
  })

  it('a local timestamp and a day are in UTC where the command says so', async () => {
    expect(await value('at', timestamp('MILLIS', false), BigInt(AT_MS), true)).toBe(AT_MS)
    expect(await value('at', DATE, AT_MS / 86_400_000, true)).toBe(AT_MS)
  })

  it('a null is one, whatever the type', async () => {
    for (const [name, element] of [
      ['whole', INT64],
      ['amount', decimal(18, 2)],
      ['text', TEXT],
      ['flag', BOOLEAN],
      ['number', DOUBLE],
    ] as const)
      expect(await value(name, element, null)).toBe(null)
    expect(await value('at', timestamp('MILLIS'), null)).toBe('at is null, but it is required')
  })

  it('epoch milliseconds come from timestamps and from integers', async () => {
    for (const [element, at] of [
      [timestamp('NANOS'), BigInt(AT_MS) * 1_000_000n],
      [INT64, BigInt(AT_MS)],
      [decimal(18, 1), BigInt(AT_MS) * 10n],
    ] as const) {
      const path = write(parquetBytes([ID, { name: 'at', element, data: [at] }]))
      expect((await read(path, { of: COUNTED })).values).toEqual([['e', AT_MS]])
    }
  })
})

describe('a column that cannot be one of the source is refused before anything is read', () => {
  it.each<[string, WrittenColumn['element'], unknown, string, string]>([
    [
      'at',
      timestamp('MILLIS', false),
      BigInt(AT_MS),
      "'at' holds local timestamps, which name no instant",
      'where they are in UTC, say so with --assume-utc; else write it adjusted to UTC',
    ],
    [
      'at',
      DATE,
      20_000,
      "'at' holds days, which name no instant",
      'where midnight in UTC is meant, say so with --assume-utc; else write it as TIMESTAMP',
    ],
    [
      'at',
      INT64,
      BigInt(AT_MS),
      "'at' holds integers, which do not say their unit, and instants are wanted",
      'write it as TIMESTAMP, adjusted to UTC, or give the column as z.int() in the schema, which is epoch milliseconds',
    ],
    [
      'amount',
      FLOAT,
      12.34,
      "'amount' holds FLOAT values, which keep no cents, and amounts are wanted",
      'write it as DECIMAL, as INT64 of whole units, or as STRING',
    ],
    ['text', DOUBLE, 1, "'text' holds DOUBLE values, and texts are wanted", 'write it as STRING'],
    ['flag', DOUBLE, 1, "'flag' holds DOUBLE values, and booleans are wanted", 'write it as BOOLEAN'],
    ['whole', BOOLEAN, true, "'whole' holds booleans, and whole numbers are wanted", 'write it as INT64'],
    [
      'whole',
      { type: 'INT32', logical_type: { type: 'TIME', isAdjustedToUTC: true, unit: 'MILLIS' } },
      1,
      "'whole' holds TIME values, and whole numbers are wanted",
      'write it as INT64',
    ],
  ])('%s of %o', async (name, element, stored, why, cure) => {
    const others = [ID, AT].filter((one) => one.name !== name)
    const path = write(parquetBytes([...others, { name, element, data: [stored] }]))
    const message = `${path}: the column ${why}`
    await expect(read(path)).rejects.toThrow(expect.objectContaining({ code: 'FILE_COLUMNS', message, cure }))
  })
})

interface Event {
  readonly id: string
  readonly at: number
  readonly text: string | null
  readonly whole: number | null
  readonly amount: number | null
  readonly number: number | null
  readonly flag: boolean | null
  readonly list: string | null
}

function events(seed: number, count: number): Event[] {
  const random = new SeededRandom(seed)
  const maybe = <T>(value: T): T | null => (random.below(5) === 0 ? null : value)
  const texts = ['', 'x', 'a,b', '"q"', 'é\u2028', 'line\nline', ' ', '0', 'true']
  const numbers = [0.1, -0, 1e21, 1e-7, 5, -123.456, 2 ** 60]
  return Array.from({ length: count }, (_, i) => ({
    id: `e${i}`,
    at: AT_MS + random.below(1_000_000_000),
    text: random.pick(texts),
    whole: maybe(random.below(2) === 0 ? random.below(1_000) : MAX - random.below(10)),
    amount: maybe(random.below(2) === 0 ? random.below(100_000) - 50_000 : MAX - random.below(10)),
    number: maybe(random.pick(numbers)),
    flag: maybe(random.below(2) === 0),
    list: maybe(random.pick(['a', 'b'])),
  }))
}

const iso = (ms: number) => new Date(ms).toISOString()
const cents = (amount: number | null) => (amount === null ? null : formatMoney(amount, 2))

function asNdjson(all: readonly Event[]): string {
  return all.map((e) => JSON.stringify({ ...e, at: iso(e.at), amount: cents(e.amount) })).join('\n')
}

function asCsv(all: readonly Event[]): string {
  const cell = (text: unknown) => (text === null ? '' : `"${String(text).replaceAll('"', '""')}"`)
  const rows = all.map((e) => Object.values({ ...e, at: iso(e.at), amount: cents(e.amount) }).map(cell))
  return [Object.keys(all[0]!).join(','), ...rows.map((row) => row.join(','))].join('\n')
}

function asParquet(all: readonly Event[], scale: number): Buffer {
  const column = (name: keyof Event, element: WrittenColumn['element'], of = (value: unknown): unknown => value) => ({
    name,
    element,
    data: all.map((event) => (event[name] === null ? null : of(event[name]))),
  })
  const big = (value: unknown) => BigInt(value as number)
  return parquetBytes([
    column('list', TEXT),
    column('id', TEXT),
    column('at', timestamp('NANOS'), (at) => big(at) * 1_000_000n + 7n),
    column('text', TEXT),
    column('whole', INT64, big),
    column('amount', { ...WIDE, scale }, (amount) => big(amount) * 10n ** BigInt(scale - 2)),
    column('number', DOUBLE),
    column('flag', BOOLEAN),
  ])
}

it.each([1, 2, 3])('the same events are the same values by CSV, NDJSON and Parquet (seed %i)', async (seed) => {
  const all = events(seed, 4_000)
  const [ndjson, csv, parquet] = await Promise.all([
    read(write(asNdjson(all), 'ndjson')),
    read(write(asCsv(all), 'csv')),
    read(write(asParquet(all, 2 + seed))),
  ])
  expect(ndjson.reasons).toEqual([])
  expect(ndjson.values.length).toBe(all.length)
  expect(csv).toEqual(ndjson)
  expect(parquet).toEqual(ndjson)
})

describe('a file that is no whole Parquet file', () => {
  const good = asParquet(events(5, 3_000), 2)

  it.each<[string, string | Buffer, string, string]>([
    ['INPUT_FORMAT', 'id,at\n1,2\n', 'is no Parquet file: it begins with the text "id,at\\n1,"', '--format csv'],
    ['INPUT_FORMAT', '{"id":"e"}\n', 'is no Parquet file: it looks like JSON', '--format ndjson'],
    ['INPUT_FORMAT', '', 'is no Parquet file: it is empty', 'get the whole file'],
    ['INPUT_FORMAT', Buffer.from([0x1f, 0x8b, 8, 0]), 'is no Parquet file: it is compressed by gzip', 'gunzip'],
    ['INPUT_FORMAT', Buffer.from([0, 1, 2, 3]), 'is no Parquet file: it begins with other bytes', 'write it anew'],
    ['INPUT_FORMAT', Buffer.from('PARE'), 'is encrypted', 'write it without'],
    ['INPUT_CUT', good.subarray(0, good.length - 1), 'has no end: it lacks the footer of a Parquet file', 'whole file'],
    ['INPUT_CUT', good.subarray(0, 10), 'has no end', 'get the whole file'],
    ['INPUT_DAMAGED', Buffer.concat([good.subarray(0, 900), good.subarray(-900)]), 'is damaged in its footer', 'anew'],
    ['INPUT_DAMAGED', Buffer.from('PAR1\xff\xff\xff\x7fPAR1', 'latin1'), 'it says that it has 2147483647', 'anew'],
  ])('%s: %j', (code, content, message, cure) => {
    expect(() => openInput(write(content), null)).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringContaining(message),
        cure: expect.stringContaining(cure),
      }),
    )
  })

  it('is refused where what it says of its row groups would fill the memory', () => {
    const footer = 64 * 1024 * 1024 + 1
    const path = write(Buffer.from('PAR1'))
    const tail = Buffer.alloc(8)
    tail.writeUInt32LE(footer)
    tail.write('PAR1', 4)
    const file = openSync(path, 'r+')
    // Nothing is stored of what lies between.
    writeSync(file, tail, 0, tail.length, 4 + footer)
    closeSync(file)
    expect(() => openInput(path, null)).toThrow(
      expect.objectContaining({
        code: 'INPUT_FORMAT',
        message: `${path} has a footer of 67108865 bytes, of at most 67108864`,
        cure: 'write it anew with larger row groups, or as several files',
      }),
    )
  })

  it('is told from the other formats', () => {
    for (const extension of ['csv', 'ndjson']) {
      const path = write(good, extension)
      expect(() => openInput(path, null)).toThrow(
        expect.objectContaining({ message: `${path} is a Parquet file`, cure: 'read it with --format parquet' }),
      )
      expect(openInput(path, 'parquet').format).toBe('parquet')
    }
    expect(() => openInput('-', 'parquet')).toThrow('--format: parquet cannot be read from stdin')
  })

  it('names the place of the damage, and reads what comes before it', async () => {
    const path = write(good)
    const input = openInput(path, null)
    if (input.format !== 'parquet') throw new Error('not Parquet')
    const second = input.parquet.groups[1]!
    const at = second.chunks.get('amount')!.begin
    const bad = Buffer.from(good)
    bad.fill(0xff, at, at + 40)
    const damaged = write(bad)
    await expect(read(damaged)).rejects.toThrow(
      expect.objectContaining({
        code: 'INPUT_DAMAGED',
        message: expect.stringMatching(
          new RegExp(`^${damaged} is damaged at row group 2, column 'amount', byte ${at}: .+`),
        ),
        cure: 'get the file anew and ingest that: rows that are in already count once',
      }),
    )
  })

  it('is refused, or read, and nothing else, wherever it is damaged', async () => {
    const random = new SeededRandom(17)
    let refused = 0
    for (let round = 0; round < 150; round++) {
      const bad = Buffer.from(good)
      const at = 4 + random.below(bad.length - 8)
      for (let i = 0; i < 1 + random.below(8); i++) bad[Math.min(at + i, bad.length - 5)] = random.below(256)
      try {
        await read(write(bad))
      } catch (error) {
        refused++
        expect((error as { code?: string }).code, String((error as Error).stack)).toMatch(
          /^(INPUT_DAMAGED|FILE_COLUMNS|INPUT_FORMAT)$/,
        )
      }
    }
    expect(refused).toBeGreaterThan(20)
  })
})
