import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OnlineStore } from '../../src/stores/online-store.ts'
import {
  add,
  addAll,
  collected,
  move,
  numbers,
  type OnlineStoreSubject,
  ROW_BYTES,
  range,
  row,
  rows,
  rowsOf,
} from './numbered-rows.ts'
import { documentsContract } from './online-store-documents.contract.ts'
import { marksContract } from './online-store-marks.contract.ts'
import { swapContract } from './online-store-swap.contract.ts'

/** An empty store to test. */
export interface OnlineStoreFixture {
  readonly store: OnlineStore
  /** Closes the store and opens it again; left out where it would come back empty. */
  reopen?(): Promise<OnlineStore>
  /** Closes the store and removes all it made. */
  dispose(): Promise<void>
}

export interface OnlineStoreTraits {
  /** The store removes what has expired by its own clock: `expire()` does nothing. */
  readonly expiresItself?: boolean
}

const AWKWARD_KEYS = [
  '|',
  'a|b',
  'a}',
  '{a}',
  '{a}b',
  'a\0',
  'a\0\0\0\0',
  'a\0b',
  '\0',
  '\u0001',
  ' ',
  'a b',
  'a\nb',
  'ä',
  'a\u0308',
  '日本',
  '🦀',
  '🦀🦀',
  '\uffff',
  '%00',
  '*',
  'a*',
  '?',
  '[a]',
  '\\',
  '"',
  'a',
  'ab',
  'abc',
  'x'.repeat(1_900),
  'ü'.repeat(950),
]

/** What every adapter of {@link OnlineStore} must keep, sentence by sentence. */
export function onlineStoreContract(
  name: string,
  open: () => Promise<OnlineStoreFixture>,
  traits: OnlineStoreTraits = {},
): void {
  describe(`${name} keeps the laws of an online store`, () => {
    let fixture: OnlineStoreFixture
    let store: OnlineStore
    const read = async (key: string) => numbers((await store.read([key]))[0]!)
    const subject: OnlineStoreSubject = { store: () => store, read }

    beforeEach(async () => {
      fixture = await open()
      store = fixture.store
    })
    afterEach(() => fixture.dispose())

    describe('rows', () => {
      it('gives null for what was never written, in the order of the keys', async () => {
        await store.append([add('b', 1), add('c', 2)])
        const found = await store.read(['a', 'c', 'b', 'c'])
        expect(found.map(numbers)).toEqual([null, [2], [1], [2]])
        expect(await store.read([])).toEqual([])
      })

      it('gives rows back as they were put, as often as they were put', async () => {
        await store.append([add('k', 1, 2)])
        await store.append([add('k', 3)])
        await store.append([add('k', 2)])
        await store.append([add('k', 3), add('other', 9), add('k', 4, 4)])
        expect(await read('k')).toEqual([1, 2, 2, 3, 3, 4, 4])
        expect(await read('other')).toEqual([9])
      })

      it('keeps every byte', async () => {
        const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
        await store.append([{ key: 'k', rows: bytes, expires_at_ms: null }])
        const [found] = await store.read(['k'])
        expect([...found!]).toEqual([...bytes])
      })

      it('lets the caller have the bytes', async () => {
        await store.append([add('k', 1), add('l', 2)])
        const [first, second] = await store.read(['k', 'l'])
        first!.fill(0)
        await store.append([add('k', 3), add('l', 4)])
        expect(numbers(second!)).toEqual([2])
        expect(await read('k')).toEqual([1, 3])
      })

      it('does not keep the bytes that it was given', async () => {
        const bytes = rows(1)
        await store.append([{ key: 'k', rows: bytes, expires_at_ms: null }])
        bytes.fill(0)
        expect(await read('k')).toEqual([1])
      })

      it('takes many rows of many keys in one call, and keys more than once', async () => {
        await store.append(range(0, 6_000).map((i) => add(`k${i % 1_000}`, i)))
        const found = await store.read(range(0, 1_000).map((i) => `k${i}`))
        for (const [i, bytes] of found.entries()) {
          expect(numbers(bytes)).toEqual([i, i + 1_000, i + 2_000, i + 3_000, i + 4_000, i + 5_000])
        }
      })

      it('holds timelines of a megabyte, put at once or bit by bit', async () => {
        const all = range(0, 65_536)
        await store.append([addAll('once', all)])
        for (let i = 0; i < 64; i++) await store.append([addAll('bits', all.slice(i * 1_024, (i + 1) * 1_024))])
        expect(await read('once')).toEqual(all)
        expect(await read('bits')).toEqual(all)
      })

      it('tells awkward keys apart', async () => {
        await store.append(AWKWARD_KEYS.map((key, i) => add(key, i)))
        for (const [i, key] of AWKWARD_KEYS.entries()) await store.append([add(key, 1_000 + i)])
        const found = await store.read(AWKWARD_KEYS)
        expect(found.map(numbers)).toEqual(AWKWARD_KEYS.map((_, i) => [i, 1_000 + i]))
        expect(await collected(store.keys(''))).toEqual([...AWKWARD_KEYS].sort())
      })

      it.each([
        ['an empty key', { key: '', rows: row(1), expires_at_ms: null }, /a timeline key is empty/],
        ['a key too long', { key: 'ü'.repeat(951), rows: row(1), expires_at_ms: null }, /1902 bytes of at most 1900/],
        ['half a surrogate pair', { key: 'a\ud800', rows: row(1), expires_at_ms: null }, /not well-formed/],
        ['no rows', { key: 'k', rows: new Uint8Array(0), expires_at_ms: null }, /the rows for k are empty/],
        ['no expiry', { key: 'k', rows: row(1), expires_at_ms: Number.NaN }, /expires_at_ms of k is NaN/],
      ])('refuses %s, and then writes nothing of the call', async (_, wrong, message) => {
        await expect(store.append([add('fine', 1), wrong])).rejects.toThrow(message)
        await expect(store.append([add('fine', 1), wrong])).rejects.toThrow(RangeError)
        expect(await read('fine')).toBeNull()
      })

      it('takes a key in parts for the same as the whole', async () => {
        const parts: [string, string][] = [
          ['mr:f00d:{6:', 'card-1'],
          ['mr:f00d:{6:', 'card-2'],
          ['mr:beef:{6:', 'card-1'],
          ['mr:f00d:{6:', 'cård-1'],
          ['mr:f00d:{6:', '日本語日本語'],
          ['mr:f00d:{7:', 'card-10'],
          // A head that comes with another length than before.
          ['mr:f00d:{6:', 'card-100'],
          ['mr:f00d:{0:', ''],
          ['mr:f00d:{700:', 'x'.repeat(700)],
        ]
        const inParts = (i: number, expires_at_ms: number | null) => {
          const [head, text] = parts[i]!
          return { key: `${head}${text}}`, head, text, rows: row(i), expires_at_ms }
        }
        const long = { ...inParts(0, null), rows: rowsOf(range(100, 1_100)) }
        await store.append(parts.map((_, i) => inParts(i, null)))
        await store.append([...parts.map((_, i) => inParts(i, null)), long])
        await store.append(parts.map(([head, text], i) => add(`${head}${text}}`, i)))
        const found = await store.read(parts.map(([head, text]) => `${head}${text}}`))
        expect(found.map(numbers)).toEqual(parts.map((_, i) => (i === 0 ? [0, 0, 0, ...range(100, 1_100)] : [i, i, i])))
      })

      it('does nothing when there is nothing to append', async () => {
        await store.append([])
        expect(await collected(store.keys(''))).toEqual([])
      })

      it('takes appends at the same time', async () => {
        await Promise.all(range(0, 200).map((i) => store.append([add(`k${i % 3}`, i), add('all', i)])))
        expect(await read('all')).toEqual(range(0, 200))
        expect(await read('k1')).toEqual(range(0, 200).filter((i) => i % 3 === 1))
      })
    })

    it('reads each row once while others are written', async () => {
      let acknowledged = 0
      const last = 300
      const writer = async () => {
        for (let i = 0; i < last; i++) {
          await store.append([add('k', i), add(`other${i % 5}`, i)])
          acknowledged = i + 1
        }
      }
      const reader = async () => {
        while (acknowledged < last) {
          const from = acknowledged
          const found = (await read('k')) ?? []
          expect(found).toEqual(range(0, Math.max(from, found.length)))
          await nextTurn()
        }
      }
      await Promise.all([writer(), reader(), reader()])
    })

    swapContract(subject)

    marksContract(subject)

    describe('keys and removal', () => {
      it('walks over keys by prefix', async () => {
        await store.append(['a', 'ab', 'abc', 'b', 'ä', 'a🦀'].map((key, i) => add(key, i)))
        expect(await collected(store.keys('ab'))).toEqual(['ab', 'abc'])
        expect(await collected(store.keys('a'))).toEqual(['a', 'ab', 'abc', 'a🦀'])
        expect(await collected(store.keys('c'))).toEqual([])
      })

      it('removes by prefix, and not the neighbours', async () => {
        const keys = ['mr:1:{a}', 'mr:1:{b}', 'mr:10:{a}', 'mr:1', 'mr:1;', 'mr:2:{a}', 'm']
        await store.append(keys.map((key, i) => add(key, i)))
        await store.remove('mr:1:')
        expect(await collected(store.keys(''))).toEqual(['m', 'mr:1', 'mr:10:{a}', 'mr:1;', 'mr:2:{a}'])
        expect(await read('mr:1:{a}')).toBeNull()
        await store.append([add('mr:1:{a}', 9)])
        expect(await read('mr:1:{a}')).toEqual([9])
        await store.remove('no such')
        expect(await read('mr:2:{a}')).toEqual([5])
      })

      it('walks over, and removes, thousands of keys', async () => {
        const keys = range(0, 2_100).map((i) => `p:${i}`)
        for (const part of [0, 1_000, 2_000]) {
          await store.append(keys.slice(part, part + 1_000).map((key, i) => add(key, i)))
        }
        await store.append([add('p', 1), add('q', 2)])
        expect(await collected(store.keys('p:'))).toEqual([...keys].sort())
        await store.remove('p:')
        expect(await collected(store.keys(''))).toEqual(['p', 'q'])
      })

      it('says about how much it holds', async () => {
        await store.append(range(0, 50).map((i) => add(`k${i}`, i)))
        const { timelines, bytes } = await store.size()
        if (timelines !== null) expect(timelines).toBe(50)
        if (bytes !== null) expect(bytes).toBeGreaterThanOrEqual(50 * ROW_BYTES)
      })
    })

    describe.skipIf(traits.expiresItself === true)('expiry', () => {
      const T = Date.UTC(2030, 0, 1)
      const until = (key: string, expires_at_ms: number | null) => ({ key, rows: row(1), expires_at_ms })

      it('keeps the latest expiry that it was given; null is never', async () => {
        await store.append([until('late first', T + 5), until('late last', T), until('never', T)])
        await store.append([until('late first', T), until('late last', T + 5), until('never', null)])
        await store.append([until('never', T), until('short', T - 1), until('exact', T)])
        expect(await store.expire(T)).toBe(1)
        expect(await collected(store.keys(''))).toEqual(['exact', 'late first', 'late last', 'never'])
        expect(await store.expire(T + 6)).toBe(3)
        expect(await collected(store.keys(''))).toEqual(['never'])
        expect(await read('short')).toBeNull()
        expect(await store.expire(Number.MAX_SAFE_INTEGER)).toBe(0)
      })

      it('keeps the expiry when rows are swapped', async () => {
        await store.append([until('k', T), until('n', null)])
        expect(await store.swap('k', row(1), row(2))).toBe(true)
        expect(await store.swap('n', row(1), row(2))).toBe(true)
        expect(await store.expire(T)).toBe(0)
        expect(await store.expire(T + 1)).toBe(1)
        expect(await collected(store.keys(''))).toEqual(['n'])
      })

      it('forgets the expiry of what is gone', async () => {
        await store.append([until('k', null)])
        await store.remove('k')
        await store.append([until('k', T)])
        expect(await store.expire(T + 1)).toBe(1)
      })
    })

    documentsContract(subject)

    it('does not answer once it is closed', async () => {
      await store.append([add('k', 1)], [move(null, 1)])
      await store.close()
      await expect(store.read(['k'])).rejects.toThrow(/closed/)
      await expect(store.append([add('k', 2)])).rejects.toThrow(/closed/)
      await expect(store.marks('g')).rejects.toThrow(/closed/)
      await expect(store.document('d')).rejects.toThrow(/closed/)
      await expect(store.swap('k', row(1), row(2))).rejects.toThrow(/closed/)
      await expect(collected(store.keys(''))).rejects.toThrow(/closed/)
      await store.close()
    })

    it('finishes what it was asked for before it was closed', async (context) => {
      if (fixture.reopen === undefined) return context.skip()
      const asked = range(0, 20).map((i) => store.append([add('k', i)]))
      await store.close()
      await Promise.all(asked)
      store = await fixture.reopen()
      expect(await read('k')).toEqual(range(0, 20))
    })

    it('is the same after it was opened again, again and again', async (context) => {
      if (fixture.reopen === undefined) return context.skip()
      for (let round = 0; round < 4; round++) {
        await store.append(
          range(0, 100).map((i) => add(`k${i % 10}`, 100 * round + i)),
          [move(round === 0 ? null : round, round + 1)],
        )
        await store.append([add('gone', 1), add('swapped', 2 * round, 2 * round + 1)])
        await store.remove('gone')
        const seen = (await store.read(['swapped']))[0]!
        await store.swap('swapped', seen, rows(...numbers(seen)!.filter((number) => number % 2 === 0)))
        await store.putDocument('d', round, round)
        await store.putDocument('gone', round, 0)
        await store.removeDocument('gone', 1)
        await store.append([], [move(null, 1, 'gone')])
        await store.removeMarks('gone')
        store = await fixture.reopen()
        expect(await read('k3')).toEqual(range(0, (round + 1) * 100).filter((i) => i % 10 === 3))
        expect(await read('gone')).toBeNull()
        expect(await read('swapped')).toEqual(range(0, round + 1).map((i) => 2 * i))
        expect(await store.marks('g')).toEqual([{ group: 'g', topic: 't', partition: 0, offset: round + 1 }])
        expect(await store.groups()).toEqual(['g'])
        expect(await store.document('d')).toEqual({ version: round + 1, value: round })
        expect(await store.document('gone')).toBeNull()
        expect((await collected(store.keys(''))).length).toBe(11)
      }
      if (traits.expiresItself !== true) expect(await store.expire(Number.MAX_SAFE_INTEGER)).toBe(0)
    })
  })
}
