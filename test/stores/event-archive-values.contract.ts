import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ColumnType,
  STRING_BYTES_MAX,
  TIME_MS_MAX,
  TIME_MS_MIN,
  type Value,
} from '../../src/timeline/column-type.ts'
import { hash64 } from '../../src/timeline/id-hash.ts'
import {
  type ContractSubject,
  column,
  insertRows,
  int,
  readColumn,
  readRows,
  scanOf,
  T0,
  text,
  time,
} from './archive-rows.ts'

const SAFE_MAX = Number.MAX_SAFE_INTEGER

/** Values of every type that have gone wrong somewhere, with null last. */
const EXTREMES: readonly (readonly [ColumnType, readonly Value[]])[] = [
  [
    text,
    [
      '',
      'a',
      ' a ',
      "it's",
      '"',
      '`',
      '\\',
      '\\n',
      '\n',
      '\t',
      '\0',
      'a\0b',
      'é',
      'жук',
      '日本',
      '🦀',
      '{x:String}',
      'NULL',
      '\\N',
    ],
  ],
  [text, ['x'.repeat(127), 'x'.repeat(128), 'é'.repeat(STRING_BYTES_MAX / 2), '🦀'.repeat(STRING_BYTES_MAX / 4)]],
  [int, [0, 1, -1, 255, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 53 - 1, -(2 ** 53 - 1)]],
  [{ kind: 'money', scale: 2 }, [0, 1, -1, 1234, -1234, 2 ** 50, SAFE_MAX, -SAFE_MAX]],
  [{ kind: 'money', scale: 0 }, [0, 7, -7, SAFE_MAX, -SAFE_MAX]],
  [{ kind: 'money', scale: 15 }, [0, 1, -1, SAFE_MAX, -SAFE_MAX]],
  [
    { kind: 'double' },
    [0, 0.1, -0.1, 1 / 3, 5e-324, -5e-324, 2.2250738585072014e-308, 1e290, -1e290, 123456.789, 2 ** 53],
  ],
  [{ kind: 'bool' }, [true, false]],
  [{ kind: 'enum', values: ['approved', 'declined', '', "o'k"] }, ['approved', 'declined', '', "o'k", 'declined']],
  [time, [TIME_MS_MIN, T0, T0 + 1, T0 + 999, TIME_MS_MAX]],
]

/** What any value of a type may be, for properties. */
function anyOf(type: ColumnType): fc.Arbitrary<Value> {
  if (type.kind === 'string') return fc.string({ unit: 'binary', maxLength: 60 })
  if (type.kind === 'enum') return fc.constantFrom(...type.values)
  if (type.kind === 'bool') return fc.boolean()
  if (type.kind === 'time') return fc.integer({ min: TIME_MS_MIN, max: TIME_MS_MAX })
  if (type.kind === 'double') return fc.double({ min: -1e290, max: 1e290, noNaN: true }).map((value) => value + 0)
  return fc.maxSafeInteger().map((value) => value + 0)
}

/** Such values of a type. */
export function extremesOf(type: ColumnType): readonly Value[] {
  return EXTREMES.find(([known]) => known.kind === type.kind)![1]
}

/** Every canonical value comes back as it was. */
export function valuesContract({ archive, newTable }: ContractSubject): void {
  describe('values', () => {
    test.each(EXTREMES)('%j come back as they were', async (type, values) => {
      const plain = column('plain', type)
      const maybe = column('maybe', type, true)
      const { table, columns } = await newTable([plain, maybe])
      const rows = [...values, null].map((value, i) => [`e${i}`, T0 + i, 'c', value ?? values[0]!, value])
      await insertRows(archive(), table, columns, rows)
      expect(await readColumn(archive(), table, plain)).toEqual([...values, values[0]])
      expect(await readColumn(archive(), table, maybe)).toEqual([...values, null])
    })

    test('rows of any values come back bit for bit', async () => {
      const types = [...EXTREMES.map(([type]) => type)]
      const more = types.map((type, i) => column(`c${i}`, type, i % 2 === 0))
      const anyRow = fc.tuple(...more.map(({ type, nullable }) => (nullable ? fc.option(anyOf(type)) : anyOf(type))))
      await fc.assert(
        fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 40 }), async (given) => {
          const { table, columns } = await newTable(more)
          await insertRows(
            archive(),
            table,
            columns,
            given.map((row, i) => [`e${i}`, T0 + i, 'c', ...row]),
          )
          const read = await readRows(archive(), scanOf(table, { columns: more }))
          expect(read.map((row) => row.time_ms)).toEqual(given.map((_, i) => T0 + i))
          read.forEach((row, i) => {
            row.values.forEach((value, at) => {
              expect(Object.is(value, given[i]![at]), `${String(value)} was ${String(given[i]![at])}`).toBe(true)
            })
          })
        }),
        { seed: 7, numRuns: 25 },
      )
    })

    test.each(['', 'a', 'tx_0001', 'é', '🦀', 'x'.repeat(1_000), 'a\0b', '0'])(
      'the id %j is its xxHash64',
      async (id) => {
        const { table, columns } = await newTable()
        await insertRows(archive(), table, columns, [[id, T0, 'c']])
        expect((await readRows(archive(), scanOf(table)))[0]!.id).toBe(hash64(id))
      },
    )

    test('an integer id is hashed as its decimal text', async () => {
      const ids = [0, 7, -7, SAFE_MAX, -SAFE_MAX]
      const number = column('number', int)
      const { table, columns } = await newTable([number])
      await insertRows(
        archive(),
        table,
        columns,
        ids.map((id, i) => ['', T0 + i, 'c', id]),
      )
      for (const as of [number, column('number', text)]) {
        const rows = await readRows(archive(), scanOf(table, { id: as }))
        expect(rows.map((row) => row.id)).toEqual(ids.map((id) => hash64(String(id))))
      }
    })
  })
}
