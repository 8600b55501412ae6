import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRedisOnlineStore, type RedisOnlineStore } from '../../../src/stores/online/redis/redis-online-store.ts'
import { numbers, range, row } from '../../stores/numbered-rows.ts'
import { Carrier, mark, missing, watch } from './carrier.ts'
import { RedisCluster } from './redis-servers.ts'

const now = () => Date.now()

describe('a Redis cluster', () => {
  let cluster: RedisCluster
  const stores: RedisOnlineStore[] = []
  const open = async () => {
    const store = await openRedisOnlineStore({
      url: cluster.url,
      now,
      patience_ms: 300,
      timeout_ms: 1_000,
      check_ms: 200,
    })
    stores.push(store)
    return store
  }
  /** Carries and watches while something is done to the cluster, and then until all is well. */
  async function under(
    load: (carrier: Carrier) => Promise<void>,
  ): Promise<{ carrier: Carrier; store: RedisOnlineStore }> {
    const [writer, reader] = [await open(), await open()]
    const carrier = new Carrier(writer)
    let done = false
    const carrying = carrier.carryUntil(() => done)
    const watching = watch(reader, () => done)
    try {
      await sleep(500)
      while (carrier.position < 1_000) await sleep(20)
      await load(carrier)
      await sleep(500)
    } finally {
      done = true
    }
    await carrying
    expect(await watching).toBeGreaterThan(3)
    await cluster.agree()
    const goal = (await mark(writer))! + 500
    expect(goal).toBeGreaterThan(1_500)
    await carrier.carry(goal)
    expect(await mark(reader)).toBe(goal)
    expect(await missing(reader, goal)).toEqual([])
    return { carrier, store: writer }
  }

  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()))
    await cluster.dispose()
  })

  describe('of three masters with a replica each', () => {
    beforeEach(async () => {
      cluster = await RedisCluster.start(3, 1, '--cluster-replica-validity-factor', '0')
    })

    it('loses a master under load, and another one: nothing is missing, nothing is claimed that is', async () => {
      const { carrier } = await under(async () => {
        for (const place of [0, 1]) {
          const master = cluster.masters()[place]!
          await master.kill()
          await cluster.agree()
          await master.start()
          await cluster.agree()
        }
      })
      expect(carrier.troubles).toContain('UNAVAILABLE')
    })

    it('fails over to a replica held behind: the mark goes back, what it lacks is carried again', async () => {
      const { carrier } = await under(async (carrier) => {
        const master = cluster.masters()[1]!
        // The replica may not follow any more, and does not know that it matters.
        master.cli('acl', 'setuser', 'default', '-psync', '-sync')
        master.cli('client', 'kill', 'type', 'replica')
        const from = carrier.position
        while (carrier.position < from + 2_000) await sleep(20)
        await master.kill()
        await cluster.agree()
      })
      expect(carrier.replays).toBeGreaterThan(0)
    })

    it('hands masters over without a loss: nothing is carried again but what was under way', async () => {
      const { carrier } = await under(async () => {
        for (const master of cluster.masters()) {
          const [replica] = cluster.replicasOf(master)
          replica!.cli('cluster', 'failover')
          while (!cluster.masters().includes(replica!)) await sleep(20)
          await cluster.agree()
          await sleep(500)
        }
      })
      expect(carrier.replays).toBe(0)
    })
  })

  describe('of three masters', () => {
    beforeEach(async () => {
      cluster = await RedisCluster.start(3, 0)
    })

    it('has its slots moved under load: the marks stay, and nothing is missing', async () => {
      const { carrier } = await under(async () => {
        const [first, second, third] = cluster.masters() as [never, never, never]
        // Away from where a record stands, and to where it does; then to a new node, then all that one has.
        await cluster.move(150, first, second)
        await cluster.move(100, third, first)
        const fourth = await cluster.add()
        await cluster.move(200, second, fourth)
        await cluster.move(200, fourth, third)
      })
      expect(carrier.lost).toBe(0)
    })

    it('has its slots moved: rows without marks are written once each', async () => {
      const store = await open()
      let done = false
      let next = 0
      const keys = range(0, 300).map((i) => `k${i}`)
      const appending = (async () => {
        for (; !done; next++) {
          await store.append(keys.map((key) => ({ key, rows: row(next), expires_at_ms: null })))
          expect((await store.read(keys.slice(0, 20))).map((bytes) => numbers(bytes)!.at(-1))).toEqual(
            Array(20).fill(next),
          )
        }
      })()
      const [first, second] = cluster.masters() as [never, never]
      await cluster.move(300, first, second)
      done = true
      await appending
      for (const bytes of await store.read(keys)) expect(numbers(bytes)).toEqual(range(0, next))
    })

    it('carries many partitions at the same time, each row once', async () => {
      const store = await open()
      const keys = range(0, 20).map((i) => `k${i}`)
      const carry = async (partition: number) => {
        for (let n = 0; n < 20; n++) {
          const from = n === 0 ? null : n
          const appends = keys.map((key) => ({ key, rows: row(100 * partition + n), expires_at_ms: null }))
          await store.append(appends, [{ group: 'g', topic: 't', partition, from, offset: n + 1 }])
        }
      }
      await Promise.all(range(0, 8).map(carry))
      const all = range(0, 8).flatMap((partition) => range(100 * partition, 100 * partition + 20))
      for (const bytes of await store.read(keys)) expect(numbers(bytes)).toEqual(all)
      expect((await store.marks('g')).map(({ offset }) => offset)).toEqual(Array(8).fill(20))
    })

    it('has a master that comes back empty: there are no marks, and reads fail until that was seen', async () => {
      const [writer, reader] = [await open(), await open()]
      await new Carrier(writer).carry(1_000)
      expect(await mark(reader)).toBe(1_000)
      const [, master] = cluster.masters()
      await master!.kill()
      await master!.start()
      await cluster.agree()
      await expect(missing(reader, 1_000)).rejects.toMatchObject({ code: 'WENT_BACK' })
      expect(await mark(reader)).toBeNull()
      await new Carrier(writer).carry(1_000)
      expect(await mark(reader)).toBe(1_000)
      expect(await missing(reader, 1_000)).toEqual([])
    })
  })
})
