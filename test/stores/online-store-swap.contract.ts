import { describe, expect, it } from 'vitest'
import { add, addAll, collected, numbers, type OnlineStoreSubject, range, row, rows, rowsOf } from './numbered-rows.ts'
import { SeededRandom } from './seeded-random.ts'

/** Compaction: rows are replaced, and what came since is kept. */
export function swapContract({ store, read }: OnlineStoreSubject): void {
  describe('swap', () => {
    const bytesOf = async (key: string) => (await store().read([key]))[0]!

    it('replaces what was seen and keeps what came since', async () => {
      await store().append([add('k', 1, 2, 3)])
      const seen = await bytesOf('k')
      await store().append([add('k', 4)])
      expect(await store().swap('k', seen, rows(2))).toBe(true)
      expect(await read('k')).toEqual([2, 4])
      await store().append([add('k', 5)])
      expect(await read('k')).toEqual([2, 4, 5])
    })

    it('changes nothing where the beginning is another', async () => {
      await store().append([add('k', 1, 2, 3)])
      const seen = await bytesOf('k')
      expect(await store().swap('k', rows(7), rows(8))).toBe(false)
      expect(await store().swap('k', Buffer.concat([seen, row(4)]), rows(8))).toBe(false)
      expect(await store().swap('missing', rows(1), rows(8))).toBe(false)
      expect(await store().swap('k', seen, rows(1))).toBe(true)
      expect(await store().swap('k', seen, rows(9))).toBe(false)
      expect(await read('k')).toEqual([1])
      expect(await read('missing')).toBeNull()
    })

    it('removes a timeline of which nothing stays', async () => {
      await store().append([add('k', 1, 2), add('kk', 3)])
      expect(await store().swap('k', await bytesOf('k'), new Uint8Array(0))).toBe(true)
      expect(await read('k')).toBeNull()
      expect(await collected(store().keys(''))).toEqual(['kk'])
      await store().append([add('k', 5)])
      expect(await read('k')).toEqual([5])
    })

    it('keeps what came since also where nothing else stays', async () => {
      await store().append([add('k', 1, 2)])
      const seen = await bytesOf('k')
      await store().append([add('k', 3)])
      expect(await store().swap('k', seen, new Uint8Array(0))).toBe(true)
      expect(await read('k')).toEqual([3])
    })

    it('swaps a megabyte for less and for more', async () => {
      const all = range(0, 65_536)
      await store().append([addAll('k', all)])
      const even = all.filter((i) => i % 2 === 0)
      expect(await store().swap('k', await bytesOf('k'), rowsOf(even))).toBe(true)
      expect(await read('k')).toEqual(even)
      expect(await store().swap('k', await bytesOf('k'), rowsOf(all))).toBe(true)
      expect(await read('k')).toEqual(all)
      expect(await store().swap('k', await bytesOf('k'), rows(1))).toBe(true)
      expect(await read('k')).toEqual([1])
    })

    it.each([1, 2, 3, 4])('loses nothing to appends at the same time (seed %i)', async (seed) => {
      const random = new SeededRandom(seed)
      const keys = ['a', 'b', 'ab']
      const put = new Map(keys.map((key) => [key, [] as number[]]))
      let swapped = 0
      // Compaction drops odd rows: every even row must stay, exactly once.
      const compact = async (key: string) => {
        const seen = (await store().read([key]))[0] ?? null
        if (seen === null) return
        const kept = numbers(seen)!.filter((number) => number % 2 === 0)
        if (await store().swap(key, seen, rowsOf(kept))) swapped++
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
            work.push(store().append([addAll(key, batch)]))
          }
        }
        await Promise.all(work)
      }
      for (const key of keys) await compact(key)
      for (const key of keys) expect(await read(key)).toEqual(put.get(key)!.filter((number) => number % 2 === 0))
      expect(swapped).toBeGreaterThan(10)
    })
  })
}
