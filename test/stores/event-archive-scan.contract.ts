import { describe, expect, test } from 'vitest'
import {
  CARD,
  type ContractSubject,
  column,
  insertRows,
  int,
  readRows,
  scanOf,
  T0,
  text,
  time,
} from './archive-rows.ts'

/** What a scan gives, and in what order. */
export function scanContract({ archive, newTable }: ContractSubject): void {
  describe('scan', () => {
    test('gives a row as often as it was inserted', async () => {
      const { table, columns } = await newTable()
      await insertRows(archive(), table, columns, [
        ['a', T0, 'c'],
        ['a', T0, 'c'],
      ])
      await insertRows(archive(), table, columns, [
        ['a', T0, 'c'],
        ['a', T0, 'c'],
      ])
      expect(await readRows(archive(), scanOf(table))).toHaveLength(4)
    })

    test('gives the rows of a key one after another by time, across blocks', async () => {
      const { table, columns } = await newTable([column('shop', int, true)])
      const rows = Array.from({ length: 80_000 }, (_, i) => [
        `e${i}`,
        T0 + ((i * 7_919) % 100_003),
        `card ${i % 7}`,
        (i * 31) % 3,
      ])
      await insertRows(archive(), table, columns, rows)
      const key = [CARD, column('shop', int, true)]
      const seen = new Set<string>()
      let last = { key: '', time_ms: 0 }
      let count = 0
      for (const row of await readRows(archive(), scanOf(table, { key }))) {
        const at = { key: JSON.stringify(row.key), time_ms: row.time_ms }
        if (at.key !== last.key) {
          expect(seen.has(at.key), `${at.key} comes a second time`).toBe(false)
          seen.add(at.key)
        } else expect(at.time_ms).toBeGreaterThanOrEqual(last.time_ms)
        last = at
        count++
      }
      expect([count, seen.size]).toEqual([80_000, 21])
    })

    test('splits by key into parts that make up the whole', async () => {
      const { table, columns } = await newTable()
      await insertRows(
        archive(),
        table,
        columns,
        Array.from({ length: 2_000 }, (_, i) => [`e${i}`, T0 + i, `card ${i % 200}`]),
      )
      const cards: string[] = []
      const ids: bigint[] = []
      for (let part = 0; part < 3; part++) {
        const rows = await readRows(archive(), scanOf(table, { part, parts: 3 }))
        expect(rows.length).toBeGreaterThan(300)
        cards.push(...new Set(rows.map((row) => String(row.key[0]))))
        ids.push(...rows.map((row) => row.id))
      }
      expect([cards.length, new Set(cards).size]).toEqual([200, 200])
      expect([ids.length, new Set(ids).size]).toEqual([2_000, 2_000])
    })

    test('leaves out rows whose key has a null', async () => {
      const { table, columns } = await newTable([column('shop', int, true)])
      await insertRows(archive(), table, columns, [
        ['a', T0, 'c', 1],
        ['b', T0, null, 1],
        ['c', T0, 'c', null],
        ['d', T0, null, null],
        ['e', T0, '', 0],
      ])
      const read = await readRows(archive(), scanOf(table, { key: [CARD, column('shop', int, true)] }))
      expect(read.map((row) => row.key).sort()).toEqual([
        ['', 0],
        ['c', 1],
      ])
    })

    test('tells apart keys that look alike when joined', async () => {
      const { table, columns } = await newTable([column('shop', text)])
      await insertRows(archive(), table, columns, [
        ['a', T0, 'a|b', 'c'],
        ['b', T0, 'a', 'b|c'],
        ['c', T0, 'ab', ''],
        ['d', T0, 'a', 'b'],
      ])
      const read = await readRows(archive(), scanOf(table, { key: [CARD, column('shop', text)] }))
      expect(new Set(read.map((row) => JSON.stringify(row.key))).size).toBe(4)
    })

    test.each([
      ['ms', null, null, [-1, 0, 999, 1_000, 1_001, 2_000]],
      ['ms', 0, null, [0, 999, 1_000, 1_001, 2_000]],
      ['ms', null, 1_000, [-1, 0, 999]],
      ['ms', 999, 1_001, [999, 1_000]],
      ['ms', 1_000, 1_000, []],
      ['s', null, null, [-1_000, 0, 0, 1_000, 1_000, 2_000]],
      ['s', 0, 1_000, [0, 0]],
      ['s', -1_000, 1, [-1_000, 0, 0]],
      ['s', 1, 2_000, [1_000, 1_000]],
    ] as const)('with precision %s from %s to %s gives the times %j', async (precision, from, to, expected) => {
      const seen = column('seen', time, true)
      const { table, columns } = await newTable([seen])
      const offsets = [-1, 0, 999, 1_000, 1_001, 2_000]
      await insertRows(
        archive(),
        table,
        columns,
        offsets.map((at) => [`e${at}`, T0 + at, 'c', T0 + at]),
      )
      const bound = (offset: number | null) => (offset === null ? null : T0 + offset)
      const range = { precision, from_ms: bound(from), to_ms: bound(to) }
      const read = await readRows(archive(), scanOf(table, { ...range, columns: [seen] }))
      expect(read.map((row) => row.time_ms - T0)).toEqual(expected)
      // Every time is floored, not only the event's own.
      expect(read.map((row) => Number(row.values[0]) - T0)).toEqual(expected)
    })

    test('gives nothing for an empty table', async () => {
      const { table } = await newTable()
      expect(await readRows(archive(), scanOf(table))).toEqual([])
    })

    test('may be broken off, while others go on', async () => {
      const { table, columns } = await newTable()
      await insertRows(
        archive(),
        table,
        columns,
        Array.from({ length: 80_000 }, (_, i) => [`e${i}`, T0 + i, `card ${i}`]),
      )
      const slow = archive().scan(scanOf(table))[Symbol.asyncIterator]()
      const first = await slow.next()
      for await (const _ of archive().scan(scanOf(table))) break
      await insertRows(archive(), table, columns, [['late', T0, 'late']], { first: 80_000 })
      expect(await archive().lastSequence(table, 'file/test')).toBe(80_000)
      expect(await readRows(archive(), scanOf(table))).toHaveLength(80_001)
      let rows = first.done ? 0 : first.value.rows
      for (let next = await slow.next(); !next.done; next = await slow.next()) rows += next.value.rows
      expect(rows).toBeGreaterThanOrEqual(80_000)
      expect(rows).toBeLessThanOrEqual(80_001)
    })
  })
}
