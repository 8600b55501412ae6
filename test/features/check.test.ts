import { describe, expect, it } from 'vitest'
import { checkArchive } from '../../src/features/check-archive.ts'
import { collect } from '../../src/features/collect.ts'
import { type ColumnReading, readColumn } from '../../src/features/column-types.ts'
import { formatProblem } from '../../src/features/problem.ts'
import { resolve, resolveModel } from '../../src/features/resolve.ts'
import { count, entity, featureGroup, featureService, money, z } from '../../src/index.ts'
import { archiveTypeProblem } from '../../src/stores/archive/clickhouse-types.ts'
import { STRING_BYTES_MAX } from '../../src/timeline/column-type.ts'
import { definitions, logins, payments, problemsOf, untyped } from './definition-kit.ts'

describe('a column', () => {
  const text = (bytesMax: number) => ({ kind: 'string', bytesMax })

  it.each<[string, z.core.$ZodType, object]>([
    ['z.string()', z.string(), text(STRING_BYTES_MAX)],
    ['z.string().max()', z.string().max(10), text(30)],
    [
      'z.string().length()',
      z.string().length(2).toUpperCase === undefined ? z.string() : z.string().length(2),
      text(6),
    ],
    ['z.string().max() above the limit', z.string().max(10_000), text(STRING_BYTES_MAX)],
    ['z.string().uuid()', z.string().uuid(), text(36)],
    ['z.uuid()', z.uuid(), text(36)],
    ['z.email()', z.email(), text(STRING_BYTES_MAX)],
    ['z.iso.date()', z.iso.date(), text(10)],
    ['z.string().lowercase()', z.string().lowercase(), text(STRING_BYTES_MAX)],
    ['z.stringFormat() with a pattern', z.stringFormat('pair', /^..$/), text(STRING_BYTES_MAX)],
    ['z.hostname()', z.hostname(), text(STRING_BYTES_MAX)],
    ['z.string().brand()', z.string().brand('card'), text(STRING_BYTES_MAX)],
    ['z.iso.datetime()', z.iso.datetime(), { kind: 'time' }],
    ['z.iso.datetime({ precision })', z.iso.datetime({ precision: 3, offset: true }), { kind: 'time' }],
    ['z.int()', z.int(), { kind: 'int' }],
    ['z.number().int()', z.number().int().min(0), { kind: 'int' }],
    ['z.uint32()', z.uint32(), { kind: 'int' }],
    ['z.number()', z.number().positive(), { kind: 'double' }],
    ['z.float64()', z.float64(), { kind: 'double' }],
    ['money()', money({ scale: 3 }), { kind: 'money', scale: 3 }],
    ['money().describe()', money({ scale: 3 }).describe('x'), { kind: 'money', scale: 3 }],
    ['z.boolean()', z.boolean(), { kind: 'bool' }],
    ['z.enum()', z.enum(['a', 'b']), { kind: 'enum', values: ['a', 'b'] }],
    ['z.enum() of an object', z.enum({ A: 'a', ALSO_A: 'a' }), { kind: 'enum', values: ['a'] }],
    ['z.literal()', z.literal('a'), { kind: 'enum', values: ['a'] }],
  ])('may be %s', (_, schema, type) => {
    expect(readColumn(schema)).toMatchObject({ type, nullable: false })
    for (const nullable of [
      z.nullable(schema),
      z.optional(schema),
      z.nullish(schema),
      z.readonly(z.nullable(schema)),
    ]) {
      expect((readColumn(nullable) as ColumnReading).type).toEqual(type)
      expect((readColumn(nullable) as ColumnReading).nullable).toBe(true)
    }
  })

  it.each<[z.core.$ZodType, string]>([
    [z.discriminatedUnion('a', [z.object({ a: z.literal('b') })]), 'z.union()'],
    [z.intersection(z.string(), z.string()), 'z.intersection()'],
    [z.map(z.string(), z.string()), 'z.map()'],
    [z.set(z.string()), 'z.set()'],
    [z.tuple([z.string()]), 'z.tuple()'],
    [z.unknown(), 'z.unknown()'],
    [z.never(), 'z.never()'],
    [z.null(), 'z.null()'],
    [z.undefined(), 'z.undefined()'],
    [z.void(), 'z.void()'],
    [z.nan(), 'z.nan()'],
    [z.symbol(), 'z.symbol()'],
    [z.string().prefault('x'), '.prefault()'],
    [z.string().optional().nonoptional(), '.nonoptional()'],
    [z.string().nullable().default('x'), '.default()'],
    [z.transform(String), 'z.transform()'],
    [z.templateLiteral(['a', z.string()]), 'z.templateLiteral()'],
    [z.lazy(() => z.string()), 'z.lazy()'],
    [z.json(), 'z.lazy()'],
    [z.instanceof(Date), 'z.custom()'],
    [z.coerce.string(), 'z.coerce.string()'],
    [z.coerce.boolean(), 'z.coerce.boolean()'],
    [z.coerce.bigint(), 'z.coerce.bigint()'],
    [z.coerce.date(), 'z.coerce.date()'],
    [z.string().toLowerCase(), '.trim(), .toLowerCase() or another overwrite'],
    [z.string().normalize(), '.trim(), .toLowerCase() or another overwrite'],
    [z.string().superRefine(() => {}), '.refine() or another check by a function'],
    [z.int().check(() => {}), '.refine() or another check by a function'],
    [z.boolean().refine(() => true), '.refine() or another check by a function'],
    [z.enum(['a']).refine(() => true), '.refine() or another check by a function'],
    [z.string().check(z.property('length', z.number())), "the check 'property'"],
    [z.url({ normalize: true }), 'z.url({ normalize: true })'],
    [z.literal([true, false]), 'z.literal() of something else than texts'],
    [z.literal(['a', null]), 'z.literal() of something else than texts'],
  ])('may not be another one (%#)', (schema, refused) => {
    expect(readColumn(schema)).toMatchObject({ refused })
  })
})

const card = entity('card', { key: { card_id: z.string() } })

describe('check', () => {
  it('finds nothing wrong with what is right', () => {
    const paid = payments({
      card_id: z.string().max(40).nullable(),
      Amount: money({ scale: 2 }),
      schema: z.string(),
      constructor: z.boolean().nullish(),
    })
    const velocity = featureGroup(
      'velocity2',
      untyped({ source: paid, entity: card, features: { tx: count().over('1s', '400d') } }),
    )
    const risk = featureService('risk', {
      features: [velocity],
      request: z.object({ items: z.array(z.int()).default([]) }),
    })
    expect(problemsOf({ paid, card, velocity, risk, helper: () => 1, text: 'x', nothing: null })).toEqual([])
  })

  it('warns, and still gives the model', () => {
    const { model, problems } = resolve(definitions({ paid: payments({ f: z.boolean() }, { outcome: ['f'] }) }))
    expect(problems.map(({ severity }) => severity)).toEqual(['warning'])
    expect(model?.sources.get('payments')?.outcome).toEqual([2])
  })

  it('names the file that exports a definition, else the first that leads to it', () => {
    const wrong = payments({ card_id: z.string(), born: z.date() })
    const hidden = logins({ card_id: z.string(), born: z.date() })
    const of = (source: object) =>
      featureGroup('velocity', untyped({ source, entity: card, features: { tx: count().over('1h') } }))
    const service = featureService('risk', { event: untyped(hidden), features: [of(wrong)] })
    const collected = collect([
      { file: 'a.ts', exports: { service } },
      { file: 'b.ts', exports: { wrong, again: wrong } },
      { file: 'c.ts', exports: { wrong } },
    ])
    expect(collected.groups.map(({ file }) => file)).toEqual(['a.ts'])
    expect(collected.entities.map(({ file }) => file)).toEqual(['a.ts'])
    const found = resolve(collected).problems.map(({ file, name, message }) => [file, name, message])
    expect(found).toEqual([
      ['b.ts', 'payments', 'born is z.date(), which is not in JSON'],
      ['a.ts', 'logins', 'born is z.date(), which is not in JSON'],
    ])
  })

  it('knows an entity again in its mappings', () => {
    const from = (column: string) => card.from({ card_id: column })
    const paid = payments({ payer: z.string(), payee: z.string() })
    const group = (name: string, column: string) =>
      featureGroup(name, untyped({ source: paid, entity: from(column), features: { tx: count().over('1h') } }))
    expect(problemsOf({ card, a: group('payers', 'payer'), b: group('payees', 'payee') })).toEqual([])
    const other = entity('card', { key: { card_id: z.string() } })
    expect(problemsOf({ card, other })).toEqual([
      "defs.ts: entity card: another entity is called 'card', in defs.ts; give one of them another name",
    ])
  })
})

describe('check of the archive', () => {
  const of = async (options: object, columns: Record<string, string> | null) => {
    const paid = payments(
      { amount: money({ scale: 2 }), card_id: z.string().nullable() },
      { archive: { table: 'paid', ...options } },
    )
    const collected = definitions({ paid, unarchived: logins() })
    const table =
      columns === null ? null : { columns: new Map(Object.entries(columns).map(([name, type]) => [name, { type }])) }
    const problems = await checkArchive(collected, resolveModel(collected), async () => table, archiveTypeProblem)
    return problems.map(formatProblem)
  }
  const TABLE = { id: 'String', at: "DateTime64(3, 'UTC')", amount: 'Decimal(18, 2)', card_id: 'String' }

  it('takes a table that carries every column', async () => {
    expect(await of({}, TABLE)).toEqual([])
    expect(await of({ columns: { card_id: 'cardNo' } }, { ...TABLE, card_id: 'UInt8', cardNo: 'String' })).toEqual([])
  })

  it('takes a table that is still to be created, but none that others fill', async () => {
    expect(await of({}, null)).toEqual([])
    expect(await of({ lag: '1h' }, null)).toEqual([
      'defs.ts: source payments: the archive has no table paid, which is filled by others as archive.lag says; correct archive.table, or leave archive.lag out to have it created',
    ])
  })

  it('refuses a table that lacks a column', async () => {
    const { card_id: _, ...lacking } = TABLE
    expect(await of({}, lacking)).toEqual([
      "defs.ts: source payments: the archive table paid has no column 'card_id'; add the column, or say which one it is, as archive: { columns: { card_id: '...' } }",
    ])
    expect(await of({ columns: { card_id: 'cardNo' } }, TABLE)).toEqual([
      "defs.ts: source payments: the archive table paid has no column 'cardNo'; add the column, or say which one it is, as archive: { columns: { card_id: '...' } }",
    ])
  })

  it('takes a table of our own that lacks a column which may be null, as it is added, and no other', async () => {
    const ours = { _origin: 'LowCardinality(String)', _sequence: 'UInt64', _arrived_ms: "DateTime64(3, 'UTC')" }
    const { card_id: _, ...lacking } = TABLE
    expect(await of({}, { ...lacking, ...ours })).toEqual([])
    const { amount: __, ...poorer } = TABLE
    expect(await of({}, { ...poorer, ...ours })).toEqual([
      "defs.ts: source payments: the archive table paid has events without the new column 'amount'; let it be absent, with .optional()",
    ])
  })

  it('refuses a column that is coarser than the stream, unless the source says so', async () => {
    const coarse = { ...TABLE, at: 'DateTime' }
    expect(await of({ precision: 's' }, coarse)).toEqual([])
    const [problem, ...others] = await of({}, { ...coarse, amount: 'Float32' })
    expect(problem).toContain("table paid: archive column 'at' is DateTime, which cannot carry the time of the events")
    expect(problem).toContain("precision: 's'")
    expect(others).toHaveLength(1)
    expect(others[0]).toContain("archive column 'amount' is Float32, which cannot carry money with 2 decimals")
  })
})
