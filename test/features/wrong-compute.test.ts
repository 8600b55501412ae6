import { describe, expect, it } from 'vitest'
import { count, entity, eq, featureGroup, source, sum, z } from '../../src/index.ts'
import { payments, problemsOf, untyped } from './definition-kit.ts'

const bin = { version: 1, type: z.string(), of: () => 'x' }

/** What is wrong, the options of a source `payments` with columns `id`, `at` and `pan`, and what `check` says. */
const WRONG: readonly (readonly [wrong: string, options: object, says: readonly string[]])[] = [
  [
    'a name that the schema has',
    { compute: { pan: bin } },
    [`compute names 'pan', which the schema has already; give the computed column another name`],
  ],
  [
    'a name that cannot be a column',
    { compute: { _bin: bin } },
    [
      `'_bin' cannot be the name of a column; use letters, digits and underscores, beginning with a letter (names that begin with _ are reserved)`,
    ],
  ],
  ...[0, 1.5, -1, undefined, '1'].map((version): (typeof WRONG)[number] => [
    `the version ${version}`,
    { compute: { bin: { ...bin, version } } },
    [
      `compute.bin has the version ${JSON.stringify(version)}; begin with 1, and raise it whenever of() gives other values`,
    ],
  ]),
  [
    'a type that is refused',
    { compute: { bin: { ...bin, type: z.date() } } },
    [expect.stringMatching(/^bin is z\.date\(\), which /) as unknown as string],
  ],
  [
    'a check that is code',
    { compute: { bin: { ...bin, type: z.string().refine(() => true) } } },
    [
      'bin is .refine() or another check by a function, which is code; use checks that are data: .min(), .max(), .length(), .regex(), .gt(), .lt(), .multipleOf() and the formats',
    ],
  ],
  [
    'an enum without values',
    { compute: { bin: { ...bin, type: z.enum([]) } } },
    [`bin is an enum without values; write z.enum(['a', 'b'])`],
  ],
  ...(['id', 'time', 'version', 'deleted'] as const).map((option): (typeof WRONG)[number] => [
    `${option} that is computed`,
    { compute: { bin }, [option]: 'bin' },
    [`${option} is "bin", which is computed: no event brings it; name one of id, at, pan`],
  ]),
  [
    'an outcome that is computed',
    { compute: { bin }, version: 'seq', outcome: ['bin'] },
    [`outcome names 'bin', which is computed: no event brings it; name some of id, at, pan, seq`],
  ],
  [
    'a computed column in the archive',
    { compute: { bin }, archive: { table: 't', columns: { bin: 'bin' } } },
    [`archive.columns maps 'bin', which is computed: no event brings it; map some of id, at, pan`],
  ],
]

describe('a wrong computed column is refused', () => {
  it.each(WRONG)('%s', (_, options, says) => {
    const columns = { pan: z.string(), ...('outcome' in options ? { seq: z.int() } : {}) }
    const found = problemsOf({ payments: payments(columns, options) })
    expect(found.map((problem) => problem.replace('defs.ts: source payments: ', ''))).toEqual(says)
  })

  it('more columns than a source may have', () => {
    const compute = Object.fromEntries(Array.from({ length: 999 }, (_, i) => [`c${i}`, bin]))
    expect(problemsOf({ payments: payments({}, { compute }) })).toEqual([
      'defs.ts: source payments: the schema has 2 columns, and 999 more are computed; use at most 1000',
    ])
  })

  it('what is no computed column at all', () => {
    const made = (compute: unknown) => () =>
      source('payments', untyped({ schema: z.object({ id: z.string(), at: z.int() }), id: 'id', time: 'at', compute }))
    expect(made({ bin: { version: 1, of: () => 1 } })).toThrow(
      "source 'payments', compute.bin needs a zod type, as type: z.string()",
    )
    for (const compute of [null, 7, 'bin', [bin]]) {
      expect(made(compute)).toThrow(
        "source 'payments' needs an object, as compute: { bin: { version: 1, type: z.string(), of: (row) => row.pan } }",
      )
    }
    expect(made({ bin: null })).toThrow("source 'payments', compute.bin needs a zod type, as type: z.string()")
    expect(made({ bin: { version: 1, type: z.int() } })).toThrow(
      "source 'payments', compute.bin needs a function, as of: (row) => row.pan.slice(0, 6)",
    )
  })
})

describe('features over computed columns are checked as others are', () => {
  const from = payments({ pan: z.string() }, { compute: { bin, shops: { version: 3, type: z.int(), of: () => 1 } } })
  const group = (options: object) =>
    problemsOf({
      g: featureGroup('g', untyped({ source: from, entity: entity('bin', { key: { bin: z.string() } }), ...options })),
    })

  it('right ones', () => {
    const features = {
      n: count()
        .where(eq(from.bin!, 'x' as never))
        .over('7d'),
      shops: sum(from.shops as never).over('7d'),
    }
    expect(group({ features })).toEqual([])
  })

  it('wrong ones', () => {
    expect(group({ features: { n: sum(from.bin as never).over('7d') } })).toEqual([
      "defs.ts: group g: the feature 'n' asks for sum() of bin, which is of type string; give it a column of type int, money, double",
    ])
    const features = { n: count().over('7d') }
    expect(group({ entity: entity('bin', { key: { bin: z.int() } }), features })).toEqual([
      "defs.ts: group g: the key 'bin' of entity bin is of type int, but the column 'bin' of payments is of type string; give both the same type",
    ])
    expect(group({ entity: entity('bin', { key: { bins: z.string() } }), features })).toEqual([
      "defs.ts: group g: source payments has no column 'bins' for the key of entity bin; map it to one of id, at, pan, bin, shops, as bin.from({ bins: 'column' })",
    ])
  })
})
