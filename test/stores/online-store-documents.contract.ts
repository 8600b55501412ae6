import { describe, expect, it } from 'vitest'
import { type OnlineStoreSubject, range } from './numbered-rows.ts'

/** Small values with versions. */
export function documentsContract({ store }: OnlineStoreSubject): void {
  describe('documents', () => {
    it('counts versions from 1', async () => {
      expect(await store().document('d')).toBeNull()
      expect(await store().putDocument('d', { a: 1 }, 1)).toBe(false)
      expect(await store().putDocument('d', { a: 1 }, 0)).toBe(true)
      expect(await store().document('d')).toEqual({ version: 1, value: { a: 1 } })
      expect(await store().putDocument('d', { a: 2 }, 0)).toBe(false)
      expect(await store().putDocument('d', { a: 2 }, 2)).toBe(false)
      expect(await store().putDocument('d', { a: 2 }, 1)).toBe(true)
      expect(await store().document('d')).toEqual({ version: 2, value: { a: 2 } })
    })

    it.each([[null], [false], [0], [''], [[]], [{ 'ä"\0': [1.5, { b: '日本 🦀' }], ' ': ' ' }]])(
      'keeps the value %j',
      async (value) => {
        await store().putDocument('d', value, 0)
        expect(await store().document('d')).toEqual({ version: 1, value })
      },
    )

    it('removes a document that nobody has written since', async () => {
      await store().putDocument('d', 1, 0)
      await store().putDocument('d', 2, 1)
      await store().putDocument('dd', 3, 0)
      expect(await store().removeDocument('d', 1)).toBe(false)
      expect(await store().removeDocument('none', 0)).toBe(false)
      expect(await store().document('d')).toEqual({ version: 2, value: 2 })
      expect(await store().removeDocument('d', 2)).toBe(true)
      expect(await store().document('d')).toBeNull()
      expect(await store().removeDocument('d', 2)).toBe(false)
      expect([...(await store().documents('d')).keys()]).toEqual(['dd'])
      expect(await store().putDocument('d', 4, 2)).toBe(false)
      expect(await store().putDocument('d', 4, 0)).toBe(true)
      expect(await store().document('d')).toEqual({ version: 1, value: 4 })
    })

    it('refuses what has no JSON form', async () => {
      await expect(store().putDocument('d', undefined, 0)).rejects.toThrow(/document d has no JSON form/)
      await expect(store().putDocument('', 1, 0)).rejects.toThrow(/a document name is empty/)
      expect(await store().document('d')).toBeNull()
    })

    it('hands out copies', async () => {
      const value = { list: [1] }
      await store().putDocument('d', value, 0)
      value.list.push(2)
      ;((await store().document('d'))!.value as { list: number[] }).list.push(3)
      expect(await store().document('d')).toEqual({ version: 1, value: { list: [1] } })
    })

    it('finds by prefix', async () => {
      for (const name of ['timeline/a', 'timeline/b', 'timeline', 'timelines/c', 'source/a']) {
        await store().putDocument(name, name, 0)
      }
      const found = await store().documents('timeline/')
      expect([...found.keys()].sort()).toEqual(['timeline/a', 'timeline/b'])
      expect(found.get('timeline/b')).toEqual({ version: 1, value: 'timeline/b' })
      expect((await store().documents('')).size).toBe(5)
      expect((await store().documents('x')).size).toBe(0)
    })

    it('lets one of many writers win, so that none is lost', async () => {
      const increment = async () => {
        for (;;) {
          const found = await store().document('n')
          if (await store().putDocument('n', ((found?.value as number) ?? 0) + 1, found?.version ?? 0)) return
        }
      }
      await Promise.all(range(0, 20).map(increment))
      expect(await store().document('n')).toEqual({ version: 20, value: 20 })
    })
  })
}
