import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ArchiveColumn, ArchiveError, type EventArchive } from '../../src/stores/event-archive.ts'
import type { ColumnType, Value } from '../../src/timeline/column-type.ts'
import {
  AT,
  CARD,
  type ContractSubject,
  column,
  ID,
  insertRows,
  int,
  readColumn,
  readRows,
  scanOf,
  T0,
  text,
} from './archive-rows.ts'
import { foundContract } from './event-archive-found.contract.ts'
import { scanContract } from './event-archive-scan.contract.ts'
import { extremesOf, valuesContract } from './event-archive-values.contract.ts'

const SAFE_MAX = Number.MAX_SAFE_INTEGER

/** Every sentence of {@link EventArchive}, which each adapter must keep. `open` gives an empty archive. */
export function eventArchiveContract(name: string, open: () => Promise<EventArchive>): void {
  describe(`event archive: ${name}`, () => {
    let archive: EventArchive
    let tables = 0
    beforeAll(async () => {
      archive = await open()
    })
    afterAll(() => archive.close())

    async function newTable(more: readonly ArchiveColumn[] = [], named = `events_${tables++}`) {
      const columns = [ID, AT, CARD, ...more]
      await archive.create(named, columns, AT.name)
      return { table: named, columns }
    }
    const subject: ContractSubject = { archive: () => archive, newTable }

    async function refused(code: ArchiveError['code'], words: RegExp, call: () => Promise<unknown>): Promise<void> {
      const error = await call().then(
        () => null,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(ArchiveError)
      expect((error as ArchiveError).message).toMatch(words)
      expect((error as ArchiveError).code).toBe(code)
    }

    describe('tables', () => {
      test('a table that is not there is described as null', async () => {
        expect(await archive.describe('nowhere')).toBeNull()
        expect(await archive.describe('no_database.nowhere')).toBeNull()
      })

      test('create makes the columns asked for and the three that say where a row came from', async () => {
        const { table } = await newTable([
          column('n', int, true),
          column('amount', { kind: 'money', scale: 3 }),
          column('price', { kind: 'double' }, true),
          column('ok', { kind: 'bool' }),
          column('status', { kind: 'enum', values: ['a'] }, true),
        ])
        const described = await archive.describe(table)
        expect([...described!.columns].map(([name, { type }]) => [name, type])).toEqual([
          ['id', 'String'],
          ['at', "DateTime64(3, 'UTC')"],
          ['card', 'Nullable(String)'],
          ['n', 'Nullable(Int64)'],
          ['amount', 'Decimal(18, 3)'],
          ['price', 'Nullable(Float64)'],
          ['ok', 'Bool'],
          ['status', 'LowCardinality(Nullable(String))'],
          ['_origin', 'LowCardinality(String)'],
          ['_sequence', 'UInt64'],
          ['_arrived_ms', "DateTime64(3, 'UTC')"],
        ])
      })

      test('create keeps the rows and columns of a table that is there', async () => {
        const { table, columns } = await newTable()
        await insertRows(archive, table, columns, [['a', T0, 'c']])
        await archive.create(table, [ID, AT], AT.name)
        const described = (await archive.describe(table))!.columns
        expect(columns.every(({ name }) => described.has(name))).toBe(true)
        expect(await readRows(archive, scanOf(table))).toHaveLength(1)
      })

      test('create adds columns that a table of ours lacks, null in the rows it has', async () => {
        const { table, columns } = await newTable()
        await insertRows(archive, table, columns, [['a', T0, 'c']])
        const other = { ...column('other', int), nullable: true }
        await archive.create(table, [ID, AT, other], AT.name)
        const scanned: unknown[] = []
        for await (const block of archive.scan({ ...scanOf(table), columns: [other] })) {
          scanned.push(...block.columns[0]!.values)
        }
        expect(scanned).toEqual([Number.NaN])
      })

      test('create refuses a new column that the rows of a table cannot have', async () => {
        const { table } = await newTable()
        await refused(
          'ARCHIVE_REFUSED',
          /has events without the new column 'other': let it be absent, with \.optional\(\)/,
          () => archive.create(table, [ID, AT, column('other', int)], AT.name),
        )
      })

      test.each([
        'fraud.payments',
        'a b',
        "it's",
        'semi;--',
        '`tick`',
        'back\\slash',
        '{x:String}',
        'naïve',
        '?*',
        'new\nline',
        '"q"',
      ])('a table and its columns may be called %j', async (named) => {
        const odd = column(named, int)
        const { table, columns } = await newTable([odd], named)
        await insertRows(archive, table, columns, [['a', T0, 'c', 7]])
        expect((await archive.describe(table))!.columns.get(named)).toEqual({ type: 'Int64' })
        expect(await readColumn(archive, table, odd)).toEqual([7])
        expect(await archive.lastSequence(table, 'file/test')).toBe(0)
        expect((await archive.stats(table, AT, [odd], null)).keys).toBe(1)
      })

      test('refuses a table without its time, and the names that are its own', async () => {
        await refused('ARCHIVE_REFUSED', /needs its time column 'at'/, () => archive.create('t', [ID], 'at'))
        await refused('ARCHIVE_REFUSED', /column '_origin' is the archive's own/, () =>
          archive.create('t', [ID, AT, column('_origin', text)], 'at'),
        )
        await refused('ARCHIVE_REFUSED', /'\.t' is no name of an archive table/, () =>
          archive.create('.t', [ID, AT], 'at'),
        )
        expect(await archive.describe('t')).toBeNull()
      })
    })

    valuesContract(subject)
    scanContract(subject)
    foundContract(subject)

    describe('sequences', () => {
      test('the last one is null for what is not there', async () => {
        const { table, columns } = await newTable()
        expect(await archive.lastSequence('nowhere', 'log/a/0')).toBeNull()
        expect(await archive.lastSequence(table, 'log/a/0')).toBeNull()
        await insertRows(archive, table, columns, [['a', T0, 'c']], { origin: 'log/a/1' })
        expect(await archive.lastSequence(table, 'log/a/0')).toBeNull()
      })

      test('the last one is the highest of its origin', async () => {
        const { table, columns } = await newTable()
        await insertRows(
          archive,
          table,
          columns,
          [
            ['a', T0, 'c'],
            ['b', T0, 'c'],
          ],
          { origin: "log/it's \\/0", first: 40 },
        )
        await insertRows(
          archive,
          table,
          columns,
          [
            ['a', T0, 'c'],
            ['b', T0, 'c'],
          ],
          { origin: "log/it's \\/0", first: 7 },
        )
        await insertRows(archive, table, columns, [['a', T0, 'c']], { origin: 'log/b/0', first: SAFE_MAX })
        expect(await archive.lastSequence(table, "log/it's \\/0")).toBe(41)
        expect(await archive.lastSequence(table, 'log/b/0')).toBe(SAFE_MAX)
      })

      test('counts each below a bound once, so that a hole shows', async () => {
        const { table, columns } = await newTable()
        const three = [
          ['a', T0, 'c'],
          ['b', T0, 'c'],
          ['c', T0, 'c'],
        ]
        await insertRows(archive, table, columns, three, { origin: 'log/a/0', first: 0 })
        await insertRows(archive, table, columns, three, { origin: 'log/a/0', first: 1 })
        await insertRows(archive, table, columns, three, { origin: 'log/a/0', first: 6 })
        await insertRows(archive, table, columns, three, { origin: 'log/b/0', first: 4 })
        const count = (below: number) => archive.sequences([{ table }], 'log/a/0', below)
        expect(await Promise.all([0, 1, 4, 6, 7, 1_000].map(count))).toEqual([0, 1, 4, 4, 5, 7])
        expect(await archive.sequences([{ table: 'nowhere' }], 'log/a/0', 5)).toBe(0)
      })

      test('counts runs, which may lie over one another, and of which the bound cuts one', async () => {
        const until = column('until', int)
        const { table, columns } = await newTable([until])
        const runs = { until: 'until', lengths: 'lengths' }
        const run = (end: number) => ['a', T0, 'c', end]
        await insertRows(archive, table, columns, [run(3)], { origin: 'log/a/0', first: 0 })
        await insertRows(archive, table, columns, [run(5), run(4)], { origin: 'log/a/0', first: 2 })
        await insertRows(archive, table, columns, [run(12)], { origin: 'log/a/0', first: 8 })
        await insertRows(archive, table, columns, [run(8)], { origin: 'log/b/0', first: 5 })
        const covered = (below: number) => archive.sequences([{ table, ...runs }], 'log/a/0', below)
        expect(await Promise.all([0, 1, 4, 8, 9, 11, 1_000].map(covered))).toEqual([0, 1, 4, 5, 6, 8, 9])
        expect(await archive.sequences([{ table: 'nowhere', ...runs }], 'log/a/0', 5)).toBe(0)
      })

      test('counts runs with gaps between them, also beside rows that stand for their own sequence alone', async () => {
        const nullable = (name: string, type: ArchiveColumn['type']) => ({ ...column(name, type), nullable: true })
        const { table, columns } = await newTable([])
        const before = ['a', T0, 'c']
        await insertRows(archive, table, columns, [before], { origin: 'log/a/0', first: 2 })
        const runs = { until: 'until', lengths: 'lengths' }
        const covered = (below: number) => archive.sequences([{ table, ...runs }], 'log/a/0', below)
        expect(await Promise.all([2, 3].map(covered))).toEqual([0, 1])
        const wider = [...columns, nullable('until', int), nullable('lengths', { kind: 'string', bytesMax: 100 })]
        await archive.create(table, wider, 'at')
        // 4, 5, 7 and 11 to 13; 9; 20 to 22.
        await insertRows(archive, table, wider, [[...before, 14, '2 1 1 3 3']], { origin: 'log/a/0', first: 4 })
        await insertRows(archive, table, wider, [[...before, null, null]], { origin: 'log/a/0', first: 9 })
        await insertRows(archive, table, wider, [[...before, 23, null]], { origin: 'log/a/0', first: 20 })
        await insertRows(archive, table, wider, [[...before, 99, '1 1 1']], { origin: 'log/b/0', first: 30 })
        const bounds = [0, 3, 5, 6, 7, 8, 9, 10, 12, 14, 20, 22, 1_000]
        expect(await Promise.all(bounds.map(covered))).toEqual([0, 1, 2, 3, 3, 4, 4, 5, 6, 8, 8, 10, 11])
      })
    })

    test('sequences in several tables count once', async () => {
      const { table, columns } = await newTable()
      const noted = await newTable([column('until', int)])
      const two = [
        ['a', T0, 'c'],
        ['b', T0, 'c'],
      ]
      await insertRows(archive, table, columns, two, { origin: 'log/a/0', first: 1 })
      await insertRows(archive, noted.table, noted.columns, [['a', T0, 'c', 4]], { origin: 'log/a/0', first: 2 })
      const tables = [{ table }, { table: noted.table, until: 'until' }, { table: 'nowhere' }]
      const count = (below: number) => archive.sequences(tables, 'log/a/0', below)
      expect(await Promise.all([0, 2, 3, 4, 1_000].map(count))).toEqual([0, 1, 2, 3, 3])
    })

    describe('stats', () => {
      test('says how many rows and keys, and between which times', async () => {
        const { table, columns } = await newTable()
        const none = { rows: 0, time_ms_min: null, time_ms_max: null, keys: 0 }
        expect(await archive.stats(table, AT, [CARD], null)).toEqual(none)
        await insertRows(archive, table, columns, [
          ['a', T0 + 5, 'x'],
          ['b', T0 + 9, 'y'],
          ['c', T0 + 7, 'x'],
          ['d', T0 + 1, null],
        ])
        const whole = { rows: 4, time_ms_min: T0 + 1, time_ms_max: T0 + 9, keys: 2 }
        expect(await archive.stats(table, AT, [CARD], null)).toEqual(whole)
        expect(await archive.stats(table, AT, [CARD, ID], null)).toEqual({ ...whole, keys: 3 })
        expect(await archive.stats(table, AT, [], null)).toEqual({ ...whole, keys: 1 })
        const later = { rows: 2, time_ms_min: T0 + 7, time_ms_max: T0 + 9, keys: 2 }
        expect(await archive.stats(table, AT, [CARD], T0 + 7)).toEqual(later)
        expect(await archive.stats(table, AT, [CARD], T0 + 10)).toEqual(none)
      })

      test('counts many keys within two percent', async () => {
        const { table, columns } = await newTable()
        await insertRows(
          archive,
          table,
          columns,
          Array.from({ length: 60_000 }, (_, i) => [`e${i}`, T0 + i, `card ${i % 50_000}`]),
        )
        const { keys } = await archive.stats(table, AT, [CARD], null)
        expect(Math.abs(keys - 50_000)).toBeLessThan(1_000)
      })
    })

    describe('refusals', () => {
      const bad: readonly (readonly [string, RegExp, ArchiveError['code'], ColumnType, Value])[] = [
        ['null where none may be', /column .* of row 1 is null, not a string/, 'ARCHIVE_TYPE', text, null],
        ['a number for a text', /is 5, not a string/, 'ARCHIVE_TYPE', text, 5],
        ['a text for a number', /is "5", not a safe integer/, 'ARCHIVE_TYPE', int, '5'],
        ['a fraction for an integer', /is 0.5, not a safe integer/, 'ARCHIVE_TYPE', int, 0.5],
        [
          'an integer past 2^53',
          /is 9007199254740992, not a safe integer/,
          'ARCHIVE_TYPE',
          { kind: 'money', scale: 2 },
          2 ** 53,
        ],
        [
          'an infinite double',
          /is Infinity, not a finite number/,
          'ARCHIVE_TYPE',
          { kind: 'double' },
          Number.POSITIVE_INFINITY,
        ],
        ['a number for a flag', /is 1, not true or false/, 'ARCHIVE_TYPE', { kind: 'bool' }, 1],
      ]
      test.each(bad)('an insert with %s inserts nothing', async (_, words, code, type, value) => {
        const more = column('more', type)
        const { table, columns } = await newTable([more])
        const good = extremesOf(type)[0]!
        await refused(code, words, () =>
          insertRows(archive, table, columns, [
            ['a', T0, 'c', good],
            ['b', T0, 'c', value],
          ]),
        )
        expect(await readRows(archive, scanOf(table))).toEqual([])
        await insertRows(archive, table, columns, [['a', T0, 'c', good]])
        expect(await readColumn(archive, table, more)).toEqual([good])
      })

      test('names a table or column that is not there', async () => {
        const { table, columns } = await newTable()
        const other = column('other', int)
        await refused('ARCHIVE_REFUSED', /has no table nowhere/, () =>
          insertRows(archive, 'nowhere', columns, [['a', T0, 'c']]),
        )
        await refused('ARCHIVE_REFUSED', /has no table nowhere/, () => readRows(archive, scanOf('nowhere')))
        await refused('ARCHIVE_REFUSED', /has no table nowhere/, () => archive.stats('nowhere', AT, [], null))
        const event = { id: 'a', time_ms: T0 }
        await refused('ARCHIVE_REFUSED', /has no table nowhere/, () => archive.found('nowhere', ID, AT, 'ms', [event]))
        await refused('ARCHIVE_REFUSED', /no column 'other'/, () =>
          insertRows(archive, table, [...columns, other], [['a', T0, 'c', 1]]),
        )
        await refused('ARCHIVE_REFUSED', /no column 'other'/, () =>
          readRows(archive, scanOf(table, { columns: [other] })),
        )
        await refused('ARCHIVE_REFUSED', /no column 'other'/, () => archive.stats(table, AT, [other], null))
        await refused('ARCHIVE_REFUSED', /no column 'other'/, () => archive.found(table, other, AT, 'ms', [event]))
        expect(await readRows(archive, scanOf(table))).toEqual([])
      })

      test('says why a column cannot be read as another type', async () => {
        const { table } = await newTable()
        await refused('ARCHIVE_TYPE', /'card' is Nullable\(String\), which cannot carry values of type int/, () =>
          readRows(archive, scanOf(table, { columns: [column('card', int, true)] })),
        )
      })

      test('an insert of no rows does nothing', async () => {
        const { table, columns } = await newTable()
        await insertRows(archive, table, columns, [])
        expect(await readRows(archive, scanOf(table))).toEqual([])
      })
    })

    test('says that it was closed', async () => {
      const { table, columns } = await newTable()
      await archive.close()
      await archive.close()
      const words = /was closed/
      await refused('ARCHIVE_UNAVAILABLE', words, () => insertRows(archive, table, columns, [['a', T0, 'c']]))
      await refused('ARCHIVE_UNAVAILABLE', words, () => readRows(archive, scanOf(table)))
      await refused('ARCHIVE_UNAVAILABLE', words, () => archive.describe(table))
    })
  })
}
