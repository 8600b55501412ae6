import { cp, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisServer } from '../../services/redis/redis-servers.ts'

/** The server is killed, and comes back with what its log on disk has: up to a second is lost. */
export async function killRedis(redis: RedisServer, away_ms: number): Promise<void> {
  await redis.kill()
  await sleep(away_ms)
  await redis.start()
}

/** Keeps a copy of all data as of now, as a nightly snapshot would. The server is away for a moment. */
export async function snapshot(redis: RedisServer): Promise<void> {
  await redis.kill('SIGTERM')
  await rm(`${redis.folder}/copy`, { recursive: true, force: true })
  await cp(`${redis.folder}/appendonlydir`, `${redis.folder}/copy`, { recursive: true })
  await redis.start()
}

/** The server is killed and comes back with the data of the last {@link snapshot}. */
export async function restore(redis: RedisServer): Promise<void> {
  await redis.kill()
  await rm(`${redis.folder}/appendonlydir`, { recursive: true })
  await cp(`${redis.folder}/copy`, `${redis.folder}/appendonlydir`, { recursive: true })
  await redis.start()
}

/** The server is killed and comes back with nothing. */
export async function comeBackEmpty(redis: RedisServer): Promise<void> {
  await redis.kill()
  await rm(`${redis.folder}/appendonlydir`, { recursive: true })
  await redis.start()
}

/** No more memory than what is used: writes are refused from now on. */
export function fillMemory(redis: RedisServer): void {
  const used = Number(/used_memory:(\d+)/.exec(redis.cli('info', 'memory'))![1])
  redis.cli('config', 'set', 'maxmemory', String(Math.floor(used * 0.9)))
}

export function freeMemory(redis: RedisServer): void {
  redis.cli('config', 'set', 'maxmemory', '0')
}
