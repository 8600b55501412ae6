import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRedisOnlineStore, type RedisOnlineStore } from '../../../src/stores/online/redis/redis-online-store.ts'
import { range, row, rows } from '../../stores/numbered-rows.ts'
import { Carrier, mark, missing } from './carrier.ts'
import { RedisServer } from './redis-servers.ts'

const DAY_MS = 86_400_000
const NEVER_MS = 253_402_300_799_000

describe('the memory of Redis', () => {
  let server: RedisServer
  let store: RedisOnlineStore
  /** The check of each second, when the test says so. */
  const open = (now: () => number = () => Date.now()) =>
    openRedisOnlineStore({ url: server.url, now, patience_ms: 200, check_ms: 1e9 })
  const move = (from: number | null, offset: number) => ({ group: 'g', topic: 't', partition: 0, from, offset })
  const calls = (command: string) =>
    Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(server.cli('info', 'commandstats'))?.[1] ?? 0)
  const used = () => Number(/used_memory:(\d+)/.exec(server.cli('info', 'memory'))![1])

  beforeEach(async () => {
    server = await RedisServer.start()
    store = await open()
  })
  afterEach(async () => {
    await store.close()
    await server.dispose()
  })

  describe('at its limit', () => {
    const big = (key: string) => ({ key, rows: Buffer.alloc(1_000_000, 7), expires_at_ms: null })
    it('refuses appends with a clear error, moves no mark, and recovers', async () => {
      const carrier = new Carrier(store)
      await carrier.carry(500)
      server.cli('config', 'set', 'maxmemory', String(used() - 100_000))
      const failed = await store.append([big('big')], [move(500, 600)]).catch((error: unknown) => error)
      expect(failed).toMatchObject({
        code: 'FULL',
        retryable: true,
        message: expect.stringContaining('raise maxmemory'),
      })
      expect(await mark(store)).toBe(500)
      expect(await missing(store, 500)).toEqual([])
      server.cli('config', 'set', 'maxmemory', '0')
      await carrier.carry(1_000)
      expect(await missing(store, 1_000)).toEqual([])
    })

    it('goes on by itself when there is room again', async () => {
      const carrier = new Carrier(store)
      await carrier.carry(500)
      server.cli('config', 'set', 'maxmemory', String(used() - 100_000))
      const carrying = carrier.carry(1_000)
      while (carrier.troubles.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
      server.cli('config', 'set', 'maxmemory', '0')
      await carrying
      expect(carrier.troubles).toEqual(['FULL'])
      expect(await missing(store, 1_000)).toEqual([])
    })

    it('still compacts, and still writes documents', async () => {
      const even = range(0, 5_000).map((i) => 2 * i)
      await store.append([{ key: 'k', rows: rows(...range(0, 10_000)), expires_at_ms: null }])
      server.cli('config', 'set', 'maxmemory', '1000000')
      await expect(store.append([big('big')])).rejects.toMatchObject({ code: 'FULL' })
      expect(await store.swap('k', (await store.read(['k']))[0]!, rows(...even))).toBe(true)
      expect(await store.putDocument('d', 1, 0)).toBe(true)
    })
  })

  describe('that Redis may take away', () => {
    it.each(['allkeys-lru', 'volatile-ttl', 'allkeys-random'])('with %s is refused at the start', async (policy) => {
      server.cli('config', 'set', 'maxmemory-policy', policy)
      await expect(open()).rejects.toMatchObject({
        code: 'EVICTION_POLICY',
        message: expect.stringContaining(`has maxmemory-policy ${policy}, by which rows would vanish in silence`),
      })
    })

    it('is refused when it is switched on, and taken again when it is off', async () => {
      await store.append([{ key: 'k', rows: row(1), expires_at_ms: null }], [move(null, 1)])
      server.cli('config', 'set', 'maxmemory-policy', 'allkeys-lru')
      await expect(store.check()).rejects.toMatchObject({ code: 'EVICTION_POLICY' })
      await expect(store.read(['k'])).rejects.toMatchObject({ code: 'EVICTION_POLICY' })
      await expect(store.append([], [move(1, 2)])).rejects.toMatchObject({ code: 'EVICTION_POLICY' })
      server.cli('config', 'set', 'maxmemory-policy', 'noeviction')
      await new Promise((resolve) => setTimeout(resolve, 50))
      await store.check()
      expect(await mark(store)).toBe(1)
    })

    it('makes the marks void once Redis has taken any, also when the policy is right again', async () => {
      await new Carrier(store).carry(2_000)
      expect(await mark(store)).toBe(2_000)
      server.cli('config', 'set', 'maxmemory-policy', 'allkeys-lru')
      server.cli('config', 'set', 'maxmemory', String(used() - 20_000))
      server.cli('set', 'push', 'x'.repeat(1_000))
      server.cli('config', 'set', 'maxmemory-policy', 'noeviction')
      server.cli('config', 'set', 'maxmemory', '0')
      expect(/evicted_keys:(\d+)/.exec(server.cli('info', 'stats'))![1]).not.toBe('0')
      await store.check()
      await expect(store.read(['k'])).rejects.toMatchObject({ code: 'WENT_BACK' })
      expect(await mark(store)).toBeNull()
      // What is written anew holds.
      await new Carrier(store).carry(2_000)
      await store.check()
      expect(await mark(store)).toBe(2_000)
      expect(await missing(store, 2_000)).toEqual([])
    })
  })

  describe('is given back when a timeline expires', () => {
    const until = (key: string, expires_at_ms: number | null) => ({ key, rows: row(1), expires_at_ms })
    const expiry = (key: string) => Number(server.cli('pexpiretime', key))

    it('not before its time, and within a quarter more', async () => {
      const now_ms = Date.now()
      await store.append([until('k', now_ms + 8 * DAY_MS)])
      expect(expiry('k')).toBeGreaterThanOrEqual(now_ms + 10 * DAY_MS)
      expect(expiry('k')).toBeLessThan(now_ms + 10 * DAY_MS + 60_000)
      await store.append([until('soon', now_ms + 40)])
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(await store.read(['soon'])).toEqual([null])
    })

    it('by the latest that was given, null being never', async () => {
      const now_ms = Date.now()
      const other = await open()
      await store.append([
        until('late first', now_ms + 9 * DAY_MS),
        until('late last', now_ms + DAY_MS),
        until('never', null),
      ])
      const before = expiry('late first')
      for (const writer of [store, other]) {
        await writer.append([
          until('late first', now_ms + DAY_MS),
          until('late last', now_ms + 9 * DAY_MS),
          until('never', now_ms),
        ])
      }
      await other.append([until('at once', now_ms + DAY_MS), until('at once', null)])
      expect(expiry('late first')).toBe(before)
      expect(expiry('late last')).toBeGreaterThanOrEqual(now_ms + 9 * DAY_MS)
      expect([expiry('never'), expiry('at once')]).toEqual([NEVER_MS, NEVER_MS])
      await other.close()
    })

    it('kept through a swap', async () => {
      await store.append([until('k', Date.now() + DAY_MS), until('n', null)])
      const before = [expiry('k'), expiry('n')]
      for (const key of ['k', 'n']) expect(await store.swap(key, row(1), row(2))).toBe(true)
      expect([expiry('k'), expiry('n')]).toEqual(before)
    })

    it('set once in a while, not with every append', async () => {
      let now_ms = Date.now()
      await store.close()
      store = await open(() => now_ms)
      const append = () => store.append(range(0, 10).map((i) => until(`k${i}`, now_ms + 8 * DAY_MS)))
      await append()
      const first = calls('pexpireat')
      for (let i = 0; i < 20; i++) {
        now_ms += DAY_MS / 20
        await append()
      }
      expect(calls('pexpireat')).toBe(first)
      now_ms += 1.5 * DAY_MS
      await append()
      expect(calls('pexpireat')).toBe(first + 10)
      for (const i of range(0, 10)) expect(expiry(`k${i}`)).toBeGreaterThanOrEqual(now_ms + 8 * DAY_MS)
    })

    it('set again where a timeline is gone that was thought to be there', async () => {
      const expires_at_ms = Date.now() + 8 * DAY_MS
      await store.append([until('k', expires_at_ms)])
      server.cli('del', 'k')
      await store.append([until('k', expires_at_ms)])
      expect(expiry('k')).toBeGreaterThanOrEqual(expires_at_ms)
      // One whose writer died before it could set it.
      server.cli('append', 'orphan', 'x')
      expect(expiry('orphan')).toBe(-1)
      await store.append([until('orphan', expires_at_ms)])
      expect(expiry('orphan')).toBeGreaterThanOrEqual(expires_at_ms)
    })

    it('and is made by one command where most timelines are new, without harm to those that are not', async () => {
      const expires_at_ms = Date.now() + 8 * DAY_MS
      const other = await open()
      await other.append(range(300, 320).map((i) => until(`k${i}`, expires_at_ms)))
      await store.append(range(0, 100).map((i) => until(`k${i}`, expires_at_ms)))
      const before = calls('set')
      await store.append(range(100, 400).map((i) => until(`k${i}`, expires_at_ms)))
      expect(calls('set')).toBeGreaterThan(before)
      const held = await store.read(range(0, 400).map((i) => `k${i}`))
      expect(held.map((bytes) => bytes!.length / row(1).length)).toEqual(
        range(0, 400).map((i) => (i >= 300 && i < 320 ? 2 : 1)),
      )
      for (const i of range(0, 40)) expect(expiry(`k${10 * i}`)).toBeGreaterThanOrEqual(expires_at_ms)
      await other.close()
    })

    it('with no row that was written to one about to expire', async () => {
      const expires_at_ms = Date.now() + DAY_MS
      const keys = range(0, 500).map((i) => `k${i}`)
      for (let round = 0; round < 5; round++) {
        // They expire one after the other while rows are appended to them.
        server.cli('eval', `for i = 0, 499 do redis.call('SET', 'k' .. i, 'old', 'PX', i % 40 + 1) end`, '0')
        await store.close()
        store = await open()
        await store.append(keys.map((key) => until(key, expires_at_ms)))
        await new Promise((resolve) => setTimeout(resolve, 60))
        const held = await store.read(keys)
        expect(held.filter((bytes) => bytes === null || !Buffer.from(bytes).includes(Buffer.from(row(1))))).toEqual([])
        for (const key of keys.slice(0, 40)) expect(expiry(key)).toBeGreaterThanOrEqual(expires_at_ms)
      }
    })
  })
})
