import { describe, expect, test } from 'vitest'
import { hash64Hex } from '../../src/timeline/id-hash.ts'
import { AT, type ContractSubject, column, ID, insertRows, int, T0, time } from './archive-rows.ts'

/** Which events a table has, and what they are called. */
export function foundContract({ archive, newTable }: ContractSubject): void {
  describe('found', () => {
    const at = (id: string, time_ms: number) => ({ id, time_ms })

    test('says of each event whether a row has its id and its time', async () => {
      const { table, columns } = await newTable()
      await insertRows(archive(), table, columns, [
        ['a', T0, 'c'],
        ['a', T0, 'c'],
        ['b', T0 + 1, null],
        ['c', T0 + 2, 'c'],
      ])
      const events = [
        at('a', T0),
        at('a', T0 + 1),
        at('b', T0 + 1),
        at('b', T0),
        at('c', T0 + 2),
        at('d', T0),
        at('a', T0),
      ]
      expect(await archive().found(table, ID, AT, 'ms', events)).toEqual([true, false, true, false, true, false, true])
      expect(await archive().found(table, ID, AT, 'ms', [])).toEqual([])
    })

    test('of many, far from each other', async () => {
      const { table, columns } = await newTable()
      const DAY = 86_400_000
      await insertRows(
        archive(),
        table,
        columns,
        Array.from({ length: 5_000 }, (_, i) => [`e${i}`, T0 + i * 40_000, 'c']),
      )
      const events = Array.from({ length: 50 }, (_, i) =>
        at(`e${i * 90}`, T0 + i * 90 * 40_000 + (i % 3 === 2 ? DAY : 0)),
      )
      const found = await archive().found(table, ID, AT, 'ms', events)
      expect(found).toEqual(events.map((_, i) => i % 3 !== 2))
    })

    test.each([
      '',
      "it's",
      'back\\slash',
      "\\'; --",
      'naïve 🦀',
      'new\nline',
      'nul\0l',
      '{x:String}',
      '%',
      'x'.repeat(300),
    ])('an id may be %j', async (id) => {
      const { table, columns } = await newTable()
      await insertRows(archive(), table, columns, [[id, T0, 'c']])
      expect(await archive().found(table, ID, AT, 'ms', [at(id, T0), at(`${id} `, T0)])).toEqual([true, false])
    })

    test('an id may be a number, and null is none', async () => {
      const number = column('number', int, true)
      const { table, columns } = await newTable([number])
      await insertRows(archive(), table, columns, [
        ['a', T0, 'c', -7],
        ['b', T0, 'c', null],
        ['c', T0, 'c', Number.MAX_SAFE_INTEGER],
      ])
      const events = ['-7', '7', 'null', '', '0', '9007199254740991', '9007199254740990'].map((id) => at(id, T0))
      const found = await archive().found(table, number, AT, 'ms', events)
      expect(found).toEqual([true, false, false, false, false, true, false])
    })

    test('with precision s times are floored to the second', async () => {
      const seen = column('seen', time)
      const { table, columns } = await newTable([seen])
      await insertRows(archive(), table, columns, [
        ['a', T0 + 999, 'c', T0],
        ['b', T0 + 1_000, 'c', T0],
      ])
      const events = [at('a', T0), at('b', T0), at('b', T0 + 1_000), at('a', T0 + 999)]
      expect(await archive().found(table, ID, AT, 's', events)).toEqual([true, false, true, false])
      expect(await archive().found(table, ID, AT, 'ms', events)).toEqual([false, false, true, true])
    })
  })

  describe('ids', () => {
    const at = (id: string, time_ms: number) => ({ id_hash: hash64Hex(id), time_ms })

    test('are told by their hashes and times', async () => {
      const { table, columns } = await newTable()
      await insertRows(archive(), table, columns, [
        ['a', T0, 'c'],
        ['a', T0, 'c'],
        ["it's \\ 🦀", T0, 'c'],
        ['b', T0 + 1, null],
      ])
      const events = [at('b', T0 + 1), at('a', T0), at('a', T0 + 1), at("it's \\ 🦀", T0), at('d', T0), at('a', T0)]
      expect(await archive().ids(table, ID, AT, 'ms', events)).toEqual(['b', 'a', null, "it's \\ 🦀", null, 'a'])
      expect(await archive().ids(table, ID, AT, 'ms', [])).toEqual([])
    })

    test('of more events than one statement takes', async () => {
      const { table, columns } = await newTable()
      const all = Array.from({ length: 1_500 }, (_, i) => [`e${i}`, T0 + (i >> 1) * 40_000, 'c'] as const)
      await insertRows(archive(), table, columns, [...all])
      const asked = all.filter((_, i) => i % 2 === 0)
      const events = asked.map(([id, time_ms]) => at(id, time_ms))
      expect(await archive().ids(table, ID, AT, 'ms', events)).toEqual(asked.map(([id]) => id))
    })

    test('may be numbers, and times are floored as the source says', async () => {
      const number = column('number', int, true)
      const { table, columns } = await newTable([number])
      await insertRows(archive(), table, columns, [
        ['a', T0 + 999, 'c', -7],
        ['b', T0, 'c', null],
      ])
      expect(await archive().ids(table, number, AT, 's', [at('-7', T0), at('null', T0)])).toEqual(['-7', null])
      expect(await archive().ids(table, number, AT, 'ms', [at('-7', T0), at('-7', T0 + 999)])).toEqual([null, '-7'])
    })
  })
}
