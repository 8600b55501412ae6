import { afterAll, beforeAll } from 'vitest'
import { openRedisOnlineStore, type RedisStoreOptions } from '../../../src/stores/online/redis/redis-online-store.ts'
import { type OnlineStoreFixture, onlineStoreContract } from '../../stores/online-store.contract.ts'
import { RedisCluster, RedisServer } from './redis-servers.ts'

const PERSISTENT = ['--appendonly', 'yes', '--appendfsync', 'everysec']

let single: RedisServer
let cluster: RedisCluster

beforeAll(async () => {
  single = await RedisServer.start(...PERSISTENT)
  cluster = await RedisCluster.start(3, 0)
})

afterAll(async () => {
  await single?.dispose()
  await cluster?.dispose()
})

async function fixture(servers: readonly RedisServer[], options: RedisStoreOptions): Promise<OnlineStoreFixture> {
  for (const server of servers) server.cli('flushall')
  let store = await openRedisOnlineStore(options)
  return {
    store,
    async reopen() {
      await store.close()
      store = await openRedisOnlineStore(options)
      return store
    },
    dispose: () => store.close(),
  }
}

const now = () => Date.now()
const traits = { expiresItself: true }

onlineStoreContract('Redis', () => fixture([single], { url: single.url, now }), traits)
onlineStoreContract('Redis, with a prefix', () => fixture([single], { url: single.url, now, prefix: 'prod:' }), traits)
onlineStoreContract('Redis Cluster', () => fixture(cluster.masters(), { url: cluster.url, now }), traits)
