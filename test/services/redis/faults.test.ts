import { cp, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRedisOnlineStore, type RedisOnlineStore } from '../../../src/stores/online/redis/redis-online-store.ts'
import { range, rows } from '../../stores/numbered-rows.ts'
import { Carrier, mark, missing, watch } from './carrier.ts'
import { RedisServer } from './redis-servers.ts'

const PERSISTENT = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--auto-aof-rewrite-percentage', '0']
const now = () => Date.now()
const add = (key: string, ...list: number[]) => ({ key, rows: rows(...list), expires_at_ms: null })
const move = (from: number | null, offset: number) => ({ group: 'g', topic: 't', partition: 0, from, offset })

describe('a single Redis', () => {
  let server: RedisServer
  const stores: RedisOnlineStore[] = []
  const open = async (patience_ms = 200) => {
    const store = await openRedisOnlineStore({ url: server.url, now, patience_ms, timeout_ms: 1_000 })
    stores.push(store)
    return store
  }

  beforeEach(async () => {
    server = await RedisServer.start(...PERSISTENT)
  })
  afterEach(async () => {
    server.signal('SIGCONT')
    await Promise.all(stores.splice(0).map((store) => store.close()))
    await server.dispose()
  })

  it('killed again and again during appends: no mark proves what is not there, and replay heals all', async () => {
    const [writer, reader] = [await open(), await open()]
    const carrier = new Carrier(writer)
    let done = false
    const carrying = carrier.carryUntil(() => done)
    const watching = watch(reader, () => done)
    for (let i = 0; i < 6; i++) {
      const before = carrier.position
      await sleep(300 + 67 * i)
      while (carrier.position < before + 200) await sleep(20)
      await server.kill()
      // Shorter and longer than the patience of one call.
      await sleep(120 * i)
      await server.start()
    }
    await sleep(300)
    done = true
    await carrying
    expect(await watching).toBeGreaterThan(3)
    expect(carrier.troubles).toContain('UNAVAILABLE')
    const reached = (await mark(writer))!
    expect(reached).toBeGreaterThan(1_000)
    await new Carrier(writer).carry(reached + 500)
    expect(await missing(reader, reached + 500)).toEqual([])
  })

  it('emptied: reads fail until the marks were looked at, which are gone', async () => {
    const [writer, reader] = [await open(), await open()]
    await writer.append([add('k', 1)], [move(null, 5)])
    expect(await mark(reader)).toBe(5)
    server.cli('flushall')
    await expect(reader.read(['k'])).rejects.toMatchObject({ code: 'WENT_BACK', retryable: true })
    await expect(reader.read(['k'])).rejects.toMatchObject({ code: 'WENT_BACK' })
    expect(await mark(reader)).toBeNull()
    expect(await reader.read(['k'])).toEqual([null])
    await expect(writer.append([add('k', 2)], [move(5, 6)])).rejects.toMatchObject({ code: 'MARK_MOVED', found: null })
    await writer.append([add('k', 2)], [move(null, 6)])
    expect(await mark(reader)).toBe(6)
  })

  it('emptied and filled again in between is seen all the same', async () => {
    const [writer, reader] = [await open(), await open()]
    await writer.append([add('k', 1)], [move(null, 5)])
    expect(await mark(reader)).toBe(5)
    server.cli('flushall')
    expect(await mark(writer)).toBeNull()
    for (const n of range(5, 20)) await writer.append([add('k', n)], [move(n === 5 ? null : n, n + 1)])
    await expect(reader.read(['k'])).rejects.toMatchObject({ code: 'WENT_BACK' })
    expect(await mark(reader)).toBe(20)
  })

  it('started again without its data is an emptied one', async () => {
    const [writer, reader] = [await open(), await open()]
    await writer.append([add('k', 1)], [move(null, 5)])
    expect(await mark(reader)).toBe(5)
    await server.kill()
    await rm(`${server.folder}/appendonlydir`, { recursive: true })
    await server.start()
    await expect(reader.read(['k'])).rejects.toMatchObject({ code: 'WENT_BACK' })
    expect(await mark(reader)).toBeNull()
  })

  it('restored from an older copy: the mark goes back, reads fail until then, replay heals all', async () => {
    const [writer, reader] = [await open(), await open()]
    await new Carrier(writer).carry(1_000)
    expect(await mark(reader)).toBe(1_000)
    await server.kill('SIGTERM')
    await cp(`${server.folder}/appendonlydir`, `${server.folder}/copy`, { recursive: true })
    await server.start()
    const carrier = new Carrier(writer)
    await carrier.carry(3_000)
    expect(await mark(reader)).toBe(3_000)
    await server.kill()
    await rm(`${server.folder}/appendonlydir`, { recursive: true })
    await cp(`${server.folder}/copy`, `${server.folder}/appendonlydir`, { recursive: true })
    await server.start()
    await expect(missing(reader, 3_000)).rejects.toMatchObject({ code: 'WENT_BACK' })
    expect(await mark(reader)).toBe(1_000)
    expect(await missing(reader, 1_000)).toEqual([])
    await carrier.carry(4_000)
    expect([carrier.troubles, carrier.replays]).toEqual([['MARK_MOVED'], 1])
    expect(await missing(reader, 4_000)).toEqual([])
  })

  it('that hangs is given up, and used again when it is back', async () => {
    const store = await open(100)
    await store.append([add('k', 1)], [move(null, 1)])
    server.signal('SIGSTOP')
    await expect(store.append([add('k', 2)], [move(1, 2)])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(store.read(['k'])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    server.signal('SIGCONT')
    await new Carrier(store, 'other').carry(10)
    expect(await missing(store, 10)).toEqual([])
  })
})
