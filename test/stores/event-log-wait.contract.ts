import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type EventLogSubject, message } from './log-messages.ts'

/** Who has read all waits for more. */
export function waitContract({ log }: EventLogSubject): void {
  describe('wait', () => {
    const settled = async (waited: Promise<void>) => {
      let done = false
      waited.then(() => {
        done = true
      })
      for (let i = 0; i < 5; i++) await nextTurn()
      return done
    }

    it('resolves when something comes to the topic', async () => {
      await log().ensureTopic('t', 2)
      await log().ensureTopic('other', 1)
      await log().append('t', [message('before')])
      const waited = [log().wait('t', 60_000), log().wait('t', 60_000)]
      await log().append('other', [message('x')])
      expect(await settled(waited[0]!)).toBe(false)
      await log().append('t', [message('y')])
      await Promise.all(waited)
    })

    it('resolves after its time', async () => {
      await log().ensureTopic('t', 1)
      await log().wait('t', 5)
    })

    it('resolves when the log is closed', async () => {
      await log().ensureTopic('t', 1)
      const waited = log().wait('t', 60_000)
      await log().close()
      await waited
    })
  })
}
