import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MarkMovedError, type OnlineStore, type TimelineAppend } from '../../src/stores/online-store.ts'
import { SeededRandom } from './seeded-random.ts'

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

/** Rows of these tests all have this length, so that they can be told apart however they are laid. */
const ROW_BYTES = 16

/** A row that is like no other of another number. */
export function row(number: number): Uint8Array {
  return Buffer.from(number.toString(16).padStart(ROW_BYTES, '.'))
}

export function rows(...numbers: number[]): Uint8Array {
  return rowsOf(numbers)
}

function rowsOf(numbers: readonly number[]): Uint8Array {
  return Buffer.concat(numbers.map(row))
}

/** The numbers of the rows of a timeline, ascending. */
export function numbers(bytes: Uint8Array | null): number[] | null {
  if (bytes === null) return null
  const text = Buffer.from(bytes).toString('latin1')
  expect(text.length % ROW_BYTES).toBe(0)
  const found: number[] = []
  for (let at = 0; at < text.length; at += ROW_BYTES) {
    found.push(Number.parseInt(text.slice(at, at + ROW_BYTES).replaceAll('.', ''), 16))
  }
  return found.sort((a, b) => a - b)
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

const addAll = (key: string, numbers: readonly number[]): TimelineAppend => ({
  key,
  rows: rowsOf(numbers),
  expires_at_ms: null,
})
const add = (key: string, ...numbers: number[]) => addAll(key, numbers)
const move = (from: number | null, offset: number, group = 'g', topic = 't', partition = 0) => ({
  group,
  topic,
  partition,
  from,
  offset,
})

async function collected(keys: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = []
  for await (const key of keys) found.push(key)
  return found.sort()
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

    describe('swap', () => {
      const bytesOf = async (key: string) => (await store.read([key]))[0]!

      it('replaces what was seen and keeps what came since', async () => {
        await store.append([add('k', 1, 2, 3)])
        const seen = await bytesOf('k')
        await store.append([add('k', 4)])
        expect(await store.swap('k', seen, rows(2))).toBe(true)
        expect(await read('k')).toEqual([2, 4])
        await store.append([add('k', 5)])
        expect(await read('k')).toEqual([2, 4, 5])
      })

      it('changes nothing where the beginning is another', async () => {
        await store.append([add('k', 1, 2, 3)])
        const seen = await bytesOf('k')
        expect(await store.swap('k', rows(7), rows(8))).toBe(false)
        expect(await store.swap('k', Buffer.concat([seen, row(4)]), rows(8))).toBe(false)
        expect(await store.swap('missing', rows(1), rows(8))).toBe(false)
        expect(await store.swap('k', seen, rows(1))).toBe(true)
        expect(await store.swap('k', seen, rows(9))).toBe(false)
        expect(await read('k')).toEqual([1])
        expect(await read('missing')).toBeNull()
      })

      it('removes a timeline of which nothing stays', async () => {
        await store.append([add('k', 1, 2), add('kk', 3)])
        expect(await store.swap('k', await bytesOf('k'), new Uint8Array(0))).toBe(true)
        expect(await read('k')).toBeNull()
        expect(await collected(store.keys(''))).toEqual(['kk'])
        await store.append([add('k', 5)])
        expect(await read('k')).toEqual([5])
      })

      it('keeps what came since also where nothing else stays', async () => {
        await store.append([add('k', 1, 2)])
        const seen = await bytesOf('k')
        await store.append([add('k', 3)])
        expect(await store.swap('k', seen, new Uint8Array(0))).toBe(true)
        expect(await read('k')).toEqual([3])
      })

      it('swaps a megabyte for less and for more', async () => {
        const all = range(0, 65_536)
        await store.append([addAll('k', all)])
        const even = all.filter((i) => i % 2 === 0)
        expect(await store.swap('k', await bytesOf('k'), rowsOf(even))).toBe(true)
        expect(await read('k')).toEqual(even)
        expect(await store.swap('k', await bytesOf('k'), rowsOf(all))).toBe(true)
        expect(await read('k')).toEqual(all)
        expect(await store.swap('k', await bytesOf('k'), rows(1))).toBe(true)
        expect(await read('k')).toEqual([1])
      })

      it.each([1, 2, 3, 4])('loses nothing to appends at the same time (seed %i)', async (seed) => {
        const random = new SeededRandom(seed)
        const keys = ['a', 'b', 'ab']
        const put = new Map(keys.map((key) => [key, [] as number[]]))
        let swapped = 0
        // Compaction drops odd rows: every even row must stay, exactly once.
        const compact = async (key: string) => {
          const seen = (await store.read([key]))[0] ?? null
          if (seen === null) return
          const kept = numbers(seen)!.filter((number) => number % 2 === 0)
          if (await store.swap(key, seen, rowsOf(kept))) swapped++
        }
        for (let round = 0, next = 0; round < 30; round++) {
          const work: Promise<unknown>[] = []
          for (let i = random.below(12); i >= 0; i--) {
            const key = random.pick(keys)
            if (random.below(3) === 0) work.push(compact(key))
            else {
              const batch = range(next, next + 1 + random.below(9))
              next += batch.length
              put.get(key)!.push(...batch)
              work.push(store.append([addAll(key, batch)]))
            }
          }
          await Promise.all(work)
        }
        for (const key of keys) await compact(key)
        for (const key of keys) expect(await read(key)).toEqual(put.get(key)!.filter((number) => number % 2 === 0))
        expect(swapped).toBeGreaterThan(10)
      })
    })

    describe('marks', () => {
      const offsets = async (group: string) =>
        Object.fromEntries((await store.marks(group)).map((mark) => [`${mark.topic}/${mark.partition}`, mark.offset]))

      it('has none at first, and makes one from null', async () => {
        expect(await store.marks('g')).toEqual([])
        expect(await store.groups()).toEqual([])
        await store.append([add('k', 1)], [move(null, 10)])
        expect(await store.marks('g')).toEqual([{ group: 'g', topic: 't', partition: 0, offset: 10 }])
        await store.append([], [move(10, 2 ** 40)])
        expect(await offsets('g')).toEqual({ 't/0': 2 ** 40 })
        expect(await store.groups()).toEqual(['g'])
      })

      it('keeps groups, topics and partitions apart', async () => {
        const places: [group: string, topic: string, partition: number][] = [
          ['g', 't', 0],
          ['g', 't', 1],
          ['g', 't1', 0],
          ['g', 't/1', 0],
          ['g"', 't', 0],
          ['g/t', '', 0],
          ['g/t', '日本', 10],
        ]
        for (const [i, place] of places.entries()) await store.append([], [move(null, i, ...place)])
        expect((await store.groups()).sort()).toEqual(['g', 'g"', 'g/t'])
        expect(await offsets('g')).toEqual({ 't/0': 0, 't/1': 1, 't1/0': 2, 't/1/0': 3 })
        expect(await offsets('g/t')).toEqual({ '/0': 5, '日本/10': 6 })
      })

      it.each([
        ['there is one and none is expected', null, 6, 5],
        ['it is further', 4, 6, 5],
        ['it is not so far', 6, 7, 5],
      ])('refuses a move when %s', async (_, from, to, found) => {
        await store.append([], [move(null, 5)])
        const failed = await store.append([add('k', 1)], [move(from, to)]).catch((error: unknown) => error)
        expect(failed).toBeInstanceOf(MarkMovedError)
        expect(failed).toMatchObject({ code: 'MARK_MOVED', found, move: move(from, to) })
        expect(await offsets('g')).toEqual({ 't/0': 5 })
      })

      it('refuses a move from an offset when there is no mark', async () => {
        await expect(store.append([], [move(3, 4)])).rejects.toMatchObject({ code: 'MARK_MOVED', found: null })
        expect(await store.marks('g')).toEqual([])
      })

      it.each([
        ['partition -1', move(null, 1, 'g', 't', -1), /the partition of the mark of t for g is -1/],
        ['no offset', move(null, Number.NaN), /the offset of the mark of t for g is NaN/],
        ['a name too long', move(null, 1, 'g'.repeat(1_900)), /the place of a mark .* has 1910 bytes of at most 1900/],
      ])('refuses %s, and then writes nothing of the call', async (_, wrong, message) => {
        await expect(store.append([add('k', 1)], [move(null, 1), wrong])).rejects.toThrow(message)
        expect(await store.groups()).toEqual([])
        expect(await read('k')).toBeNull()
      })

      it('moves no mark of a call of which one has moved', async () => {
        await store.append([], [move(null, 5), move(null, 5, 'g', 't', 1)])
        const moves = [move(5, 6), move(4, 6, 'g', 't', 1), move(null, 1, 'g', 't', 2)]
        await expect(store.append([add('k', 1)], moves)).rejects.toThrow(MarkMovedError)
        expect(await offsets('g')).toEqual({ 't/0': 5, 't/1': 5 })
        await store.append([add('k', 2)], [move(5, 6), move(5, 6, 'g', 't', 1)])
        expect(await offsets('g')).toEqual({ 't/0': 6, 't/1': 6 })
        expect(await read('k')).toContain(2)
      })

      it('takes the marks of one group away', async () => {
        await store.append(
          [add('k', 1)],
          [move(null, 5), move(null, 6, 'g', 't', 1), move(null, 7, 'gg'), move(null, 8, 'g"')],
        )
        await store.removeMarks('g')
        expect(await offsets('g')).toEqual({})
        expect((await store.groups()).sort()).toEqual(['g"', 'gg'])
        expect(await offsets('gg')).toEqual({ 't/0': 7 })
        expect(await read('k')).toEqual([1])
        await store.removeMarks('g')
        await store.removeMarks('no such')
      })

      it('takes the marks of one topic of a group away', async () => {
        const places = [move(null, 5), move(null, 6, 'g', 't', 1), move(null, 7, 'g', 'tt'), move(null, 8, 'h')]
        await store.append([], places)
        await store.removeMarks('g', 't')
        expect(await offsets('g')).toEqual({ 'tt/0': 7 })
        expect(await offsets('h')).toEqual({ 't/0': 8 })
        await store.append([add('k', 1)], [move(null, 2), move(7, 9, 'g', 'tt')])
        expect(await offsets('g')).toEqual({ 't/0': 2, 'tt/0': 9 })
        await store.removeMarks('g', 'no such')
        await store.removeMarks('g', 't')
        await store.removeMarks('g', 'tt')
        expect(await store.groups()).toEqual(['h'])
      })

      it('begins again where marks were taken away, and refuses who knew them', async () => {
        await store.append([], [move(null, 5), move(null, 7, 'h')])
        await store.removeMarks('g')
        await expect(store.append([add('k', 1)], [move(5, 6)])).rejects.toMatchObject({
          code: 'MARK_MOVED',
          found: null,
        })
        await store.append([add('k', 2)], [move(null, 3)])
        await store.append([add('k', 3)], [move(3, 4), move(7, 8, 'h')])
        expect(await offsets('g')).toEqual({ 't/0': 4 })
        expect(await offsets('h')).toEqual({ 't/0': 8 })
        expect(await read('k')).toEqual(expect.arrayContaining([2, 3]))
      })

      it('lets one of many movers win', async () => {
        await store.append([], [move(null, 0)])
        const racers = range(1, 21).map((i) => store.append([add('k', i)], [move(0, i)]))
        const results = await Promise.allSettled(racers)
        const won = results.flatMap(({ status }, i) => (status === 'fulfilled' ? [i + 1] : []))
        expect(won).toHaveLength(1)
        expect(await offsets('g')).toEqual({ 't/0': won[0] })
        expect(await read('k')).toContain(won[0])
      })

      it('shows no mark before the rows that it proves', async () => {
        let writing = true
        const writer = async () => {
          for (let i = 0; i < 100; i++) {
            await store.append([add('k', i)], [move(i === 0 ? null : i, i + 1)])
            if (i % 10 === 0) await nextTurn()
          }
          writing = false
        }
        const reader = async () => {
          let looks = 0
          for (; writing; looks++) {
            const mark = (await store.marks('g'))[0]?.offset ?? 0
            const found = (await read('k')) ?? []
            expect(found.length).toBeGreaterThanOrEqual(mark)
            await nextTurn()
          }
          return looks
        }
        const [looks] = await Promise.all([reader(), writer()])
        expect(looks).toBeGreaterThan(2)
      })
    })

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

    describe('documents', () => {
      it('counts versions from 1', async () => {
        expect(await store.document('d')).toBeNull()
        expect(await store.putDocument('d', { a: 1 }, 1)).toBe(false)
        expect(await store.putDocument('d', { a: 1 }, 0)).toBe(true)
        expect(await store.document('d')).toEqual({ version: 1, value: { a: 1 } })
        expect(await store.putDocument('d', { a: 2 }, 0)).toBe(false)
        expect(await store.putDocument('d', { a: 2 }, 2)).toBe(false)
        expect(await store.putDocument('d', { a: 2 }, 1)).toBe(true)
        expect(await store.document('d')).toEqual({ version: 2, value: { a: 2 } })
      })

      it.each([[null], [false], [0], [''], [[]], [{ 'ä"\0': [1.5, { b: '日本 🦀' }], ' ': ' ' }]])(
        'keeps the value %j',
        async (value) => {
          await store.putDocument('d', value, 0)
          expect(await store.document('d')).toEqual({ version: 1, value })
        },
      )

      it('removes a document that nobody has written since', async () => {
        await store.putDocument('d', 1, 0)
        await store.putDocument('d', 2, 1)
        await store.putDocument('dd', 3, 0)
        expect(await store.removeDocument('d', 1)).toBe(false)
        expect(await store.removeDocument('none', 0)).toBe(false)
        expect(await store.document('d')).toEqual({ version: 2, value: 2 })
        expect(await store.removeDocument('d', 2)).toBe(true)
        expect(await store.document('d')).toBeNull()
        expect(await store.removeDocument('d', 2)).toBe(false)
        expect([...(await store.documents('d')).keys()]).toEqual(['dd'])
        expect(await store.putDocument('d', 4, 2)).toBe(false)
        expect(await store.putDocument('d', 4, 0)).toBe(true)
        expect(await store.document('d')).toEqual({ version: 1, value: 4 })
      })

      it('refuses what has no JSON form', async () => {
        await expect(store.putDocument('d', undefined, 0)).rejects.toThrow(/document d has no JSON form/)
        await expect(store.putDocument('', 1, 0)).rejects.toThrow(/a document name is empty/)
        expect(await store.document('d')).toBeNull()
      })

      it('hands out copies', async () => {
        const value = { list: [1] }
        await store.putDocument('d', value, 0)
        value.list.push(2)
        ;((await store.document('d'))!.value as { list: number[] }).list.push(3)
        expect(await store.document('d')).toEqual({ version: 1, value: { list: [1] } })
      })

      it('finds by prefix', async () => {
        for (const name of ['timeline/a', 'timeline/b', 'timeline', 'timelines/c', 'source/a']) {
          await store.putDocument(name, name, 0)
        }
        const found = await store.documents('timeline/')
        expect([...found.keys()].sort()).toEqual(['timeline/a', 'timeline/b'])
        expect(found.get('timeline/b')).toEqual({ version: 1, value: 'timeline/b' })
        expect((await store.documents('')).size).toBe(5)
        expect((await store.documents('x')).size).toBe(0)
      })

      it('lets one of many writers win, so that none is lost', async () => {
        const increment = async () => {
          for (;;) {
            const found = await store.document('n')
            if (await store.putDocument('n', ((found?.value as number) ?? 0) + 1, found?.version ?? 0)) return
          }
        }
        await Promise.all(range(0, 20).map(increment))
        expect(await store.document('n')).toEqual({ version: 20, value: 20 })
      })
    })

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
