import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { MarkMovedError } from '../../src/stores/online-store.ts'
import { add, move, type OnlineStoreSubject, range } from './numbered-rows.ts'

/** How far a group has carried each partition. */
export function marksContract({ store, read }: OnlineStoreSubject): void {
  describe('marks', () => {
    const offsets = async (group: string) =>
      Object.fromEntries((await store().marks(group)).map((mark) => [`${mark.topic}/${mark.partition}`, mark.offset]))

    it('has none at first, and makes one from null', async () => {
      expect(await store().marks('g')).toEqual([])
      expect(await store().groups()).toEqual([])
      await store().append([add('k', 1)], [move(null, 10)])
      expect(await store().marks('g')).toEqual([{ group: 'g', topic: 't', partition: 0, offset: 10 }])
      await store().append([], [move(10, 2 ** 40)])
      expect(await offsets('g')).toEqual({ 't/0': 2 ** 40 })
      expect(await store().groups()).toEqual(['g'])
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
      for (const [i, place] of places.entries()) await store().append([], [move(null, i, ...place)])
      expect((await store().groups()).sort()).toEqual(['g', 'g"', 'g/t'])
      expect(await offsets('g')).toEqual({ 't/0': 0, 't/1': 1, 't1/0': 2, 't/1/0': 3 })
      expect(await offsets('g/t')).toEqual({ '/0': 5, '日本/10': 6 })
    })

    it.each([
      ['there is one and none is expected', null, 6, 5],
      ['it is further', 4, 6, 5],
      ['it is not so far', 6, 7, 5],
    ])('refuses a move when %s', async (_, from, to, found) => {
      await store().append([], [move(null, 5)])
      const failed = await store()
        .append([add('k', 1)], [move(from, to)])
        .catch((error: unknown) => error)
      expect(failed).toBeInstanceOf(MarkMovedError)
      expect(failed).toMatchObject({ code: 'MARK_MOVED', found, move: move(from, to) })
      expect(await offsets('g')).toEqual({ 't/0': 5 })
    })

    it('refuses a move from an offset when there is no mark', async () => {
      await expect(store().append([], [move(3, 4)])).rejects.toMatchObject({ code: 'MARK_MOVED', found: null })
      expect(await store().marks('g')).toEqual([])
    })

    it.each([
      ['partition -1', move(null, 1, 'g', 't', -1), /the partition of the mark of t for g is -1/],
      ['no offset', move(null, Number.NaN), /the offset of the mark of t for g is NaN/],
      ['a name too long', move(null, 1, 'g'.repeat(1_900)), /the place of a mark .* has 1910 bytes of at most 1900/],
    ])('refuses %s, and then writes nothing of the call', async (_, wrong, message) => {
      await expect(store().append([add('k', 1)], [move(null, 1), wrong])).rejects.toThrow(message)
      expect(await store().groups()).toEqual([])
      expect(await read('k')).toBeNull()
    })

    it('moves no mark of a call of which one has moved', async () => {
      await store().append([], [move(null, 5), move(null, 5, 'g', 't', 1)])
      const moves = [move(5, 6), move(4, 6, 'g', 't', 1), move(null, 1, 'g', 't', 2)]
      await expect(store().append([add('k', 1)], moves)).rejects.toThrow(MarkMovedError)
      expect(await offsets('g')).toEqual({ 't/0': 5, 't/1': 5 })
      await store().append([add('k', 2)], [move(5, 6), move(5, 6, 'g', 't', 1)])
      expect(await offsets('g')).toEqual({ 't/0': 6, 't/1': 6 })
      expect(await read('k')).toContain(2)
    })

    it('takes the marks of one group away', async () => {
      await store().append(
        [add('k', 1)],
        [move(null, 5), move(null, 6, 'g', 't', 1), move(null, 7, 'gg'), move(null, 8, 'g"')],
      )
      await store().removeMarks('g')
      expect(await offsets('g')).toEqual({})
      expect((await store().groups()).sort()).toEqual(['g"', 'gg'])
      expect(await offsets('gg')).toEqual({ 't/0': 7 })
      expect(await read('k')).toEqual([1])
      await store().removeMarks('g')
      await store().removeMarks('no such')
    })

    it('takes the marks of one topic of a group away', async () => {
      const places = [move(null, 5), move(null, 6, 'g', 't', 1), move(null, 7, 'g', 'tt'), move(null, 8, 'h')]
      await store().append([], places)
      await store().removeMarks('g', 't')
      expect(await offsets('g')).toEqual({ 'tt/0': 7 })
      expect(await offsets('h')).toEqual({ 't/0': 8 })
      await store().append([add('k', 1)], [move(null, 2), move(7, 9, 'g', 'tt')])
      expect(await offsets('g')).toEqual({ 't/0': 2, 'tt/0': 9 })
      await store().removeMarks('g', 'no such')
      await store().removeMarks('g', 't')
      await store().removeMarks('g', 'tt')
      expect(await store().groups()).toEqual(['h'])
    })

    it('begins again where marks were taken away, and refuses who knew them', async () => {
      await store().append([], [move(null, 5), move(null, 7, 'h')])
      await store().removeMarks('g')
      await expect(store().append([add('k', 1)], [move(5, 6)])).rejects.toMatchObject({
        code: 'MARK_MOVED',
        found: null,
      })
      await store().append([add('k', 2)], [move(null, 3)])
      await store().append([add('k', 3)], [move(3, 4), move(7, 8, 'h')])
      expect(await offsets('g')).toEqual({ 't/0': 4 })
      expect(await offsets('h')).toEqual({ 't/0': 8 })
      expect(await read('k')).toEqual(expect.arrayContaining([2, 3]))
    })

    it('lets one of many movers win', async () => {
      await store().append([], [move(null, 0)])
      const racers = range(1, 21).map((i) => store().append([add('k', i)], [move(0, i)]))
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
          await store().append([add('k', i)], [move(i === 0 ? null : i, i + 1)])
          if (i % 10 === 0) await nextTurn()
        }
        writing = false
      }
      const reader = async () => {
        let looks = 0
        for (; writing; looks++) {
          const mark = (await store().marks('g'))[0]?.offset ?? 0
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
}
