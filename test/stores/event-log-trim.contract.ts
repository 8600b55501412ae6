import { describe, expect, it } from 'vitest'
import { type EventLogSubject, message, messages, named, readAll, T0 } from './log-messages.ts'

/** What is old is dropped from the start of a partition. */
export function trimContract({ log, setClock, expectTimes }: EventLogSubject): void {
  describe('trim', () => {
    const fill = async () => {
      await log().ensureTopic('t', 1)
      for (let i = 0; i < 5; i++) {
        setClock(T0 + i)
        await log().append('t', messages(10 * i, 10 * i + 10))
      }
    }

    it('drops what is both below the offset and older', async () => {
      await fill()
      expect(await log().trim('t', 0, 0, Number.MAX_SAFE_INTEGER)).toBe(0)
      expect(await log().trim('t', 0, 50, T0)).toBe(0)
      const dropped = [await log().trim('t', 0, 50, T0 + 2), await log().trim('t', 0, 35, Number.MAX_SAFE_INTEGER)]
      expect(dropped[0]).toBeLessThanOrEqual(20)
      const start = dropped[0]! + dropped[1]!
      expect(start).toBeGreaterThanOrEqual(10)
      expect(start).toBeLessThanOrEqual(35)
      expect(await log().ranges('t')).toEqual([{ partition: 0, start, end: 50 }])
      expect((await readAll(log(), 't', 0, start)).texts).toEqual(named(start, 50))
      await expect(log().read('t', 0, start - 1, 1)).rejects.toMatchObject({
        code: 'OFFSET_OUT_OF_RANGE',
        start,
        end: 50,
      })
    })

    it('keeps the end when nothing is left', async () => {
      await fill()
      expect(await log().trim('t', 0, 50, Number.MAX_SAFE_INTEGER)).toBe(50)
      expect(await log().trim('t', 0, 50, Number.MAX_SAFE_INTEGER)).toBe(0)
      expect(await log().ranges('t')).toEqual([{ partition: 0, start: 50, end: 50 }])
      expect((await log().read('t', 0, 50, 10)).values).toEqual([])
      await expect(log().read('t', 0, 49, 1)).rejects.toThrow('t/0 has no offset 49: it holds 50 to 50')
      setClock(T0 - 5)
      expect(await log().append('t', [message('m50')])).toEqual([{ partition: 0, offset: 50 }])
      const { texts, append_ms } = await readAll(log(), 't', 0, 50)
      expect(texts).toEqual(['m50'])
      expectTimes(append_ms, [T0 + 4])
    })

    it('leaves other partitions and topics alone', async () => {
      await log().ensureTopic('t', 2)
      await log().ensureTopic('u', 1)
      await log().append('u', messages(0, 3))
      const keys = Array.from({ length: 20 }, (_, i) => message(`m${i}`, `k${i}`))
      await log().append('t', keys)
      const [before] = await log().ranges('t')
      await log().trim('t', 1, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
      const [first, second] = await log().ranges('t')
      expect(first).toEqual(before)
      expect(second!.start).toBe(second!.end)
      expect((await readAll(log(), 't', 0, 0)).texts).toHaveLength(first!.end)
      expect((await readAll(log(), 'u', 0, 0)).texts).toEqual(named(0, 3))
    })

    it('drops hundreds of small appends', async () => {
      await log().ensureTopic('t', 1)
      for (let i = 0; i < 300; i++) await log().append('t', messages(i, i + 1))
      expect(await log().trim('t', 0, 290, Number.MAX_SAFE_INTEGER)).toBe(290)
      expect((await readAll(log(), 't', 0, 290)).texts).toEqual(named(290, 300))
    })
  })
}
