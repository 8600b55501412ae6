import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EventLog, OffsetOutOfRangeError } from '../../src/stores/event-log.ts'
import { positionsContract } from './event-log-positions.contract.ts'
import { trimContract } from './event-log-trim.contract.ts'
import { waitContract } from './event-log-wait.contract.ts'
import { type EventLogSubject, message, messages, named, readAll, T0, texts } from './log-messages.ts'
import { SeededRandom } from './seeded-random.ts'

/** An empty log to test. */
export interface EventLogFixture {
  readonly log: EventLog
  /** What the log's clock says from now on, in epoch milliseconds; does nothing where the log has a clock of its own. */
  setClock(now_ms: number): void
  /** The log's servers tell the time, so only its order can be checked. */
  readonly ownClock?: boolean
  /** Closes the log and opens it again; left out where it would come back empty. */
  reopen?(): Promise<EventLog>
  /** Closes the log and removes all it made. */
  dispose(): Promise<void>
}

/** What every adapter of {@link EventLog} must keep, sentence by sentence. */
export function eventLogContract(name: string, open: () => Promise<EventLogFixture>): void {
  describe(`${name} keeps the laws of an event log`, () => {
    let fixture: EventLogFixture
    let log: EventLog

    beforeEach(async () => {
      fixture = await open()
      log = fixture.log
      fixture.setClock(T0)
    })
    afterEach(() => fixture.dispose())

    const expectTimes = (found: readonly number[], times: readonly number[]) => {
      if (!fixture.ownClock) return expect(found).toEqual(times)
      expect(found).toHaveLength(times.length)
      expect(found).toEqual([...found].sort((a, b) => a - b))
      for (const ms of found) expect(Math.abs(ms - Date.now())).toBeLessThan(60_000)
    }

    const subject: EventLogSubject = { log: () => log, setClock: (now_ms) => fixture.setClock(now_ms), expectTimes }

    describe('topics', () => {
      it('creates a topic once, and keeps its partitions', async () => {
        expect(await log.topics()).toEqual([])
        expect(await log.ensureTopic('a', 3)).toBe(3)
        expect(await log.ensureTopic('a', 5)).toBe(3)
        expect(await log.ensureTopic('b.c-d_e', 1)).toBe(1)
        expect((await log.topics()).sort()).toEqual(['a', 'b.c-d_e'])
        expect(await log.ranges('a')).toEqual([0, 1, 2].map((partition) => ({ partition, start: 0, end: 0 })))
      })

      it('creates a topic once also when many ask at the same time', async () => {
        const asked = await Promise.all([1, 2, 3, 4].map((partitions) => log.ensureTopic('a', partitions)))
        expect(new Set(asked).size).toBe(1)
        expect(await log.ranges('a')).toHaveLength(asked[0]!)
      })

      it.each([0, -1, 1.5, 1e9, Number.NaN])('refuses %d partitions', async (partitions) => {
        await expect(log.ensureTopic('a', partitions)).rejects.toThrow(/topic a cannot have/)
      })

      it('says what is missing', async () => {
        await expect(log.append('nope', [message('x')])).rejects.toThrow(/no topic nope/)
        await expect(log.ranges('nope')).rejects.toThrow(/no topic nope/)
        await expect(log.wait('nope', 1)).rejects.toThrow(/no topic nope/)
        await log.ensureTopic('a', 2)
        await expect(log.read('a', 2, 0, 1)).rejects.toThrow(/topic a has no partition 2: it has 2/)
        await expect(log.trim('a', 9, 0, 0)).rejects.toThrow(/no partition 9/)
        await expect(log.commit('g', 'a', new Map([[2, 1]]))).rejects.toThrow(/no partition 2/)
        await expect(log.commit('g', 'a', new Map([[1, -1]]))).rejects.toThrow('g cannot commit offset -1 of a/1')
        await expect(log.commit('', 'a', new Map([[1, 1]]))).rejects.toThrow(/the group name '' must have/)
        await expect(log.ensureTopic('t'.repeat(600), 1)).rejects.toThrow(
          /the topic name 't+' must have 1 to 512 bytes/,
        )
      })
    })

    describe('messages', () => {
      it('gives offsets without holes, in the order of each key', async () => {
        await log.ensureTopic('t', 4)
        const keys = Array.from({ length: 50 }, (_, i) => `key ${i}`)
        const next = new Map<number, number>()
        for (let round = 0; round < 5; round++) {
          const places = await log.append(
            't',
            keys.map((key) => message(`${key}#${round}`, key)),
          )
          expect(places).toHaveLength(keys.length)
          for (const { partition, offset } of places) {
            expect(offset).toBe(next.get(partition) ?? 0)
            next.set(partition, offset + 1)
          }
        }
        expect(next.size).toBe(4)
        expect(await log.ranges('t')).toEqual(
          [0, 1, 2, 3].map((partition) => ({ partition, start: 0, end: next.get(partition)! })),
        )
        const rounds = new Map<string, string[]>()
        for (const partition of next.keys()) {
          for (const text of (await readAll(log, 't', partition, 0, 7)).texts) {
            const [key, round] = text.split('#')
            rounds.set(key!, [...(rounds.get(key!) ?? []), round!])
          }
        }
        for (const key of keys) expect(rounds.get(key)).toEqual(['0', '1', '2', '3', '4'])
      })

      it('tells each message where it is', async () => {
        await log.ensureTopic('t', 3)
        const sent = Array.from({ length: 100 }, (_, i) => message(`m${i}`, `k${i % 17}`))
        const places = await log.append('t', sent)
        for (const [i, { partition, offset }] of places.entries()) {
          expect(texts(await log.read('t', partition, offset, 1))).toEqual([`m${i}`])
        }
      })

      it('does nothing for no messages', async () => {
        await log.ensureTopic('t', 1)
        expect(await log.append('t', [])).toEqual([])
        expect(await log.ranges('t')).toEqual([{ partition: 0, start: 0, end: 0 }])
      })

      it('keeps every byte, also of long and empty messages', async () => {
        await log.ensureTopic('t', 1)
        const all = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251))
        const values = [all, Buffer.alloc(0), all.subarray(0, 256), Buffer.alloc(1024 * 1024, 7), Buffer.alloc(0)]
        await log.append(
          't',
          values.map((value) => ({ key: '', value })),
        )
        const found: Uint8Array[] = []
        for (let offset = 0; offset < values.length; ) {
          const batch = await log.read('t', 0, offset, 100)
          found.push(...batch.values)
          offset = batch.nextOffset
        }
        expect(found.map((value) => value.length)).toEqual(values.map((value) => value.length))
        for (const [i, value] of found.entries()) expect(Buffer.compare(value, values[i]!)).toBe(0)
      })

      it('refuses a message too long, and then writes nothing of the call', async () => {
        await log.ensureTopic('t', 1)
        const long = { key: 'k', value: Buffer.alloc(1024 * 1024 + 1) }
        await expect(log.append('t', [message('fine'), long])).rejects.toThrow(
          'message 1 for topic t has 1048577 bytes of at most 1048576: send a smaller event',
        )
        expect(await log.ranges('t')).toEqual([{ partition: 0, start: 0, end: 0 }])
      })

      it('does not keep the bytes that it was given', async () => {
        await log.ensureTopic('t', 1)
        const sent = message('before')
        await log.append('t', [sent])
        sent.value.fill(0)
        const batch = await log.read('t', 0, 0, 1)
        batch.values[0]!.fill(1)
        expect(texts(await log.read('t', 0, 0, 1))).toEqual(['before'])
      })

      it('reads from any offset, as many as asked for', async () => {
        await log.ensureTopic('t', 1)
        await log.append('t', messages(0, 10))
        await log.append('t', messages(10, 11))
        await log.append('t', messages(11, 30))
        for (let offset = 0; offset <= 30; offset++) {
          for (const max of [1, 3, 100]) {
            const batch = await log.read('t', 0, offset, max)
            expect(texts(batch)).toEqual(named(offset, Math.min(30, offset + batch.values.length)))
            expect(batch.values.length).toBeGreaterThanOrEqual(Math.min(1, 30 - offset))
            expect(batch.nextOffset).toBe(offset + batch.values.length)
          }
          expect((await readAll(log, 't', 0, offset, 4)).texts).toEqual(named(offset, 30))
        }
        expect(await log.read('t', 0, 30, 10)).toMatchObject({
          baseOffset: 30,
          values: [],
          append_ms: [],
          nextOffset: 30,
        })
      })

      it.each([-1, 3, 1e12, 0.5, Number.NaN])('refuses offset %d, which it does not hold', async (offset) => {
        await log.ensureTopic('t', 1)
        await log.append('t', messages(0, 2))
        const failed = await log.read('t', 0, offset, 1).catch((error: unknown) => error)
        expect(failed).toBeInstanceOf(OffsetOutOfRangeError)
        expect(failed).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', start: 0, end: 2 })
      })

      it('keeps topics and partitions apart', async () => {
        await log.ensureTopic('a', 1)
        await log.ensureTopic('b', 1)
        await log.append('a', [message('a0'), message('a1')])
        await log.append('b', [message('b0')])
        expect((await readAll(log, 'a', 0, 0)).texts).toEqual(['a0', 'a1'])
        expect((await readAll(log, 'b', 0, 0)).texts).toEqual(['b0'])
      })

      it('notes when each message came, and never goes back', async () => {
        await log.ensureTopic('t', 1)
        for (const now_ms of [T0, T0 + 10, T0 + 5, T0 - 1_000, T0 + 11]) {
          fixture.setClock(now_ms)
          await log.append('t', [message('x'), message('y')])
        }
        const { append_ms } = await readAll(log, 't', 0, 0, 3)
        expectTimes(
          append_ms,
          [0, 0, 10, 10, 10, 10, 10, 10, 11, 11].map((ms) => T0 + ms),
        )
      })

      it.each([1, 2, 3])('takes appends at the same time (seed %i)', async (seed) => {
        const random = new SeededRandom(seed)
        await log.ensureTopic('t', 3)
        const sent = new Map<string, string[]>()
        const asked: Promise<void>[] = []
        const placed = new Map<string, string>()
        for (let i = 0; i < 200; i++) {
          const batch = Array.from({ length: 1 + random.below(20) }, (_, j) => {
            const key = `k${random.below(9)}`
            const text = `${i}.${j}`
            sent.set(key, [...(sent.get(key) ?? []), text])
            return message(`${key} ${text}`, key)
          })
          asked.push(
            log.append('t', batch).then((places) => {
              for (const [j, { partition, offset }] of places.entries()) {
                placed.set(`${partition}/${offset}`, batch[j]!.value.toString())
              }
            }),
          )
          if (random.below(10) === 0) await nextTurn()
        }
        await Promise.all(asked)
        const found = new Map<string, string[]>()
        let count = 0
        for (const { partition, end } of await log.ranges('t')) {
          const { texts } = await readAll(log, 't', partition, 0, 1 + random.below(50))
          expect(texts).toHaveLength(end)
          count += end
          for (const [offset, text] of texts.entries()) {
            expect(placed.get(`${partition}/${offset}`)).toBe(text)
            const [key, number] = text.split(' ')
            found.set(key!, [...(found.get(key!) ?? []), number!])
          }
        }
        expect(count).toBe(placed.size)
        expect(found).toEqual(sent)
      })
    })

    it('takes the next append at any moment after the last one was answered', async () => {
      await log.ensureTopic('t', 1)
      for (let hops = 0; hops < 60; hops++) {
        await log.append('t', [message('a')])
        for (let i = 0; i < hops; i++) await null
        await log.append('t', [message('b')])
        await nextTurn()
      }
      expect((await log.ranges('t'))[0]!.end).toBe(120)
    })

    waitContract(subject)

    positionsContract(subject)

    it('gives the partitions to read to whoever is alone', async () => {
      await log.ensureTopic('t', 3)
      await log.ensureTopic('u', 1)
      expect(await log.assigned('g', 't')).toEqual([0, 1, 2])
      expect(await log.assigned('g', 'u')).toEqual([0])
      expect(await log.assigned('h', 't')).toEqual([0, 1, 2])
      await log.append('t', messages(0, 1))
      await log.commit('g', 't', new Map([[2, 1]]))
      expect(await log.committed('g', 't')).toEqual(new Map([[2, 1]]))
      await expect(log.assigned('', 't')).rejects.toThrow(/the group name '' must have/)
    })

    trimContract(subject)

    it('does not answer once it is closed', async () => {
      await log.ensureTopic('t', 1)
      await log.append('t', messages(0, 2))
      await log.close()
      await expect(log.read('t', 0, 0, 1)).rejects.toThrow(/closed/)
      await expect(log.append('t', messages(2, 3))).rejects.toThrow(/closed/)
      await expect(log.ranges('t')).rejects.toThrow(/closed/)
      await expect(log.topics()).rejects.toThrow(/closed/)
      await expect(log.committed('g', 't')).rejects.toThrow(/closed/)
      await log.close()
    })

    it('is the same after it was opened again, again and again', async (context) => {
      if (fixture.reopen === undefined) return context.skip()
      await log.ensureTopic('t', 1)
      await log.ensureTopic('u', 4)
      for (let round = 0; round < 4; round++) {
        fixture.setClock(T0 + 100 - round)
        await log.append('t', messages(10 * round, 10 * round + 10))
        await log.commit('g', 't', new Map([[0, 10 * round]]))
        await log.commit('gone', 't', new Map([[0, 1]]))
        await log.removeGroup('gone')
        if (round === 2) expect(await log.trim('t', 0, 30, Number.MAX_SAFE_INTEGER)).toBe(30)
        log = await fixture.reopen()
        const start = round < 2 ? 0 : 30
        const end = 10 * round + 10
        expect((await log.topics()).sort()).toEqual(['t', 'u'])
        expect(await log.ensureTopic('u', 1)).toBe(4)
        expect(await log.ranges('t')).toEqual([{ partition: 0, start, end }])
        const { texts, append_ms } = await readAll(log, 't', 0, start)
        expect(texts).toEqual(named(start, end))
        expectTimes(
          append_ms,
          texts.map(() => T0 + 100),
        )
        expect(await log.committed('g', 't')).toEqual(new Map([[0, 10 * round]]))
        expect(await log.committed('gone', 't')).toEqual(new Map())
      }
    })
  })
}
