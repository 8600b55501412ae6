import { describe, expect, it } from 'vitest'
import type { EventLogSubject } from './log-messages.ts'

/** What groups have committed. */
export function positionsContract({ log }: EventLogSubject): void {
  describe('positions', () => {
    it('keeps what each group committed', async () => {
      await log().ensureTopic('t', 3)
      await log().ensureTopic('u', 1)
      expect(await log().committed('g', 't')).toEqual(new Map())
      await log().commit('g', 't', new Map([[0, 5]]))
      await log().commit(
        'g',
        't',
        new Map([
          [2, 2 ** 40],
          [1, 0],
        ]),
      )
      await log().commit('g', 't', new Map([[0, 4]]))
      await log().commit('h', 't', new Map([[0, 1]]))
      await log().commit('g', 'u', new Map([[0, 9]]))
      expect(await log().committed('g', 't')).toEqual(
        new Map([
          [0, 4],
          [1, 0],
          [2, 2 ** 40],
        ]),
      )
      expect(await log().committed('h', 't')).toEqual(new Map([[0, 1]]))
      expect(await log().committed('g', 'u')).toEqual(new Map([[0, 9]]))
      expect(await log().committed('g', 'none')).toEqual(new Map())
    })

    it('forgets a group, and no other', async () => {
      await log().ensureTopic('t', 2)
      await log().ensureTopic('u', 1)
      await log().commit('g', 't', new Map([[1, 5]]))
      await log().commit('g', 'u', new Map([[0, 6]]))
      await log().commit('gg', 't', new Map([[1, 7]]))
      expect(await log().removeGroup('g')).toBe(true)
      expect(await log().committed('g', 't')).toEqual(new Map())
      expect(await log().committed('g', 'u')).toEqual(new Map())
      expect(await log().committed('gg', 't')).toEqual(new Map([[1, 7]]))
      expect(await log().removeGroup('g')).toBe(true)
      await log().commit('g', 't', new Map([[0, 1]]))
      expect(await log().committed('g', 't')).toEqual(new Map([[0, 1]]))
    })

    it('hands out copies', async () => {
      await log().ensureTopic('t', 1)
      await log().commit('g', 't', new Map([[0, 1]]))
      ;(await log().committed('g', 't')).set(0, 7)
      expect(await log().committed('g', 't')).toEqual(new Map([[0, 1]]))
    })
  })
}
