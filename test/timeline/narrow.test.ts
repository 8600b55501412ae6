import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnType } from '../../src/timeline/column-type.ts'
import { RowNarrower } from '../../src/timeline/narrow.ts'
import {
  EMPTY_SCHEMAS,
  extendSchemas,
  hiddenColumns,
  type RowSchemas,
  retireColumns,
  type StoredColumn,
  writableSchema,
  writtenAs,
} from '../../src/timeline/row-schema.ts'
import { COLUMNS, encode, randomEvent, SCHEMAS } from './random-timeline.ts'

const int: ColumnType = { kind: 'int' }
const NAMES = ['a', 'b', 'c', 'd', 'e']
const named = (names: Iterable<string>): StoredColumn[] => [...names].map((name) => ({ name, type: int }))
const columnsOf = (schemas: RowSchemas, numbers: readonly number[]) =>
  numbers.map((number) => schemas.columns[number]!.name).sort()

const subset = fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: NAMES.length })

/** A registry that several definitions have written to, each with the columns that it wants and those that its source has. */
const registry = fc.array(fc.record({ wanted: subset, more: subset }), { minLength: 1, maxLength: 5 }).map((writers) =>
  writers.reduce((schemas, { wanted, more }) => {
    const possible = named(new Set([...wanted, ...more]))
    return extendSchemas(schemas, named(wanted), possible).schemas
  }, EMPTY_SCHEMAS),
)

describe('columns that nobody reads any more', () => {
  const retired = fc.tuple(registry, fc.uniqueArray(fc.nat({ max: NAMES.length - 1 })))

  it('go from every schema, and no schema takes another place', () => {
    fc.assert(
      fc.property(retired, ([schemas, numbers]) => {
        const gone = new Set(numbers.filter((number) => number < schemas.columns.length))
        const found = retireColumns(schemas, gone)!
        expect(found.schemas.schemas).toEqual(expect.arrayContaining([...schemas.schemas]))
        for (const schema of schemas.schemas) {
          const kept = schema.columns.filter((column) => !gone.has(column))
          const narrower = found.narrower.get(schema.number)
          if (kept.length === schema.columns.length) expect(narrower).toBeUndefined()
          else {
            expect(narrower!.columns).toEqual(kept)
            expect(narrower!.number).toBeLessThan(schema.number)
            const hidden = hiddenColumns(found.schemas, schema)
            for (const column of hiddenColumns(found.schemas, narrower!)) {
              expect(hidden.has(column) || gone.has(column)).toBe(true)
            }
            // Whoever wins over it now, and did not win over the full one, has all that it has.
            for (const other of found.schemas.schemas) {
              if (other.number <= narrower!.number || other.number > schema.number) continue
              expect(other.columns).toEqual(expect.arrayContaining(kept))
            }
          }
        }
        const numbers2 = found.schemas.schemas.map(({ number }) => number)
        expect(numbers2).toEqual([...new Set(numbers2)].sort((a, b) => a - b))
        expect(retireColumns(found.schemas, gone)!.schemas).toBe(found.schemas)
      }),
      { seed: 1, numRuns: 500 },
    )
  })

  it('are written no longer by those who could, and again by those who want them', () => {
    fc.assert(
      fc.property(registry, subset, subset, (schemas, wanted, more) => {
        const possible = named(new Set([...wanted, ...more]))
        const before = extendSchemas(schemas, named(wanted), possible).schemas
        const gone = new Set(before.columns.flatMap(({ name }, number) => (wanted.includes(name) ? [] : [number])))
        const after = retireColumns(before, gone)!.schemas
        const writes = writableSchema(after, named(wanted), possible)!
        expect(columnsOf(after, writes.columns)).toEqual([...wanted].sort())
        // Who registers the same again changes nothing of that.
        const again = extendSchemas(after, named(wanted), possible)
        expect(columnsOf(again.schemas, again.schema.columns)).toEqual([...wanted].sort())
        expect(again.schemas.retired ?? []).toEqual(after.retired ?? [])
        const all = extendSchemas(after, named(NAMES), named(NAMES))
        expect(all.schemas.retired).toBeUndefined()
        expect(columnsOf(all.schemas, all.schema.columns)).toEqual([...NAMES].sort())
      }),
      { seed: 2, numRuns: 500 },
    )
  })

  it('stay where no number is left for a narrower schema', () => {
    const schemas = { columns: named('ab'), schemas: [{ number: 1, columns: [0, 1] }] }
    expect(retireColumns(schemas, new Set([1]))).toBeNull()
  })
})

describe('rows are rewritten without a column', () => {
  const kept = fc.uniqueArray(fc.nat({ max: COLUMNS.length - 1 })).map((numbers) => numbers.sort((a, b) => a - b))

  it('as if it had never been there', () => {
    fc.assert(
      fc.property(fc.array(randomEvent, { maxLength: 20 }), kept, (events, columns) => {
        const alive = events.map((event) => ({ ...event, deleted: false }))
        const narrower = { number: 7, columns }
        const schemas = { columns: COLUMNS, schemas: [SCHEMAS.schemas[0]!, narrower] }
        const rows = encode(alive, SCHEMAS)
        const found = new RowNarrower(schemas, new Map([[1, narrower]])).narrow(rows)
        expect(Buffer.from(found)).toEqual(Buffer.from(encode(alive, writtenAs(schemas, narrower))))
      }),
      { seed: 3 },
    )
  })

  it('and rows of other schemas and tombstones stay, in their places', () => {
    const event = { id: 'e', time_ms: 1e12, version: 1, deleted: false, values: { shop: 'käse', points: 5 } }
    const narrower = { number: 7, columns: [1] }
    const other = { number: 9, columns: [3] }
    const schemas = { columns: COLUMNS, schemas: [SCHEMAS.schemas[0]!, narrower, other] }
    const of = (number: number, deleted = false) =>
      encode([{ ...event, deleted }], writtenAs(schemas, schemas.schemas.find((one) => one.number === number)!))
    const narrow = new RowNarrower(schemas, new Map([[1, narrower]]))
    const mixed = Buffer.concat([of(9), of(1), of(1, true), of(1)])
    expect(Buffer.from(narrow.narrow(mixed))).toEqual(Buffer.concat([of(9), of(7), of(1, true), of(7)]))
    const untouched = Buffer.concat([of(9), of(1, true)])
    expect(narrow.narrow(untouched)).toBe(untouched)
    expect(() => narrow.narrow(mixed.subarray(0, mixed.length - 1))).toThrow('not a row')
  })
})
